#include "views/drainer.hpp"

#include "base/error.hpp"
#include "support/run.hpp"

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/this_coro.hpp>
#include <gtest/gtest.h>

namespace snippetd::views {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;

/// A store with a ledger that fails when it is told to, before the batch is applied or after (the answer is lost).
struct FakeStore {
    enum class Fault { none, refused, answer_lost };

    base::Awaitable<model::NumbersById> apply(std::string batch_id, model::NumbersById counts) {
        ++calls;
        batch_ids.push_back(batch_id);
        const Fault fault = next_fault();
        if (fault == Fault::refused) throw base::Unavailable{"refused"};
        model::NumbersById answer;
        if (ledger.insert(batch_id).second) {
            for (const auto& [id, count] : counts) answer.emplace_back(id, totals[id] += count);
        }
        if (fault == Fault::answer_lost) throw base::Unavailable{"the answer is lost"};
        co_return answer;
    }

    std::function<Fault()> next_fault = [] { return Fault::none; };
    int calls = 0;
    std::vector<std::string> batch_ids;
    std::set<std::string> ledger;
    std::map<std::string, std::int64_t> totals;
};

using Fault = FakeStore::Fault;

class DrainerTest : public testing::Test {
  protected:
    /// Runs what is ready on this thread until the coroutine has ended.
    template <class T>
    T run(base::Awaitable<T> coroutine) {
        std::optional<T> result;
        std::exception_ptr error;
        asio::co_spawn(context, std::move(coroutine), [&](std::exception_ptr why, T value) {
            error = why;
            result = value;
        });
        context.restart();
        context.run_for(test::kPatience);
        if (error) std::rethrow_exception(error);
        return result.value();
    }
    bool flush() { return run(drainer.flush()); }
    /// Stops the drainer once what is run next has come to its first wait.
    void stop_soon() {
        asio::post(context,
                   [this] { asio::post(context, [this] { asio::post(context, [this] { drainer.stop(); }); }); });
    }
    void record(const char* id, int times = 1) {
        for (int i = 0; i < times; ++i) {
            recorder.record(id);
            ++recorded[id];
        }
    }

    asio::io_context context{1};
    base::Metrics metrics;
    Tally tally{metrics};
    Recorder recorder{tally};
    FakeStore store;
    std::vector<model::NumbersById> published;
    std::function<void()> before_collect = [] {};
    std::function<void()> before_publish = [] {};
    Drainer::Steps steps{[this]() -> base::Awaitable<model::NumbersById> {
                             before_collect();
                             co_return recorder.take();
                         },
                         [this](std::string batch_id, model::NumbersById counts) {
                             return store.apply(std::move(batch_id), std::move(counts));
                         },
                         [this](model::NumbersById totals) -> base::Awaitable<void> {
                             before_publish();
                             published.push_back(std::move(totals));
                             co_return;
                         }};
    Drainer drainer{context.get_executor(), steps, tally};
    std::map<std::string, std::int64_t> recorded;
};

TEST_F(DrainerTest, MovesEverythingInOneBatchAndPublishesTheTotals) {
    record("a", 3);
    record("b");
    EXPECT_TRUE(flush());
    EXPECT_EQ(store.calls, 1);
    EXPECT_EQ(store.totals, recorded);
    ASSERT_EQ(published.size(), 1u);
    EXPECT_EQ((std::map<std::string, std::int64_t>{published[0].begin(), published[0].end()}), recorded);
    EXPECT_EQ(tally.applied.value(), 4u);
    EXPECT_EQ(tally.batches.value(), 1u);
}

TEST_F(DrainerTest, WithNothingToDoItLeavesTheStoreAlone) {
    EXPECT_TRUE(flush());
    EXPECT_EQ(store.calls, 0);
    EXPECT_TRUE(published.empty());
}

TEST_F(DrainerTest, EachBatchHasAnIdOfItsOwn) {
    record("a");
    flush();
    record("a");
    flush();
    ASSERT_EQ(store.batch_ids.size(), 2u);
    EXPECT_NE(store.batch_ids[0], store.batch_ids[1]);
    EXPECT_GE(store.batch_ids[0].size(), 20u);
    EXPECT_EQ(store.totals["a"], 2);
}

TEST_F(DrainerTest, AfterALostAnswerTheSameBatchIsGivenAgainAndLaterViewsComeBehindIt) {
    record("a", 2);
    store.next_fault = [] { return Fault::answer_lost; };
    EXPECT_FALSE(flush());
    record("a", 5);
    record("b");
    store.next_fault = [] { return Fault::none; };
    EXPECT_TRUE(flush());
    ASSERT_EQ(store.batch_ids.size(), 3u);
    EXPECT_EQ(store.batch_ids[1], store.batch_ids[0]);
    EXPECT_NE(store.batch_ids[2], store.batch_ids[0]);
    EXPECT_EQ(store.totals, recorded);
    EXPECT_EQ(tally.applied.value(), 8u);
}

/// Rounds of recording and flushing in which the store fails at the calls that `faulty` names.
struct Scenario {
    Fault fault;
    bool burst;  ///< the n-th call and all from there until as many have failed, instead of the n-th alone
};

class DrainerFaults : public DrainerTest, public testing::WithParamInterface<Scenario> {};

TEST_P(DrainerFaults, ForEveryFailingCallNothingIsLostAndNothingCountedTwice) {
    const Scenario scenario = GetParam();
    constexpr int kRounds = 4;
    bool went_through = false;
    for (int n = 1; !went_through; ++n) {
        ASSERT_LT(n, 50) << "the run never succeeds";
        Drainer own{context.get_executor(), steps, tally};
        store = FakeStore{};
        recorded.clear();
        int failures = 0;
        store.next_fault = [&] {
            const bool fails = scenario.burst ? store.calls >= n && failures < 3 : store.calls == n;
            failures += fails;
            return fails ? scenario.fault : Fault::none;
        };
        bool clean = true;
        for (int round = 0; round < kRounds; ++round) {
            record("a", round + 1);
            record(round % 2 ? "b" : "c");
            clean = run(own.flush());
        }
        went_through = failures == 0;
        for (int extra = 0; !clean && extra < 10; ++extra) clean = run(own.flush());
        ASSERT_TRUE(clean) << "n " << n;
        ASSERT_EQ(store.totals, recorded) << "n " << n;
        ASSERT_EQ(recorder.take(), model::NumbersById{});
        // One id is one batch, however often it was given.
        ASSERT_EQ(std::set<std::string>(store.batch_ids.begin(), store.batch_ids.end()), store.ledger) << "n " << n;
    }
    EXPECT_EQ(tally.dropped.value(), 0u);
    EXPECT_EQ(tally.applied.value(), tally.recorded.value());
}
INSTANTIATE_TEST_SUITE_P(, DrainerFaults,
                         testing::Values(Scenario{Fault::refused, false}, Scenario{Fault::answer_lost, false},
                                         Scenario{Fault::refused, true}, Scenario{Fault::answer_lost, true}),
                         [](const auto& test) {
                             return std::string{test.param.fault == Fault::refused ? "Refused" : "AnswerLost"} +
                                    (test.param.burst ? "ThreeTimes" : "Once");
                         });

TEST_F(DrainerTest, AFailingCollectionLosesNothingThatIsGathered) {
    record("a", 2);
    store.next_fault = [] { return Fault::refused; };
    EXPECT_FALSE(flush());
    before_collect = [] { throw base::Unavailable{"no worker answers"}; };
    EXPECT_FALSE(flush());
    before_collect = [] {};
    store.next_fault = [] { return Fault::none; };
    EXPECT_TRUE(flush());
    EXPECT_EQ(store.totals, recorded);
}

TEST_F(DrainerTest, AFailingPublicationDoesNotCountTheBatchAgain) {
    record("a", 2);
    before_publish = [] { throw std::runtime_error{"no worker listens"}; };
    flush();
    before_publish = [] {};
    record("b");
    EXPECT_TRUE(flush());
    EXPECT_EQ(store.totals, recorded);
    EXPECT_EQ(tally.applied.value(), 3u);
}

TEST_F(DrainerTest, BeyondTheBoundIdsOfANewCollectionAreDroppedAndCountedAsSuch) {
    // Collections come from many workers, so they can be larger than what one recorder holds.
    model::NumbersById collection{{"first", 1}};
    std::size_t ids_applied = 0;
    std::int64_t views_of_7 = 0;
    bool away = true;
    Drainer::Steps own = steps;
    own.collect = [&collection]() -> base::Awaitable<model::NumbersById> { co_return std::exchange(collection, {}); };
    own.apply = [&](std::string, model::NumbersById counts) -> base::Awaitable<model::NumbersById> {
        if (away) throw base::Unavailable{"refused"};
        ids_applied += counts.size();
        for (const auto& [id, count] : counts) views_of_7 += id == "7" ? count : 0;
        co_return model::NumbersById{};
    };
    Drainer bounded{context.get_executor(), own, tally};
    EXPECT_FALSE(run(bounded.flush()));  // this waits as a batch now
    for (std::size_t i = 0; i < Drainer::kGatheredIdsMax; ++i) collection.emplace_back(std::to_string(i), 1);
    EXPECT_FALSE(run(bounded.flush()));  // and these gather behind it, as many as may
    EXPECT_EQ(tally.dropped.value(), 0u);
    collection = {{"one more", 5}, {"7", 2}};
    EXPECT_FALSE(run(bounded.flush()));
    EXPECT_EQ(tally.dropped.value(), 5u);
    away = false;
    EXPECT_TRUE(run(bounded.flush()));
    EXPECT_EQ(ids_applied, 1 + Drainer::kGatheredIdsMax);
    EXPECT_EQ(views_of_7, 3) << "an id that is here goes on counting";
}

TEST_F(DrainerTest, DroppedViewsAreNoLongerPending) {
    // They were recorded and never reach the store; an operator who waits for 0 must not wait for ever.
    Drainer::Steps own = steps;
    model::NumbersById collection;
    for (std::size_t i = 0; i <= Drainer::kGatheredIdsMax; ++i) collection.emplace_back(std::to_string(i), 1);
    tally.recorded.add(collection.size());
    own.collect = [&collection]() -> base::Awaitable<model::NumbersById> { co_return std::exchange(collection, {}); };
    own.apply = [](std::string, model::NumbersById) -> base::Awaitable<model::NumbersById> {
        co_return model::NumbersById{};
    };
    Drainer bounded{context.get_executor(), own, tally};
    EXPECT_TRUE(run(bounded.flush()));
    EXPECT_EQ(tally.dropped.value(), 1u);
    EXPECT_NE(metrics.text().find("snippetd_views_pending 0\n"), std::string::npos) << metrics.text();
}

TEST_F(DrainerTest, RunFlushesAtEachIntervalAndALastTimeAfterStop) {
    record("a");
    int flushes = 0;
    before_collect = [&] {
        if (++flushes == 3) {
            // Everything the drainer does is on this thread: what comes here is behind the third collection.
            asio::post(context, [this] {
                record("b");
                drainer.stop();
            });
        }
    };
    EXPECT_TRUE(run(drainer.run(1ms)));
    EXPECT_EQ(store.totals, recorded);
    EXPECT_GE(flushes, 4);
}

TEST_F(DrainerTest, StopDuringAFlushStillFlushesWhatCameMeanwhile) {
    record("a");
    Drainer::Steps own = steps;
    Drainer* stopped = nullptr;
    own.apply = [this, &stopped](std::string batch_id, model::NumbersById counts) {
        if (stopped) {
            // A reader comes while the batch is under way, and then the order to stop.
            record("b");
            std::exchange(stopped, nullptr)->stop();
        }
        return store.apply(std::move(batch_id), std::move(counts));
    };
    Drainer busy{context.get_executor(), own, tally};
    stopped = &busy;
    EXPECT_TRUE(run(busy.run(1ms)));
    EXPECT_EQ(store.totals, recorded);
}

TEST_F(DrainerTest, StopBeforeTheIntervalIsOverDoesNotWaitForIt) {
    record("a");
    stop_soon();
    EXPECT_TRUE(run(drainer.run(1h)));
    EXPECT_EQ(store.totals, recorded);
}

TEST_F(DrainerTest, RunSaysWhenTheLastFlushHasLeftSomething) {
    record("a");
    store.next_fault = [] { return Fault::refused; };
    stop_soon();
    EXPECT_FALSE(run(drainer.run(1h)));
}

}  // namespace
}  // namespace snippetd::views
