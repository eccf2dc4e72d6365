#include "support/cache_site.hpp"

#include <algorithm>
#include <atomic>
#include <exception>
#include <future>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <gtest/gtest.h>

/// What an invalidation promises, whoever loads meanwhile.
namespace snippetd::cache {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;

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
        EXPECT_EQ(site.caches[0]->find_near("a", base::steady_now()), nullptr);
        EXPECT_EQ(before->version(), 1) << "it asked before the write was acknowledged";
    }
    site.release_all();
    EXPECT_EQ(after->version(), 2);
    EXPECT_EQ(after_too->version(), 2);
    ASSERT_TRUE(site.caches[0]->find_near("a", base::steady_now()));
    EXPECT_EQ(site.caches[0]->find_near("a", base::steady_now())->version, 2);
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
    EXPECT_EQ(site.caches[0]->find_near("a", base::steady_now()), nullptr);
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
    EXPECT_EQ(site.caches[0]->find_near("a", base::steady_now()), nullptr);
    EXPECT_EQ(site.shared.copy("a", base::steady_now()), nullptr) << "below the floor";
    site.settle();
    EXPECT_TRUE(*acknowledged);
    const auto later = site.read(0, "a");
    site.release_all();
    EXPECT_EQ(later->version(), 2);
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
            const auto entry = cache->find_near("a", base::steady_now());
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
    ASSERT_NE(site.caches[0]->find_near("a", base::steady_now()), nullptr);
    site.caches[0]->drop("a", 4);
    EXPECT_EQ(site.caches[0]->find_near("a", base::steady_now()), nullptr);
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
        EXPECT_EQ(site.caches[0]->find_near("a", base::steady_now()) != nullptr, version >= 3) << "version " << version;
    }
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
