#include "base/unreachable.hpp"
#include "cache/cache.hpp"
#include "support/entries.hpp"
#include "support/run.hpp"

#include <algorithm>
#include <atomic>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/this_coro.hpp>
#include <gtest/gtest.h>

namespace snippetd::cache {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;

/// A store whose loads see it as it is when they start and, while `hold` is set, end when the test lets them. It
/// remembers what it is told of invalidations, and with `hold_invalidations` takes its time over them too.
class HeldSource : public Source {
  public:
    struct Load {
        std::string id;
        Wanted wanted = Wanted::read;
        base::Deadline deadline;
        Fill fill;
        std::exception_ptr error;
        base::Timer* held = nullptr;
    };

    base::Awaitable<Fill> load(std::string id, Wanted wanted, base::Deadline deadline) override {
        auto load = std::make_shared<Load>();
        load->id = id;
        load->wanted = wanted;
        load->deadline = deadline;
        load->error = error;
        load->fill = fill(id);
        if (load->fill.as_of == base::SteadyTime{}) load->fill.as_of = base::steady_now();
        loads.push_back(load);
        if (hold) {
            const base::Executor executor = co_await asio::this_coro::executor;
            base::Timer timer{executor, base::SteadyTime::max()};
            load->held = &timer;
            held_.push_back(load);
            boost::system::error_code cancelled;
            auto token = asio::redirect_error(base::use_awaitable, cancelled);
            co_await timer.async_wait(token);
        }
        if (load->error) std::rethrow_exception(load->error);
        co_return load->fill;
    }

    base::Awaitable<std::shared_ptr<const Entry>> complete(std::shared_ptr<const Entry> entry) override {
        completed.push_back(entry);
        auto whole = std::make_shared<Entry>(*entry);
        whole->completion = nullptr;
        whole->json_before_count = std::string(entry->snippet.body.size(), 'j');
        const base::Executor executor = co_await asio::this_coro::executor;
        base::Timer timer{executor, base::SteadyTime::max()};
        held_completion_ = &timer;
        boost::system::error_code cancelled;
        auto token = asio::redirect_error(base::use_awaitable, cancelled);
        co_await timer.async_wait(token);
        if (error) std::rethrow_exception(error);
        co_return whole;
    }
    void release_completion() { std::exchange(held_completion_, nullptr)->cancel(); }

    base::Awaitable<void> invalidate(std::string id, std::int64_t floor) override {
        invalidations.emplace_back(std::move(id), floor);
        if (!hold_invalidations) co_return;
        const base::Executor executor = co_await asio::this_coro::executor;
        base::Timer timer{executor, base::SteadyTime::max()};
        held_invalidation_ = &timer;
        boost::system::error_code cancelled;
        auto token = asio::redirect_error(base::use_awaitable, cancelled);
        co_await timer.async_wait(token);
    }
    void release_invalidation() { std::exchange(held_invalidation_, nullptr)->cancel(); }

    std::size_t held() const { return held_.size(); }
    /// Lets the `index`-th of the held loads end. Only while its worker is not running.
    void release(std::size_t index = 0) {
        held_.at(index)->held->cancel();
        held_.erase(held_.begin() + static_cast<std::ptrdiff_t>(index));
    }

    std::function<Fill(const std::string& id)> fill = [this](const std::string& id) {
        return Fill{test::make_entry(id, version), nullptr};
    };
    std::int64_t version = 1;
    bool hold = true;
    bool hold_invalidations = false;
    std::exception_ptr error;
    std::vector<std::shared_ptr<Load>> loads;
    std::vector<std::pair<std::string, std::int64_t>> invalidations;
    std::vector<std::shared_ptr<const Entry>> completed;

  private:
    std::deque<std::shared_ptr<Load>> held_;
    base::Timer* held_invalidation_ = nullptr;
    base::Timer* held_completion_ = nullptr;
};

/// Workers' caches over one source, driven by the test's own thread, so that it decides which worker goes when.
class Site {
  public:
    explicit Site(std::size_t workers, LocalCache::Options options = {true, kNearBytes, true}) {
        std::vector<base::Executor> loops;
        for (std::size_t i = 0; i < workers; ++i) {
            contexts.push_back(std::make_unique<asio::io_context>(1));
            loops.push_back(contexts.back()->get_executor());
        }
        const auto make = [this, options](const base::Executor& loop, const base::PerWorker<LocalCache>& all_caches) {
            return std::make_unique<LocalCache>(loop, options, source, shared, all_caches, metrics);
        };
        all = std::make_unique<base::PerWorker<LocalCache>>(base::Workers{loops}, make);
        for (const base::Executor& loop : loops) caches.push_back(&all->of(loop));
    }
    ~Site() { contexts.clear(); }  // with what still waits there, while the caches are alive

    struct Outcome {
        bool done = false;
        Read read;
        std::exception_ptr error;

        std::int64_t version() const { return read.fill.entry ? read.fill.entry->version : 0; }
        bool unavailable() const {
            if (!error) return false;
            try {
                std::rethrow_exception(error);
            } catch (const base::Unavailable&) {
                return true;
            } catch (...) {
                return false;
            }
        }
    };
    using Reading = std::shared_ptr<Outcome>;

    Reading read(std::size_t worker, const std::string& id, base::Deadline deadline = base::deadline_in(1h)) {
        auto outcome = std::make_shared<Outcome>();
        asio::co_spawn(*contexts[worker], caches[worker]->read(id, deadline),
                       [outcome](std::exception_ptr error, Read read) {
                           outcome->done = true;
                           outcome->error = std::move(error);
                           outcome->read = std::move(read);
                       });
        return outcome;
    }

    Reading complete(std::size_t worker, std::shared_ptr<const Entry> entry,
                     base::Deadline deadline = base::deadline_in(1h)) {
        auto outcome = std::make_shared<Outcome>();
        asio::co_spawn(*contexts[worker], caches[worker]->complete(std::move(entry), deadline),
                       [outcome](std::exception_ptr error, std::shared_ptr<const Entry> whole) {
                           outcome->done = true;
                           outcome->error = std::move(error);
                           outcome->read.fill.entry = std::move(whole);
                       });
        return outcome;
    }

    std::shared_ptr<bool> invalidate(std::size_t worker, const std::string& id, std::int64_t floor) {
        auto acknowledged = std::make_shared<bool>(false);
        asio::co_spawn(*contexts[worker], caches[worker]->invalidate(id, floor),
                       [acknowledged](std::exception_ptr) { *acknowledged = true; });
        return acknowledged;
    }

    /// Runs one thing that is ready on the worker; false when nothing is.
    bool step(std::size_t worker) {
        contexts[worker]->restart();
        return contexts[worker]->poll_one() == 1;
    }
    /// Runs all workers until none has anything to do.
    void settle() {
        for (bool busy = true; busy;) {
            busy = false;
            for (std::size_t i = 0; i < contexts.size(); ++i) busy |= step(i);
        }
    }
    void release_all() {
        settle();
        while (source.held() > 0) {
            source.release();
            settle();
        }
    }
    std::uint64_t counted(const char* result) {
        return metrics.counter("snippetd_cache_requests_total", "", {{"result", result}}).value();
    }

    static constexpr std::size_t kNearBytes = 1 << 20;

    base::Metrics metrics;
    HeldSource source;
    SharedCache shared{1 << 20};
    std::unique_ptr<base::PerWorker<LocalCache>> all;
    std::vector<LocalCache*> caches;  ///< as `contexts`
    std::vector<std::unique_ptr<asio::io_context>> contexts;
};

std::exception_ptr away() {
    return std::make_exception_ptr(base::Unavailable{"the store is away"});
}

TEST(LocalCache, AThousandConcurrentReadsOfOneIdAreOneLoad) {
    Site site{1};
    std::vector<Site::Reading> readings;
    for (int i = 0; i < 1000; ++i) {
        readings.push_back(site.read(0, "a"));
        if (i == 500) site.settle();  // half of them while the load is under way
    }
    site.settle();
    ASSERT_EQ(site.source.loads.size(), 1u);
    for (const auto& reading : readings) ASSERT_FALSE(reading->done);
    site.source.release();
    site.settle();
    for (const auto& reading : readings) {
        ASSERT_TRUE(reading->done);
        ASSERT_EQ(reading->version(), 1);
        ASSERT_EQ(reading->read.status, Status::miss);
    }
    EXPECT_EQ(site.counted("miss"), 1000u);

    const auto later = site.read(0, "a");
    site.settle();
    EXPECT_EQ(later->read.status, Status::near_hit);
    EXPECT_EQ(site.caches[0]->find_near("a"), later->read.fill.entry);
    EXPECT_EQ(site.counted("near_hit"), 2u);
    EXPECT_EQ(site.source.loads.size(), 1u);
}

/// Sites whose entries are large and not whole.
class LargeEntries : public testing::TestWithParam<std::size_t> {
  protected:
    LargeEntries() {
        site.source.fill = [this](const std::string& id) {
            auto entry = test::make_entry(id, site.source.version, std::string(100'000, 'x'));
            entry->completion = std::make_shared<Entry::Completion>();
            return Fill{std::move(entry), nullptr};
        };
    }
    std::shared_ptr<const Entry> load(std::size_t worker) {
        const auto reading = site.read(worker, "a");
        site.release_all();
        return reading->read.fill.entry;
    }

    Site site{GetParam()};
};

TEST_P(LargeEntries, AreInMemoryOnceForAllWorkers) {
    const auto entry = load(0);
    ASSERT_TRUE(entry);
    for (std::size_t worker = 0; worker < GetParam(); ++worker) {
        EXPECT_EQ(site.caches[worker]->find_near("a"), entry) << worker;
        EXPECT_EQ(load(worker), entry) << worker;
    }
    EXPECT_EQ(site.source.loads.size(), 1u);
}

TEST_P(LargeEntries, AreMadeWholeOnceForAllWhoWaitAndAreKeptSo) {
    const auto entry = load(0);
    const std::vector<Site::Reading> waiting{site.complete(0, entry), site.complete(0, entry)};
    site.settle();
    ASSERT_EQ(site.source.completed.size(), 1u);
    EXPECT_FALSE(waiting[0]->done || waiting[1]->done);
    site.source.release_completion();
    site.settle();
    const auto whole = waiting[0]->read.fill.entry;
    ASSERT_TRUE(whole && whole->whole());
    EXPECT_EQ(waiting[1]->read.fill.entry, whole);
    for (std::size_t worker = 0; worker < GetParam(); ++worker) {
        EXPECT_EQ(site.caches[worker]->find_near("a"), whole) << worker;
    }
    const auto again = site.complete(0, whole);
    site.settle();
    EXPECT_EQ(again->read.fill.entry, whole);
    EXPECT_EQ(site.source.completed.size(), 1u) << "it is whole already";
}

TEST_P(LargeEntries, WhatIsMadeOfAnOldVersionIsNotPutBack) {
    const auto entry = load(0);
    const auto completing = site.complete(0, entry);
    site.settle();
    site.source.version = 2;
    site.invalidate(0, "a", 2);
    site.settle();
    const auto newer = load(0);
    ASSERT_EQ(newer->version, 2);
    site.source.release_completion();
    site.settle();
    EXPECT_EQ(completing->version(), 1) << "it was asked for before the write was acknowledged";
    EXPECT_EQ(site.caches[0]->find_near("a"), newer);
}

TEST_P(LargeEntries, AFailureToMakeThemWholeReachesAllAndIsNotRemembered) {
    const auto entry = load(0);
    site.source.error = away();
    const std::vector<Site::Reading> failing{site.complete(0, entry), site.complete(0, entry)};
    site.settle();
    site.source.release_completion();
    site.settle();
    for (const auto& reading : failing) EXPECT_TRUE(reading->unavailable());
    site.source.error = nullptr;
    const auto again = site.complete(0, entry);
    site.settle();
    site.source.release_completion();
    site.settle();
    EXPECT_TRUE(again->read.fill.entry && again->read.fill.entry->whole());
}

TEST_P(LargeEntries, AreServedWhileTheStoreIsAway) {
    site.source.fill = [](const std::string& id) {
        auto entry = test::make_stale_entry(id);
        entry->snippet.body = std::string(100'000, 'x');
        return Fill{std::move(entry), nullptr};
    };
    const auto entry = load(0);
    site.source.error = away();
    for (std::size_t worker = 0; worker < GetParam(); ++worker) EXPECT_EQ(load(worker), entry) << worker;
}
INSTANTIATE_TEST_SUITE_P(LocalCache, LargeEntries, testing::Values(1u, 2u, 6u));

TEST(LocalCache, DifferentIdsAreLoadedAtTheSameTime) {
    Site site{1};
    std::vector<Site::Reading> readings;
    for (const char* id : {"a", "b", "c", "a"}) readings.push_back(site.read(0, id));
    site.settle();
    ASSERT_EQ(site.source.loads.size(), 3u);
    site.source.release(1);
    site.settle();
    EXPECT_TRUE(readings[1]->done);
    EXPECT_FALSE(readings[0]->done || readings[2]->done || readings[3]->done);
    site.release_all();
    EXPECT_EQ(readings[1]->read.fill.entry->id, "b");
    EXPECT_EQ(readings[2]->read.fill.entry->id, "c");
    EXPECT_EQ(readings[3]->read.fill.entry->id, "a");
}

TEST(LocalCache, AFailureReachesAllWhoWaitAndIsNotRemembered) {
    Site site{1};
    site.source.error = away();
    const std::vector<Site::Reading> readings{site.read(0, "a"), site.read(0, "a")};
    site.release_all();
    EXPECT_EQ(site.source.loads.size(), 1u);
    for (const auto& reading : readings) EXPECT_TRUE(reading->unavailable());
    site.source.error = nullptr;
    const auto again = site.read(0, "a");
    site.release_all();
    EXPECT_EQ(again->version(), 1);
}

/// The load of version 1 and, after an acknowledged write, that of version 2, end in both orders.
class DoomedFlight : public testing::TestWithParam<bool> {};

TEST_P(DoomedFlight, IsNotKeptAndLaterReadersStartANewLoad) {
    const bool old_one_first = GetParam();
    Site site{1};
    const auto before = site.read(0, "a");
    site.settle();
    site.source.version = 2;
    const auto acknowledged = site.invalidate(0, "a", 2);
    site.settle();
    ASSERT_TRUE(*acknowledged) << "an invalidation does not wait for loads";
    const auto after = site.read(0, "a");
    const auto after_too = site.read(0, "a");
    site.settle();
    ASSERT_EQ(site.source.loads.size(), 2u) << "one new load, shared by both";

    site.source.release(old_one_first ? 0 : 1);
    site.settle();
    EXPECT_EQ(before->done, old_one_first);
    EXPECT_EQ(after->done, !old_one_first);
    if (old_one_first) {
        EXPECT_EQ(site.caches[0]->find_near("a"), nullptr);
        EXPECT_EQ(before->version(), 1) << "it asked before the write was acknowledged";
    }
    site.release_all();
    EXPECT_EQ(after->version(), 2);
    EXPECT_EQ(after_too->version(), 2);
    ASSERT_TRUE(site.caches[0]->find_near("a"));
    EXPECT_EQ(site.caches[0]->find_near("a")->version, 2);
}
INSTANTIATE_TEST_SUITE_P(LocalCache, DoomedFlight, testing::Bool());

TEST(LocalCache, ASlowLoadOfAnotherWorkerNeverPutsAnOldVersionBack) {
    Site site{2};
    const auto slow = site.read(0, "a");
    site.settle();
    site.source.version = 2;
    site.invalidate(1, "a", 2);
    site.settle();
    site.release_all();
    EXPECT_EQ(slow->version(), 1);
    EXPECT_EQ(site.caches[0]->find_near("a"), nullptr);
    EXPECT_EQ(site.shared.copy("a", base::steady_now()), nullptr);
    const auto other = site.read(1, "a");
    site.release_all();
    EXPECT_EQ(other->version(), 2);
}

TEST(LocalCache, ALoadThatLandsBetweenTheFloorAndTheVisitIsNotKept) {
    Site site{2};
    const auto slow = site.read(0, "a");
    site.settle();
    site.source.version = 2;
    site.source.release();  // the landing is the next thing that worker 0 does, the visit comes behind it
    const auto acknowledged = site.invalidate(1, "a", 2);
    while (site.step(1)) {
    }
    ASSERT_FALSE(*acknowledged) << "worker 0 has not been visited";
    while (!slow->done) ASSERT_TRUE(site.step(0));
    EXPECT_EQ(slow->version(), 1);
    EXPECT_EQ(site.caches[0]->find_near("a"), nullptr);
    EXPECT_EQ(site.shared.copy("a", base::steady_now()), nullptr) << "below the floor";
    site.settle();
    EXPECT_TRUE(*acknowledged);
    const auto later = site.read(0, "a");
    site.release_all();
    EXPECT_EQ(later->version(), 2);
}

TEST(LocalCache, AnEntryIsCopiedToAWorkerWhenItIsReadAgain) {
    Site site{2};
    const auto first = site.read(0, "a");
    site.release_all();
    const auto again = site.read(0, "a");
    site.settle();
    EXPECT_EQ(again->read.status, Status::near_hit);
    EXPECT_NE(again->read.fill.entry, first->read.fill.entry) << "a copy of its own";
    EXPECT_EQ(site.caches[0]->find_near("a"), again->read.fill.entry);
    EXPECT_EQ(site.source.loads.size(), 1u);
}

/// A write and reads of one id on two workers, with the loads as a third party; what happens next is told step by step.
class WriteAndReads {
  public:
    WriteAndReads() {
        for (const std::size_t worker : {0, 1}) {
            for (const int turns : {0, 2, 4, 6}) spawn(worker, read_later(worker, turns));
        }
        spawn(1, write());
    }

    static constexpr std::size_t kParties = 3;
    /// Lets one of the parties do one step; false when it has nothing to do.
    bool step(std::size_t party) {
        if (party < 2) return site_.step(party);
        if (site_.source.held() == 0) return false;
        site_.source.release();
        return true;
    }
    void finish() {
        site_.release_all();
        ASSERT_TRUE(acknowledged_);
        ASSERT_EQ(reads_, 8);
        const auto in_shared = site_.shared.copy("a", base::steady_now());
        EXPECT_TRUE(!in_shared || in_shared->version == 2);
        for (const auto& cache : site_.caches) {
            const auto entry = cache->find_near("a");
            EXPECT_TRUE(!entry || entry->version == 2);
        }
    }
    int violations() const { return violations_; }
    std::size_t loads() const { return site_.source.loads.size(); }

  private:
    void spawn(std::size_t worker, base::Awaitable<void> coroutine) {
        asio::co_spawn(*site_.contexts[worker], std::move(coroutine), [](std::exception_ptr error) {
            if (error) std::rethrow_exception(error);
        });
    }
    static base::Awaitable<void> pause(int turns) {
        const base::Executor executor = co_await asio::this_coro::executor;
        for (int i = 0; i < turns; ++i) co_await asio::post(executor, base::use_awaitable);
    }
    base::Awaitable<void> read_later(std::size_t worker, int turns) {
        co_await pause(turns);
        const bool after_the_write = acknowledged_;
        std::string id = "a";
        const Read read = co_await site_.caches[worker]->read(std::move(id), base::deadline_in(1h));
        ++reads_;
        if (after_the_write && read.fill.entry->version < 2) ++violations_;
    }
    base::Awaitable<void> write() {
        co_await pause(2);
        site_.source.version = 2;  // committed
        std::string id = "a";
        co_await site_.caches[1]->invalidate(std::move(id), 2);
        acknowledged_ = true;
    }

    bool acknowledged_ = false;
    int reads_ = 0;
    int violations_ = 0;
    Site site_{2};
};

TEST(LocalCache, NoInterleavingOfAWriteAndReadsOnTwoWorkersServesTheOldVersionAfterwards) {
    constexpr int kForced = 8;  // steps of which every order is tried; the rest is random, another way each time
    int schedules = 1;
    for (int i = 0; i < kForced; ++i) schedules *= WriteAndReads::kParties;
    std::size_t loads_min = SIZE_MAX, loads_max = 0;
    for (int schedule = 0; schedule < schedules; ++schedule) {
        WriteAndReads story;
        std::minstd_rand random{static_cast<unsigned>(schedule + 1)};
        // A party that is favoured runs ahead of the others.
        const std::size_t favoured = random() % (WriteAndReads::kParties + 1);
        int code = schedule;
        int idle = 0;
        for (int step = 0; idle < 50; ++step, code /= WriteAndReads::kParties) {
            std::size_t party = static_cast<std::size_t>(code) % WriteAndReads::kParties;
            if (step >= kForced) {
                const std::size_t choice = random() % (2 * WriteAndReads::kParties);
                party = choice < WriteAndReads::kParties || favoured == WriteAndReads::kParties
                            ? choice % WriteAndReads::kParties
                            : favoured;
            }
            idle = story.step(party) ? 0 : idle + 1;
        }
        story.finish();
        ASSERT_FALSE(HasFailure()) << "schedule " << schedule;
        ASSERT_EQ(story.violations(), 0) << "schedule " << schedule;
        loads_min = std::min(loads_min, story.loads());
        loads_max = std::max(loads_max, story.loads());
    }
    EXPECT_GE(loads_min, 1u);
    EXPECT_GE(loads_max, 4u) << "some schedule has an old and a new load on both workers";
}

TEST(LocalCache, WhatOneWorkerHasLoadedNoOtherLoadsAgain) {
    Site site{2};
    const auto first = site.read(0, "a");
    site.release_all();
    const auto second = site.read(1, "a");
    site.settle();
    ASSERT_TRUE(second->done);
    EXPECT_EQ(second->read.status, Status::near_hit);
    EXPECT_NE(second->read.fill.entry, first->read.fill.entry) << "a copy of its own";
    EXPECT_EQ(site.caches[1]->find_near("a"), second->read.fill.entry);
    EXPECT_EQ(site.source.loads.size(), 1u);
}

TEST(LocalCache, ALoneWorkerKeepsNothingTwice) {
    Site site{1};
    site.read(0, "a");
    site.release_all();
    EXPECT_NE(site.caches[0]->find_near("a"), nullptr);
    EXPECT_EQ(site.shared.copy("a", base::steady_now()), nullptr);
}

/// By the worker that has loaded it, and by another one.
class StaleIfError : public testing::TestWithParam<std::size_t> {};

TEST_P(StaleIfError, WhileTheStoreIsAwayWhatHasOutlivedItsTtlIsServed) {
    const std::size_t workers = GetParam(), reader = workers - 1;
    Site site{workers};
    site.source.hold = false;
    site.source.fill = [](const std::string& id) { return Fill{test::make_stale_entry(id, 3), nullptr}; };
    site.read(0, "a");
    site.settle();
    EXPECT_EQ(site.caches[reader]->find_near("a"), nullptr);
    site.source.error = away();
    const auto stale = site.read(reader, "a");
    const auto unknown = site.read(reader, "b");
    site.settle();
    EXPECT_EQ(stale->version(), 3);
    EXPECT_EQ(stale->read.status, Status::near_hit);
    EXPECT_TRUE(unknown->unavailable());
    EXPECT_EQ(site.source.loads.size(), 3u) << "the store is asked first";
}
INSTANTIATE_TEST_SUITE_P(LocalCache, StaleIfError, testing::Values(1, 2));

TEST(LocalCache, StaleIfErrorEndsWithTheSnippetsOwnExpiryWithAnInvalidationAndForNegativeEntries) {
    Site site{1};
    site.source.hold = false;
    site.source.fill = [](const std::string& id) {
        const auto entry = test::make_stale_entry(id);
        if (id == "expired") entry->expire_in(base::Milliseconds{0});
        if (id == "expires") entry->expire_in(base::Milliseconds{3'600'000});
        if (id == "missing") entry->kind = Entry::Kind::missing;
        return Fill{entry, nullptr};
    };
    const std::vector<std::string> ids{"expired", "expires", "missing", "invalidated"};
    for (const std::string& id : ids) site.read(0, id);
    site.settle();
    site.invalidate(0, "invalidated", 2);
    site.settle();
    site.source.error = away();
    for (const std::string& id : ids) {
        const auto reading = site.read(0, id);
        site.settle();
        EXPECT_EQ(reading->unavailable(), id != "expires") << id;
    }
}

TEST(LocalCache, AnErrorThatIsNotUnavailableReachesAllWhoWaitAndNothingStaleIsServed) {
    Site site{1};
    site.source.hold = false;
    site.source.fill = [](const std::string& id) { return Fill{test::make_stale_entry(id), nullptr}; };
    site.read(0, "a");
    site.settle();
    site.source.error = std::make_exception_ptr(std::logic_error{"a defect"});
    const std::vector<Site::Reading> readings{site.read(0, "a"), site.read(0, "a")};
    site.settle();
    for (const auto& reading : readings) {
        ASSERT_TRUE(reading->done && reading->error);
        EXPECT_THROW(std::rethrow_exception(reading->error), std::logic_error);
    }
}

TEST(LocalCache, NegativeEntriesAreKeptAndCountedApart) {
    for (const Entry::Kind kind : {Entry::Kind::missing, Entry::Kind::gone}) {
        Site site{2};
        site.source.hold = false;
        site.source.fill = [kind](const std::string& id) {
            const auto entry = test::make_entry(id, 0);
            entry->kind = kind;
            return Fill{entry, nullptr};
        };
        site.read(0, "a");
        site.settle();
        const auto again = site.read(0, "a");
        const auto elsewhere = site.read(1, "a");
        site.settle();
        EXPECT_EQ(again->read.fill.entry->kind, kind);
        EXPECT_EQ(elsewhere->read.fill.entry->kind, kind);
        EXPECT_EQ(site.source.loads.size(), 1u);
        EXPECT_EQ(site.counted("negative_hit"), 2u);
        EXPECT_EQ(site.counted("near_hit"), 0u);
    }
}

TEST(LocalCache, WhatMayNotBeCachedIsGivenToWhoeverWaitsAndForgotten) {
    Site site{2};
    site.source.fill = [](const std::string& id) {
        auto snippet = std::make_shared<model::Snippet>();
        snippet->id = id;
        return Fill{nullptr, snippet};
    };
    const std::vector<Site::Reading> readings{site.read(0, "a"), site.read(0, "a")};
    site.release_all();
    for (const auto& reading : readings) {
        ASSERT_TRUE(reading->read.fill.snippet);
        EXPECT_EQ(reading->read.fill.snippet->id, "a");
        EXPECT_EQ(reading->read.fill.entry, nullptr);
    }
    site.read(0, "a");
    site.read(1, "a");
    site.release_all();
    EXPECT_EQ(site.source.loads.size(), 3u);
}

TEST(LocalCache, AReaderWhoseDeadlinePassesGoesAndTheFlightGoesOn) {
    Site site{1};
    const auto patient = site.read(0, "a");
    const auto hasty = site.read(0, "a", base::steady_now());
    ASSERT_TRUE(test::wait_until([&] {
        site.settle();
        return hasty->done;
    }));
    EXPECT_TRUE(hasty->unavailable());
    EXPECT_FALSE(patient->done);
    site.release_all();
    EXPECT_EQ(patient->version(), 1);
    EXPECT_NE(site.caches[0]->find_near("a"), nullptr);
}

TEST(LocalCache, FlightsAreBounded) {
    Site site{1};
    std::vector<Site::Reading> readings;
    for (std::size_t i = 0; i < LocalCache::kFlightsMax; ++i) readings.push_back(site.read(0, std::to_string(i)));
    site.settle();
    const auto one_more = site.read(0, "one more");
    const auto passenger = site.read(0, "0");
    site.settle();
    ASSERT_TRUE(one_more->done);
    EXPECT_TRUE(one_more->unavailable());
    EXPECT_FALSE(passenger->done) << "a flight that is under way takes any number";
    site.source.hold = false;
    site.release_all();
    for (const auto& reading : readings) ASSERT_EQ(reading->version(), 1);
    EXPECT_EQ(passenger->version(), 1);
    const auto later = site.read(0, "one more");
    site.settle();
    EXPECT_EQ(later->version(), 1);
}

TEST(LocalCache, SwitchedOffEveryReadIsALoadOfItsOwn) {
    Site site{2, {false, Site::kNearBytes, true}};
    const base::Deadline deadline = base::deadline_in(7s);
    const std::vector<Site::Reading> readings{site.read(0, "a", deadline), site.read(0, "a", deadline)};
    site.settle();
    ASSERT_EQ(site.source.loads.size(), 2u);
    EXPECT_EQ(site.source.loads[0]->deadline, deadline);
    site.release_all();
    for (const auto& reading : readings) {
        EXPECT_EQ(reading->version(), 1);
        EXPECT_EQ(reading->read.status, Status::miss);
    }
    EXPECT_EQ(site.caches[0]->find_near("a"), nullptr);
    EXPECT_EQ(site.shared.copy("a", base::steady_now()), nullptr);
    site.source.error = away();
    const auto failed = site.read(0, "a");
    site.release_all();
    EXPECT_TRUE(failed->unavailable());
}

TEST(LocalCache, WithoutANearCacheTheSharedOneAndSingleFlightStillWork) {
    Site site{2, {true, 0, true}};
    const std::vector<Site::Reading> readings{site.read(0, "a"), site.read(0, "a")};
    site.release_all();
    EXPECT_EQ(site.source.loads.size(), 1u);
    EXPECT_EQ(readings[1]->version(), 1);
    EXPECT_NE(site.caches[0]->find_near("a"), nullptr);
    const auto again = site.read(1, "a");
    site.settle();
    EXPECT_EQ(again->version(), 1);
    site.source.version = 2;
    site.invalidate(0, "a", 2);
    const auto newer = site.read(1, "a");
    site.release_all();
    EXPECT_EQ(newer->version(), 2);
}

TEST(LocalCache, AnOldVersionIsNotKeptWhenTheStoreCannotSayWhatIsNewer) {
    for (const std::size_t workers : {1u, 2u}) {
        Site site{workers};
        site.source.hold = false;
        site.source.fill = [&site](const std::string& id) {
            if (!site.source.loads.empty()) throw base::Unavailable{"the store is away"};
            return Fill{test::make_entry(id, 1), nullptr, Status::redis_hit};
        };
        site.invalidate(0, "a", 2);  // Redis has not heard of it
        site.settle();
        for (int i = 0; i < 2; ++i) {
            const auto reading = site.read(0, "a");
            site.settle();
            EXPECT_TRUE(reading->unavailable()) << workers;
            EXPECT_EQ(reading->version(), 0) << "the write has been acknowledged here";
        }
        EXPECT_EQ(site.caches[0]->find_near("a"), nullptr);
    }
}

TEST(LocalCache, UpdateCountReachesThisWorkersEntryOnly) {
    Site site{2};
    site.read(0, "a");
    site.release_all();
    for (const std::size_t worker : {0, 1}) site.read(worker, "a");
    site.settle();
    const auto entry = site.caches[0]->find_near("a");
    ASSERT_NE(entry, nullptr);
    site.caches[0]->update_count("a", 41);
    site.caches[0]->update_count("unknown", 1);
    EXPECT_EQ(entry->view_count, 41);
    EXPECT_EQ(site.caches[1]->find_near("a")->view_count, 0);
    EXPECT_EQ(site.source.loads.size(), 1u);
}

// --- what other instances are told, and hear

TEST(LocalCache, TheSourceIsToldOfAnInvalidationWhenAllWorkersHaveBeenVisited) {
    Site site{2};
    site.source.hold_invalidations = true;
    const auto acknowledged = site.invalidate(1, "a", 2);
    while (site.step(1)) {
    }
    EXPECT_TRUE(site.source.invalidations.empty()) << "worker 0 has not been visited";
    site.settle();
    EXPECT_EQ(site.source.invalidations, (std::vector<std::pair<std::string, std::int64_t>>{{"a", 2}}));
    EXPECT_FALSE(*acknowledged) << "the source is still at it";
    site.source.release_invalidation();
    site.settle();
    EXPECT_TRUE(*acknowledged);
}

/// Until the source has taken an invalidation, Redis may still answer with the old version. A load that sees it there
/// ends before the write is acknowledged, or after.
struct LateLoad {
    std::size_t workers;
    bool ends_before;
};
class LoadWhileTheSourceIsTold : public testing::TestWithParam<LateLoad> {};

TEST_P(LoadWhileTheSourceIsTold, GivesNoOldVersionToWhoeverComesAfterTheAcknowledgement) {
    Site site{GetParam().workers};
    site.source.hold_invalidations = true;
    const auto acknowledged = site.invalidate(0, "a", 2);
    site.settle();
    site.source.fill = [](const std::string& id) { return Fill{test::make_entry(id, 1), nullptr, Status::redis_hit}; };
    const auto meanwhile = site.read(0, "a");
    site.settle();
    ASSERT_EQ(site.source.loads.size(), 1u);
    ASSERT_FALSE(*acknowledged);
    site.source.fill = [](const std::string& id) { return Fill{test::make_entry(id, 2), nullptr}; };  // committed
    if (GetParam().ends_before) site.source.release();
    site.settle();
    site.source.release_invalidation();
    site.settle();
    ASSERT_TRUE(*acknowledged);
    const auto after = site.read(0, "a");
    site.release_all();
    EXPECT_EQ(site.source.loads[1]->wanted, Wanted::newest);
    EXPECT_EQ(meanwhile->version(), 2);
    EXPECT_EQ(after->version(), 2);
    const auto later = site.read(0, "a");
    site.release_all();
    EXPECT_EQ(later->version(), 2);
}
INSTANTIATE_TEST_SUITE_P(LocalCache, LoadWhileTheSourceIsTold,
                         testing::Values(LateLoad{1, true}, LateLoad{1, false}, LateLoad{2, true}, LateLoad{2, false}),
                         [](const auto& test) {
                             return std::string{test.param.workers == 1 ? "Alone" : "OfTwo"} +
                                    (test.param.ends_before ? "EndsBefore" : "EndsAfter");
                         });

TEST(LocalCache, WhatIsNewEnoughSurvivesADrop) {
    Site site{1};
    site.source.hold = false;
    site.source.version = 3;
    site.read(0, "a");
    site.settle();
    site.caches[0]->drop("a", 2);
    site.caches[0]->drop("a", 3);
    site.caches[0]->drop("another", 9);
    ASSERT_NE(site.caches[0]->find_near("a"), nullptr);
    site.caches[0]->drop("a", 4);
    EXPECT_EQ(site.caches[0]->find_near("a"), nullptr);
}

TEST(LocalCache, AFlightThatBringsWhatIsNewEnoughIsKeptAllTheSame) {
    for (const std::int64_t version : {2, 3, 4}) {
        Site site{1};
        site.source.version = version;
        const auto reading = site.read(0, "a");
        site.settle();
        site.caches[0]->drop("a", 3);
        site.caches[0]->drop("a", 1);  // the floor does not sink
        site.release_all();
        EXPECT_EQ(reading->version(), version);
        EXPECT_EQ(site.caches[0]->find_near("a") != nullptr, version >= 3) << "version " << version;
    }
}

TEST(LocalCache, WhatComesFromRedisIsSaidAndCountedSo) {
    Site site{1};
    site.source.fill = [](const std::string& id) {
        const auto entry = test::make_entry(id);
        if (id == "missing") entry->kind = Entry::Kind::missing;
        return Fill{entry, nullptr, Status::redis_hit};
    };
    const std::vector<Site::Reading> readings{site.read(0, "a"), site.read(0, "a"), site.read(0, "missing")};
    site.release_all();
    for (const auto& reading : readings) EXPECT_EQ(reading->read.status, Status::redis_hit);
    EXPECT_EQ(site.counted("redis_hit"), 2u);
    EXPECT_EQ(site.counted("negative_hit"), 1u);
    EXPECT_EQ(site.counted("miss"), 0u);
    const auto again = site.read(0, "a");
    site.settle();
    EXPECT_EQ(again->read.status, Status::near_hit);
    EXPECT_EQ(site.counted("near_hit"), 1u);
    EXPECT_EQ(site.counted("redis_hit"), 2u);
}

TEST(LocalCache, SwitchedOffWhatComesFromRedisIsSaidAndCountedSo) {
    Site site{1, {false, Site::kNearBytes, true}};
    site.source.hold = false;
    site.source.fill = [](const std::string& id) { return Fill{test::make_entry(id), nullptr, Status::redis_hit}; };
    const auto reading = site.read(0, "a");
    site.settle();
    EXPECT_EQ(reading->read.status, Status::redis_hit);
    EXPECT_EQ(reading->version(), 1);
    EXPECT_EQ(site.counted("redis_hit"), 1u);
}

/// Where other instances write too.
class AmongOthers : public testing::Test {
  protected:
    AmongOthers() {
        site.source.hold = false;
        site.source.fill = [this](const std::string& id) {
            const auto entry = test::make_entry(id, site.source.version);
            entry->loaded_at = loaded_at;
            if (refresh_due) entry->refresh_from = start;
            return Fill{entry, nullptr};
        };
    }
    /// Proofs without a gap from `from` until long after the test.
    void prove(std::size_t worker, base::SteadyTime from, std::uint64_t connection) {
        for (base::SteadyTime asked = from; asked < start + 1h; asked += Trust::kSilenceMax) {
            site.caches[worker]->proven({asked, asked, connection});
        }
    }
    void read_to_the_end(std::size_t worker) {
        site.read(worker, "a");
        site.settle();
    }

    const base::SteadyTime start = base::steady_now();
    base::SteadyTime loaded_at = start - 1s;
    bool refresh_due = false;
    Site site{2, {true, Site::kNearBytes, false}};
};

TEST_F(AmongOthers, WithoutAProofAnEntryIsServedForAMomentAfterItsLoadOnly) {
    loaded_at = start - Trust::kSilenceMax;
    for (const std::size_t loads : {1u, 2u, 3u}) {
        read_to_the_end(0);
        EXPECT_EQ(site.source.loads.size(), loads);
        EXPECT_EQ(site.caches[0]->find_near("a"), nullptr);
    }
    read_to_the_end(1);
    EXPECT_EQ(site.source.loads.size(), 4u) << "another worker does not get it from the shared cache either";

    loaded_at = start + 1h;  // its moment lasts longer than any test
    for (const std::size_t worker : {0, 0, 1}) read_to_the_end(worker);
    EXPECT_EQ(site.source.loads.size(), 5u);
    EXPECT_NE(site.caches[0]->find_near("a"), nullptr);
    EXPECT_NE(site.caches[1]->find_near("a"), nullptr);
}

TEST_F(AmongOthers, AnEntryIsServedWhileProofsCoverIt) {
    prove(0, loaded_at, 1);
    read_to_the_end(0);
    read_to_the_end(0);
    EXPECT_NE(site.caches[0]->find_near("a"), nullptr);
    EXPECT_EQ(site.source.loads.size(), 1u);
    read_to_the_end(1);
    EXPECT_EQ(site.source.loads.size(), 2u) << "each worker has to hear of the proofs itself";
    prove(1, loaded_at + 1ms, 1);
    read_to_the_end(1);
    EXPECT_EQ(site.source.loads.size(), 3u) << "it was loaded before the first proof";
    prove(0, loaded_at + 1ms, 2);
    const auto unproven = [this] { return site.metrics.counter("snippetd_cache_unproven_total", "").value(); };
    const auto before = unproven();
    EXPECT_EQ(site.caches[0]->find_near("a"), nullptr) << "the proof came over another connection";
    EXPECT_EQ(unproven(), before + 1);
}

TEST_F(AmongOthers, NobodyWaitsForALoadThatBeganTooLongBeforeHeAsked) {
    site.source.hold = true;
    const auto first = site.read(0, "a");
    site.settle();
    ASSERT_EQ(site.source.loads.size(), 1u);
    std::this_thread::sleep_for(Trust::kSilenceMax);
    site.source.version = 2;
    loaded_at = start + 1h;
    const auto late = site.read(0, "a");
    site.settle();
    ASSERT_EQ(site.source.loads.size(), 2u);
    site.source.release(1);
    site.settle();
    EXPECT_EQ(late->version(), 2);
    site.source.release(0);
    site.settle();
    EXPECT_EQ(first->version(), 1);
    ASSERT_NE(site.caches[0]->find_near("a"), nullptr);
    EXPECT_EQ(site.caches[0]->find_near("a")->version, 2) << "what comes last is not kept";
}

TEST_F(AmongOthers, NobodyGetsWhatIsOlderThanAMomentBeforeHeAsked) {
    // As from Redis, whose proof may be of before the load.
    site.source.hold = true;
    site.source.fill = [this](const std::string& id) {
        const auto entry = test::make_entry(id, site.source.version);
        entry->loaded_at = start - 1h;
        return Fill{entry, nullptr, Status::redis_hit, site.source.version == 1 ? start - 1h : start + 1h};
    };
    Site::Reading first, second;
    // Until the second waits for what the first loads: on a busy machine he may come too late for that.
    for (bool waits = false; !waits;) {
        site.release_all();
        const std::size_t before = site.source.loads.size();
        first = site.read(0, "a");
        second = site.read(0, "a");
        site.settle();
        waits = site.source.loads.size() == before + 1;
    }
    site.source.version = 2;
    site.release_all();
    EXPECT_EQ(first->version(), 1) << "under the proof that there was when he asked";
    EXPECT_EQ(second->version(), 2);
}

TEST_F(AmongOthers, WithoutAStoreTheChannelAloneIsEnoughButNotForAStoreThatIsLate) {
    loaded_at = start;
    site.caches[0]->proven({start, start, 1});
    read_to_the_end(0);
    read_to_the_end(0);
    // Heard of since, until long after the test, but without a look at the outbox.
    site.caches[0]->proven({start - 1h, start + 1h, 1});
    loaded_at = start - 1h;
    std::this_thread::sleep_for(Trust::kSilenceMax);
    EXPECT_EQ(site.caches[0]->find_near("a"), nullptr);
    site.source.error = std::make_exception_ptr(base::Unavailable{"late"});
    const auto late = site.read(0, "a");
    site.settle();
    EXPECT_TRUE(late->unavailable());
    site.source.error = std::make_exception_ptr(base::Unreachable{"away"});
    const auto away = site.read(0, "a");
    site.settle();
    EXPECT_EQ(away->version(), 1);
}

TEST_F(AmongOthers, WhoNeedsAnEntryDoesNotDependOnARefreshThatIsSomebodyElses) {
    refresh_due = true;
    prove(0, loaded_at, 1);
    read_to_the_end(0);
    read_to_the_end(0);
    site.source.hold = true;
    site.source.error = away();  // what a refresh gets when another instance makes it
    ASSERT_NE(site.caches[0]->find_near("a"), nullptr);
    site.settle();
    ASSERT_EQ(site.source.loads.size(), 2u);
    ASSERT_EQ(site.source.loads[1]->wanted, Wanted::refresh);
    prove(0, loaded_at + 1ms, 2);  // the entry is not covered any more: it may be old
    site.source.error = nullptr;
    site.source.version = 2;
    const auto reading = site.read(0, "a");
    site.release_all();
    EXPECT_EQ(reading->version(), 2);
}

// --- refreshes

/// An entry whose time is nearly over, in the near cache of every worker: of one, or of two.
class Refresh : public testing::TestWithParam<std::size_t> {
  protected:
    Refresh() {
        site.source.hold = false;
        site.source.fill = [this](const std::string& id) {
            const auto entry = test::make_entry(id, site.source.version);
            if (due) entry->refresh_from = entry->loaded_at;
            return Fill{entry, nullptr};
        };
        // A lone worker keeps what it loads; of two, each keeps what it then finds in the shared cache.
        const std::vector<std::size_t> readers =
            workers() == 1 ? std::vector<std::size_t>{0} : std::vector<std::size_t>{0, 0, 1};
        for (const std::size_t worker : readers) {
            site.read(worker, "a");
            site.settle();
        }
        site.source.hold = true;
        site.source.version = 2;
        due = false;
    }
    static std::size_t workers() { return GetParam(); }
    std::int64_t near_version(std::size_t worker) {
        const auto entry = site.caches[worker]->find_near("a");
        return entry ? entry->version : 0;
    }
    std::size_t refreshes() const {
        const auto& loads = site.source.loads;
        return static_cast<std::size_t>(std::count_if(
            loads.begin(), loads.end(), [](const auto& load) { return load->wanted == Wanted::refresh; }));
    }

    bool due = true;
    Site site{GetParam()};
};
INSTANTIATE_TEST_SUITE_P(LocalCache, Refresh, testing::Values(1, 2));

TEST_P(Refresh, TheEntryIsServedAndLoadedAnewOnceHoweverManyReadIt) {
    ASSERT_EQ(refreshes(), 0u);
    for (int i = 0; i < 100; ++i) {
        ASSERT_EQ(near_version(0), 1);
        if (i == 50) site.settle();  // half of them while the refresh is under way
    }
    const auto reading = site.read(0, "a");
    site.settle();
    EXPECT_EQ(reading->version(), 1) << "nobody waits for a refresh";
    EXPECT_EQ(reading->read.status, Status::near_hit);
    EXPECT_EQ(refreshes(), 1u);
    EXPECT_EQ(site.source.loads.size(), 2u);

    site.release_all();
    EXPECT_EQ(near_version(0), 2);
    site.settle();
    EXPECT_EQ(site.source.loads.size(), 2u) << "the new entry is not due";
}

TEST_P(Refresh, AnInvalidationMeanwhileDoomsIt) {
    site.source.version = 1;
    ASSERT_EQ(near_version(0), 1);
    site.settle();
    ASSERT_EQ(refreshes(), 1u);
    site.source.version = 2;
    site.invalidate(0, "a", 2);
    site.settle();
    site.release_all();
    EXPECT_EQ(near_version(0), 0) << "the refresh has brought the old version";
    const auto reading = site.read(0, "a");
    site.release_all();
    EXPECT_EQ(reading->version(), 2);
}

TEST_P(Refresh, WhenItFailsTheEntryStaysAndItIsNotTriedAgainAtOnce) {
    constexpr auto kPause = 500ms;
    site.source.error = away();
    site.source.hold = false;
    const auto begin = base::steady_now();
    for (int i = 0; i < 50; ++i) {
        ASSERT_EQ(near_version(0), 1);
        site.settle();
    }
    const auto pauses = static_cast<std::size_t>((base::steady_now() - begin) / kPause);
    EXPECT_GE(refreshes(), 1u);
    EXPECT_LE(refreshes(), 1 + pauses);
}

TEST_P(Refresh, WhatHasBecomeMissingMeanwhileIsNotServedAsASnippet) {
    site.source.fill = [](const std::string& id) {
        const auto entry = test::make_entry(id, 0);
        entry->kind = Entry::Kind::missing;
        entry->refresh_from = entry->loaded_at;
        return Fill{entry, nullptr};
    };
    ASSERT_EQ(near_version(0), 1);
    site.release_all();
    ASSERT_EQ(refreshes(), 1u);
    const auto entry = site.caches[0]->find_near("a");
    ASSERT_NE(entry, nullptr);
    EXPECT_EQ(entry->kind, Entry::Kind::missing);
    site.settle();
    EXPECT_EQ(refreshes(), 1u) << "what is not there is not refreshed";
}

TEST(LocalCache, WhatOneWorkerHasRefreshedNoOtherLoadsAnew) {
    Site site{2};
    bool due = true;
    site.source.hold = false;
    site.source.fill = [&](const std::string& id) {
        const auto entry = test::make_entry(id, site.source.version);
        if (due) entry->refresh_from = entry->loaded_at;
        return Fill{entry, nullptr};
    };
    for (const std::size_t worker : {0, 0, 1}) {
        site.read(worker, "a");
        site.settle();
    }
    due = false;
    site.source.version = 2;
    site.caches[0]->find_near("a");
    site.settle();
    ASSERT_EQ(site.source.loads.size(), 2u);
    ASSERT_NE(site.caches[1]->find_near("a"), nullptr);
    site.settle();
    EXPECT_EQ(site.source.loads.size(), 2u);
    ASSERT_NE(site.caches[1]->find_near("a"), nullptr);
    EXPECT_EQ(site.caches[1]->find_near("a")->version, 2);
}

/// The same promise with threads, for the sanitizers: what was acknowledged before a read began is in what it reads.
TEST(LocalCache, WorkersOnThreadsNeverServeWhatIsOlderThanAnAcknowledgedWrite) {
    struct YieldingSource : Source {
        base::Awaitable<Fill> load(std::string id, Wanted, base::Deadline) override {
            Fill fill{test::make_entry(id, version.load()), nullptr};
            const base::Executor executor = co_await asio::this_coro::executor;
            for (int i = 0; i < 3; ++i) co_await asio::post(executor, base::use_awaitable);
            co_return fill;
        }
        base::Awaitable<std::shared_ptr<const Entry>> complete(std::shared_ptr<const Entry> entry) override {
            co_return entry;
        }
        base::Awaitable<void> invalidate(std::string, std::int64_t) override { co_return; }
        std::atomic<std::int64_t> version{1};
    };
    constexpr std::int64_t kWrites = 150;
    YieldingSource source;
    base::Metrics metrics;
    SharedCache shared{1 << 20};
    std::vector<std::unique_ptr<test::Loop>> loops;
    for (int i = 0; i < 2; ++i) loops.push_back(std::make_unique<test::Loop>());
    const base::Workers workers{{loops[0]->executor(), loops[1]->executor()}};
    const LocalCache::Options options{true, Site::kNearBytes, true};
    const base::PerWorker<LocalCache> all{
        workers, [&](const base::Executor& loop, const base::PerWorker<LocalCache>& all_caches) {
            return std::make_unique<LocalCache>(loop, options, source, shared, all_caches, metrics);
        }};
    const std::vector<LocalCache*> caches{&all.of(loops[0]->executor()), &all.of(loops[1]->executor())};
    std::atomic<std::int64_t> acknowledged{1};
    std::atomic<int> violations{0}, reads{0};
    const auto write = [&](LocalCache& cache) -> base::Awaitable<bool> {
        while (acknowledged < kWrites) {
            const std::int64_t version = ++source.version;
            std::string id = "a";
            co_await cache.invalidate(std::move(id), version);
            acknowledged = version;
        }
        co_return true;
    };
    const auto keep_reading = [&](LocalCache& cache) -> base::Awaitable<bool> {
        const base::Executor executor = co_await asio::this_coro::executor;
        while (acknowledged < kWrites) {
            const std::int64_t at_least = acknowledged;
            std::string id = "a";
            const Read read = co_await cache.read(std::move(id), base::deadline_in(test::kPatience));
            if (read.fill.entry->version < at_least) ++violations;
            ++reads;
            co_await asio::post(executor, base::use_awaitable);
        }
        co_return true;
    };
    std::vector<std::future<bool>> running;
    for (std::size_t i = 0; i < caches.size(); ++i) {
        for (int reader = 0; reader < 4; ++reader) running.push_back(loops[i]->start(keep_reading(*caches[i])));
    }
    running.push_back(loops[0]->start(write(*caches[0])));
    for (auto& one : running) EXPECT_TRUE(test::Loop::get(std::move(one)));
    EXPECT_EQ(violations, 0);
    EXPECT_GT(reads, 0);
    loops.clear();
}

}  // namespace
}  // namespace snippetd::cache
