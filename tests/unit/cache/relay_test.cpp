#include "cache/relay.hpp"

#include "base/error.hpp"
#include "cache/trust.hpp"
#include "support/run.hpp"

#include <algorithm>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

namespace snippetd::cache {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;

/// A store's outbox and a Redis that takes what is delivered, with a hook before each step.
struct FakeOutbox {
    Relay::Steps steps() {
        Relay::Steps steps;
        steps.list = [this](base::Milliseconds age, int limit) -> base::Awaitable<Floors> {
            ages.push_back(age);
            before_list();
            const auto end = rows.begin() + std::min(static_cast<std::ptrdiff_t>(rows.size()), std::ptrdiff_t{limit});
            co_return Floors{rows.begin(), end};
        };
        steps.forget = [this](Floors floors) -> base::Awaitable<void> {
            log.push_back("forget");
            before_forget();
            for (const auto& done : floors) {
                std::erase_if(
                    rows, [&done](const auto& row) { return row.first == done.first && row.second <= done.second; });
            }
            std::sort(floors.begin(), floors.end());
            forgotten.push_back(std::move(floors));
            co_return;
        };
        steps.deliver = [this](std::string id, std::int64_t floor) -> base::Awaitable<void> {
            log.push_back("deliver " + id);
            before_deliver();
            delivered.emplace_back(std::move(id), floor);
            co_return;
        };
        return steps;
    }

    Floors rows;
    std::function<void()> before_list = [] {};
    std::function<void()> before_forget = [] {};
    std::function<void()> before_deliver = [] {};
    std::vector<base::Milliseconds> ages;
    std::vector<std::string> log;  ///< deliveries and removals in their order
    Floors delivered;
    std::vector<Floors> forgotten;
};

class RelayTest : public testing::Test {
  protected:
    RelayTest() {
        // A proof of a time still to come: it does not grow old while a test runs.
        relay.proven(base::steady_now() + 1h);
        outbox.before_list = [this] { trusted_at_list.push_back(relay.trusts_redis()); };
    }
    ~RelayTest() override {
        outbox.before_list = outbox.before_forget = outbox.before_deliver = [] {};  // they may refer to what is gone
        relay.stop();
        context.restart();
        context.run_for(test::kPatience);  // until nothing is left to do
    }
    void start() {
        asio::co_spawn(context, relay.run(), [this](std::exception_ptr error) {
            ended = true;
            EXPECT_TRUE(error == nullptr);
        });
    }
    /// Runs one thing after the other until the condition holds.
    void run_until(const std::function<bool()>& condition) {
        const base::SteadyTime end = base::steady_now() + test::kPatience;
        while (!condition()) {
            if (base::steady_now() > end) throw test::TooSlow{};
            context.restart();
            context.run_one_for(1s);
        }
    }
    void run_until_lists(std::size_t count) {
        run_until([this, count] { return outbox.ages.size() >= count; });
    }
    void run_until_trusted() {
        run_until([this] { return relay.trusts_redis(); });
    }
    static void fail() { throw base::Unavailable{"away"}; }

    asio::io_context context{1};
    FakeOutbox outbox;
    Relay relay{context.get_executor(), outbox.steps()};
    std::vector<bool> trusted_at_list;
    bool ended = false;
};

TEST_F(RelayTest, DeliversWhatIsInTheOutboxAndThenForgetsIt) {
    outbox.rows = {{"a", 2}};
    start();
    run_until_trusted();
    EXPECT_EQ(outbox.delivered, (Floors{{"a", 2}}));
    EXPECT_EQ(outbox.log, (std::vector<std::string>{"deliver a", "forget"}));
    EXPECT_TRUE(outbox.rows.empty());
    run_until_lists(3);
    EXPECT_EQ(outbox.delivered.size(), 1u);
    EXPECT_EQ(outbox.forgotten.size(), 1u) << "with nothing to forget the store is left alone";
}

TEST_F(RelayTest, OfTheFloorsOfOneIdTheHighestIsDelivered) {
    outbox.rows = {{"a", 2}, {"b", 7}, {"a", 5}, {"a", 3}};
    start();
    run_until_trusted();
    std::sort(outbox.delivered.begin(), outbox.delivered.end());
    EXPECT_EQ(outbox.delivered, (Floors{{"a", 5}, {"b", 7}}));
    ASSERT_EQ(outbox.forgotten.size(), 1u);
    EXPECT_EQ(outbox.forgotten[0], (Floors{{"a", 5}, {"b", 7}}));
    EXPECT_TRUE(outbox.rows.empty());
}

TEST_F(RelayTest, RedisIsNotBelievedBeforeTheFirstWholePass) {
    EXPECT_FALSE(relay.trusts_redis());
    start();
    run_until_lists(2);
    EXPECT_EQ(trusted_at_list, (std::vector<bool>{false, true}));
}

TEST_F(RelayTest, WithoutAProofNothingIsBelievedAndNoPassIsMade) {
    relay.proven(base::steady_now() - Trust::kSilenceMax);
    start();
    // A note of an own delivery is taken at every turn, which tells the turns; four of them are a look's time.
    for (std::size_t turn = 1; turn <= 10; ++turn) {
        relay.delivered("a", 1);
        run_until([this, turn] { return outbox.forgotten.size() == turn; });
    }
    EXPECT_TRUE(outbox.ages.empty());
    EXPECT_FALSE(relay.trusts_redis());
    relay.proven(base::steady_now() + 1h);
    run_until_trusted();
    EXPECT_EQ(outbox.ages.size(), 1u);
}

TEST_F(RelayTest, WhenTheProofRunsOutRedisIsNotBelievedUntilTheNext) {
    start();
    run_until_trusted();
    relay.proven(base::steady_now() - Trust::kSilenceMax);
    EXPECT_FALSE(relay.trusts_redis());
    relay.proven(base::steady_now() + 1h);
    EXPECT_TRUE(relay.trusts_redis()) << "nothing has failed";
}

TEST_F(RelayTest, WhileItRecoversItTakesEvenTheYoungestAndLaterLeavesThemToTheirWriter) {
    start();
    run_until_lists(3);
    relay.distrust();
    run_until_lists(5);
    EXPECT_EQ(outbox.ages, (std::vector<base::Milliseconds>{0ms, 30ms, 30ms, 0ms, 30ms}));
}

TEST_F(RelayTest, AfterAFailureRedisIsNotBelievedUntilAWholePassHasBeenMade) {
    start();
    run_until_trusted();
    relay.distrust();
    EXPECT_FALSE(relay.trusts_redis());
    run_until_trusted();
    EXPECT_EQ(trusted_at_list, (std::vector<bool>{false, false}));
}

TEST_F(RelayTest, AFailureDuringAPassMakesAnotherOneNecessary) {
    outbox.rows = {{"a", 2}};
    outbox.before_deliver = [this] { relay.distrust(); };
    start();
    run_until_lists(3);
    EXPECT_EQ(trusted_at_list, (std::vector<bool>{false, false, true}));
    EXPECT_EQ(outbox.delivered.size(), 1u);
}

/// The step that fails, a few times, before all goes well.
class FailingStep : public RelayTest, public testing::WithParamInterface<std::function<void()> FakeOutbox::*> {};

TEST_P(FailingStep, LeavesTheRowsAndTheDistrustUntilItSucceeds) {
    constexpr int kFailures = 3;
    int calls = 0;
    const std::function<void()> before = outbox.*GetParam();
    outbox.*GetParam() = [&] {
        before();
        EXPECT_EQ(outbox.rows.size(), 2u);
        EXPECT_FALSE(relay.trusts_redis());
        if (++calls <= kFailures) fail();
    };
    outbox.rows = {{"a", 2}, {"b", 3}};
    start();
    run_until([&] { return calls == kFailures; });
    EXPECT_EQ(outbox.rows.size(), 2u);
    run_until_trusted();
    EXPECT_TRUE(outbox.rows.empty());
    EXPECT_EQ(outbox.ages.size(), kFailures + 1u) << "each was a pass of its own";
}
INSTANTIATE_TEST_SUITE_P(, FailingStep,
                         testing::Values(&FakeOutbox::before_list, &FakeOutbox::before_deliver,
                                         &FakeOutbox::before_forget),
                         [](const auto& test) {
                             const auto step = test.param;
                             if (step == &FakeOutbox::before_list) return std::string{"List"};
                             return std::string{step == &FakeOutbox::before_deliver ? "Deliver" : "Forget"};
                         });

TEST_F(RelayTest, WhatIsLeftBeyondTheLimitIsMadeUpForBeforeRedisIsBelieved) {
    constexpr int kRows = Relay::kDeliveredAtOnceMax + 1;
    for (int i = 0; i < kRows; ++i) outbox.rows.emplace_back(std::to_string(i), 2);
    start();
    run_until_lists(3);
    EXPECT_EQ(trusted_at_list, (std::vector<bool>{false, false, true}));
    EXPECT_EQ(outbox.delivered.size(), static_cast<std::size_t>(kRows));
    EXPECT_TRUE(outbox.rows.empty());
}

TEST_F(RelayTest, WhatTheInstanceHasDeliveredItselfIsForgottenInOneGo) {
    outbox.rows = {{"a", 2}, {"a", 3}, {"b", 1}, {"c", 1}};
    relay.delivered("a", 3);
    relay.delivered("b", 1);
    relay.delivered("a", 2);
    start();
    run_until([this] { return !outbox.forgotten.empty(); });
    EXPECT_EQ(outbox.forgotten[0], (Floors{{"a", 3}, {"b", 1}}));
    run_until_trusted();
    EXPECT_EQ(outbox.delivered, (Floors{{"c", 1}})) << "nothing is delivered twice";
}

TEST_F(RelayTest, NotesOfOwnDeliveriesAreBounded) {
    for (std::size_t i = 0; i < Relay::kDeliveredMax + 10; ++i) relay.delivered(std::to_string(i), 2);
    start();
    run_until([this] { return !outbox.forgotten.empty(); });
    EXPECT_EQ(outbox.forgotten[0].size(), Relay::kDeliveredMax);
}

TEST_F(RelayTest, WhileTheStoreIsAwayWhatRedisHasIsStillBelieved) {
    start();
    run_until_trusted();
    int failures = 0;
    outbox.before_list = [&failures] {
        ++failures;
        fail();
    };
    run_until([&failures] { return failures >= 3; });
    EXPECT_TRUE(relay.trusts_redis());
}

TEST_F(RelayTest, AStopEndsItAtOnce) {
    start();
    run_until_lists(1);
    relay.stop();
    run_until([this] { return ended; });
    const std::size_t lists = outbox.ages.size();
    context.restart();
    context.poll();
    EXPECT_EQ(outbox.ages.size(), lists);
}

}  // namespace
}  // namespace snippetd::cache
