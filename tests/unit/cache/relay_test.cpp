#include "cache/relay.hpp"

#include "base/error.hpp"
#include "cache/trust.hpp"
#include "support/run.hpp"

#include <algorithm>
#include <functional>
#include <optional>
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
        steps.list = [this](base::Milliseconds age, int limit) -> base::Awaitable<model::Undelivered> {
            ages.push_back(age);
            before_list();
            const auto end = rows.begin() + std::min(static_cast<std::ptrdiff_t>(rows.size()), std::ptrdiff_t{limit});
            co_return model::Undelivered{{rows.begin(), end}, in_force};
        };
        steps.forget = [this](model::NumbersById floors, model::CacheServer told) -> base::Awaitable<void> {
            log.push_back("forget");
            before_forget();
            std::sort(floors.begin(), floors.end());
            forgotten.push_back(floors);
            if (told.run_id != in_force.run_id || told.epoch != in_force.epoch) co_return;
            for (const auto& done : floors) {
                std::erase_if(
                    rows, [&done](const auto& row) { return row.first == done.first && row.second <= done.second; });
            }
        };
        steps.set_in_force = [this](std::string run_id, model::CacheServer known) -> base::Awaitable<void> {
            if (known.epoch != in_force.epoch) co_return;
            if (in_force.epoch == 0 || in_force.run_id != run_id) ++in_force.epoch;
            in_force.run_id = run_id;
            in_force.unseen = 0ms;
            ++words;
        };
        steps.heed = [this](const std::string& id, std::int64_t floor) {
            log.push_back("heed " + id);
            heeded.emplace_back(id, floor);
        };
        steps.deliver = [this](std::string id, std::int64_t floor) -> base::Awaitable<void> {
            log.push_back("deliver " + id);
            before_deliver();
            delivered.emplace_back(id, floor);
            on_delivery(id, floor);
            co_return;
        };
        steps.server = [this] { return server; };
        steps.on_look = [this] { on_look(); };
        steps.on_disagreement = [this](bool disagrees) { disagreements.push_back(disagrees); };
        steps.now = [this] { return now; };
        return steps;
    }

    model::NumbersById rows;
    model::CacheServer in_force{"server", 1};
    std::string server = "server";
    base::SteadyTime now = base::steady_now();  ///< stands still unless a test moves it
    std::function<void()> before_list = [] {};
    std::function<void()> before_forget = [] {};
    std::function<void()> before_deliver = [] {};
    std::function<void(const std::string&, std::int64_t)> on_delivery;
    std::function<void()> on_look;
    std::vector<base::Milliseconds> ages;
    std::vector<std::string> log;  ///< what is heeded, delivered and removed, in that order
    model::NumbersById heeded, delivered;
    std::vector<model::NumbersById> forgotten;
    std::vector<bool> disagreements;
    int words = 0;  ///< about who is in force
};

class RelayTest : public testing::Test {
  protected:
    RelayTest() {
        outbox.before_list = [this] { trusted_at_list.push_back(relay.trusts_redis()); };
        outbox.on_delivery = [this](const std::string& id, std::int64_t floor) {
            relay.delivered(id, floor, outbox.server);
        };
        outbox.on_look = [this] { beat(); };
    }
    ~RelayTest() override {
        outbox.before_list = outbox.before_forget = outbox.before_deliver = [] {};  // they may refer to what is gone
        relay.stop();
        context.restart();
        context.run_for(test::kPatience);  // until nothing is left to do
    }
    void start() {
        for (int i = 0; i < 2; ++i) {
            asio::co_spawn(context, i == 0 ? relay.run() : relay.run_errands(), [this](std::exception_ptr error) {
                ++ended;
                EXPECT_TRUE(error == nullptr);
            });
        }
    }
    /// A heartbeat is answered at once.
    std::optional<Proof> beat(const std::string& server = "server", std::uint64_t connection = 1) {
        return relay.proven(outbox.now, server, connection);
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
    void run_lists(std::size_t more) { run_until_lists(outbox.ages.size() + more); }
    void run_until_trusted() {
        run_until([this] { return relay.trusts_redis(); });
    }
    static void fail() { throw base::Unavailable{"away"}; }

    asio::io_context context{1};
    FakeOutbox outbox;
    Relay relay{context.get_executor(), outbox.steps()};
    std::vector<bool> trusted_at_list;
    int ended = 0;
};

TEST_F(RelayTest, HeedsAndDeliversWhatIsInTheOutboxAndThenForgetsIt) {
    outbox.rows = {{"a", 2}};
    start();
    run_until_trusted();
    run_until([this] { return outbox.rows.empty(); });
    EXPECT_EQ(outbox.log.front(), "heed a");
    EXPECT_EQ(outbox.log.back(), "forget");
    EXPECT_EQ(outbox.heeded, outbox.delivered);
    EXPECT_EQ(outbox.delivered.front(), (model::NumbersById::value_type{"a", 2}));
    const std::size_t delivered = outbox.delivered.size(), forgotten = outbox.forgotten.size();
    run_lists(3);
    EXPECT_EQ(outbox.delivered.size(), delivered);
    EXPECT_EQ(outbox.forgotten.size(), forgotten) << "with nothing to forget the store is left alone";
}

TEST_F(RelayTest, OfTheFloorsOfOneIdTheHighestIsDelivered) {
    outbox.rows = {{"a", 2}, {"b", 7}, {"a", 5}, {"a", 3}};
    start();
    run_until([this] { return outbox.rows.empty(); });
    model::NumbersById delivered = outbox.delivered;
    std::sort(delivered.begin(), delivered.end());
    delivered.erase(std::unique(delivered.begin(), delivered.end()), delivered.end());
    EXPECT_EQ(delivered, (model::NumbersById{{"a", 5}, {"b", 7}}));
    for (const model::NumbersById& forgotten : outbox.forgotten)
        EXPECT_EQ(forgotten, (model::NumbersById{{"a", 5}, {"b", 7}}));
}

TEST_F(RelayTest, RedisIsNotBelievedBeforeAWholePassUnderThisReign) {
    EXPECT_FALSE(relay.trusts_redis());
    start();
    run_until_lists(3);
    EXPECT_EQ(trusted_at_list, (std::vector<bool>{false, false, true})) << "the first tells who is in force";
    EXPECT_EQ(relay.belief()->reign, (Reign{"server", 1}));
}

TEST_F(RelayTest, ALookAndAHeartbeatAfterItProveWhatWasCommittedBeforeTheLook) {
    const base::SteadyTime start_time = outbox.now;
    outbox.on_look = [] {};
    outbox.before_list = [this] { outbox.now += 100ms; };  // as long as a look takes
    start();
    run_until_lists(3);
    ASSERT_EQ(outbox.ages, (std::vector<base::Milliseconds>{0ms, 0ms, 30ms}));
    const base::SteadyTime late = outbox.now;
    outbox.now = start_time + 150ms;
    const auto early = beat();
    ASSERT_TRUE(early);
    EXPECT_EQ(early->complete, base::SteadyTime{}) << "the heartbeat was sent before the look had ended";
    outbox.now = late;
    const auto proof = beat();
    ASSERT_TRUE(proof);
    EXPECT_EQ(proof->complete, start_time + 200ms - 30ms) << "where the third look began, but what that left alone";
    EXPECT_EQ(proof->heard, late);
    EXPECT_EQ(proof->stand, early->stand);
    run_lists(1);
    EXPECT_EQ(beat()->complete, start_time + 300ms - 30ms);
}

TEST_F(RelayTest, WhenTheProofRunsOutRedisIsNotBelievedUntilTheNext) {
    start();
    run_until_trusted();
    outbox.on_look = [] {};
    outbox.now += Trust::kSilenceMax;
    EXPECT_FALSE(relay.trusts_redis());
    run_lists(2);
    EXPECT_FALSE(relay.trusts_redis()) << "without a heartbeat";
    beat();
    EXPECT_TRUE(relay.trusts_redis()) << "nothing has failed";
}

TEST_F(RelayTest, AHeartbeatAloneIsEnoughOnlyWithoutTheStore) {
    start();
    run_until_trusted();
    outbox.before_list = [] { fail(); };
    outbox.now += Trust::kSilenceMax;
    beat();
    EXPECT_FALSE(relay.belief());
    ASSERT_TRUE(relay.belief_without_store());
    EXPECT_EQ(relay.belief_without_store()->as_of, outbox.now);
    outbox.now += Trust::kSilenceMax;
    EXPECT_FALSE(relay.belief_without_store());
}

TEST_F(RelayTest, AStoreThatAnswersNothingForLongIsAway) {
    start();
    run_until_trusted();
    outbox.before_list = [this] {
        trusted_at_list.push_back(relay.trusts_redis());
        fail();
    };
    run_lists(3);
    outbox.now += Relay::kStoreGoneAfter - 1ms;
    run_lists(2);
    beat();
    EXPECT_FALSE(relay.trusts_redis()) << "it may be slow";
    outbox.now += 1ms;
    run_lists(2);
    beat();
    EXPECT_TRUE(relay.trusts_redis());
    outbox.before_list = [] {};
    run_lists(2);
    outbox.on_look = [] {};
    outbox.now += Trust::kSilenceMax;
    run_lists(1);
    outbox.before_list = [] { fail(); };
    outbox.now += Relay::kStoreGoneAfter;
    run_lists(1);
    beat();
    EXPECT_FALSE(relay.trusts_redis()) << "a single look proves nothing, however long it took";
}

TEST_F(RelayTest, WhatAnotherServerOrAnotherConnectionSaysIsNotTheSame) {
    start();
    run_until_trusted();
    const auto first = beat();
    EXPECT_FALSE(beat("another"));
    EXPECT_FALSE(beat(""));
    EXPECT_EQ(beat()->stand, first->stand);
    EXPECT_NE(beat("server", 2)->stand, first->stand);
    EXPECT_NE(beat("server", 1)->stand, first->stand) << "it is not taken up again";
}

TEST_F(RelayTest, WithAnotherServerThanTheOneInForceNothingIsBelievedHeededOrForgotten) {
    outbox.in_force = {"another", 7};
    outbox.rows = {{"a", 2}};
    start();
    relay.delivered("a", 2, "server");
    run_until_lists(5);
    EXPECT_FALSE(relay.belief() || relay.belief_without_store());
    EXPECT_FALSE(beat() || beat("another"));
    EXPECT_TRUE(outbox.forgotten.empty() && outbox.delivered.empty());
    EXPECT_EQ(outbox.words, 0);
    outbox.server = "another";
    outbox.on_look = [this] { beat("another"); };
    run_until_trusted();
    EXPECT_EQ(relay.belief()->reign, (Reign{"another", 7}));
    EXPECT_EQ(outbox.delivered.front(), (model::NumbersById::value_type{"a", 2}));
}

TEST_F(RelayTest, AServerThatNobodySpeaksForIsReplacedAndTheOutboxDeliveredToTheNew) {
    outbox.in_force = {"another", 7, 0, Agreement::kGoneAfter};
    outbox.rows = {{"a", 2}};
    start();
    run_until_trusted();
    EXPECT_EQ(relay.belief()->reign, (Reign{"server", 8}));
    run_until([this] { return outbox.rows.empty(); });
    EXPECT_FALSE(outbox.delivered.empty());
    EXPECT_TRUE(outbox.disagreements.empty());
}

TEST_F(RelayTest, AReignThatEndsTakesItsNotesAndItsProofsWithIt) {
    start();
    run_until_trusted();
    const auto before = beat();
    outbox.rows = {{"a", 2}};
    relay.delivered("a", 2, "server");
    outbox.in_force = {"another", 2};
    run_lists(2);
    EXPECT_FALSE(relay.belief() || relay.belief_without_store() || beat());
    EXPECT_EQ(outbox.rows.size(), 1u) << "who is in force now has not been told";
    outbox.in_force = {"server", 3};
    run_until_trusted();
    EXPECT_EQ(relay.belief()->reign, (Reign{"server", 3}));
    EXPECT_NE(beat()->stand, before->stand);
    EXPECT_EQ(outbox.delivered.front(), (model::NumbersById::value_type{"a", 2}));
    run_until([this] { return outbox.rows.empty(); });
}

TEST_F(RelayTest, WhatAWorkerHasToldAnotherServerIsMadeUpFor) {
    start();
    run_until_trusted();
    for (const char* told : {"another", ""}) {
        relay.delivered("a", 2, told);
        EXPECT_FALSE(relay.trusts_redis());
        run_until_trusted();
    }
    EXPECT_TRUE(outbox.forgotten.empty());
}

TEST_F(RelayTest, WithNoneInForceTheOutboxIsLetGo) {
    outbox.server = "";
    outbox.in_force = {"", 4};
    outbox.rows = {{"a", 2}};
    start();
    run_until([this] { return outbox.rows.empty(); });
    EXPECT_TRUE(outbox.delivered.empty());
    EXPECT_FALSE(relay.trusts_redis());
}

TEST_F(RelayTest, ADisagreementIsToldOnce) {
    outbox.in_force = {"another", 7};
    start();
    run_until_lists(2);
    for (int second = 0; second < 10; ++second) {
        outbox.now += 1s;
        ++outbox.in_force.seen_at;
        run_lists(2);
    }
    EXPECT_EQ(outbox.disagreements, std::vector<bool>{true});
    EXPECT_TRUE(relay.disagrees());
    outbox.server = "another";
    run_lists(2);
    EXPECT_EQ(outbox.disagreements, (std::vector<bool>{true, false}));
}

TEST_F(RelayTest, WhileItRecoversItTakesEvenTheYoungestAndLaterLeavesThemToTheirWriter) {
    start();
    run_until_lists(3);
    relay.distrust();
    run_until_lists(5);
    EXPECT_EQ(outbox.ages, (std::vector<base::Milliseconds>{0ms, 0ms, 30ms, 0ms, 30ms}));
}

TEST_F(RelayTest, AfterAFailureRedisIsNotBelievedUntilAWholePassHasBeenMade) {
    start();
    run_until_trusted();
    const std::size_t lists = outbox.ages.size();
    relay.distrust();
    EXPECT_FALSE(relay.trusts_redis());
    run_until_trusted();
    EXPECT_EQ(outbox.ages.size(), lists + 1);
}

TEST_F(RelayTest, AFailureDuringAPassMakesAnotherOneNecessary) {
    start();
    run_until_trusted();
    trusted_at_list.clear();
    outbox.rows = {{"a", 2}};
    int deliveries = 0;
    outbox.before_deliver = [&] {
        if (deliveries++ == 0) relay.distrust();
    };
    run_until([&] { return deliveries > 0; });
    run_until_trusted();
    EXPECT_EQ(trusted_at_list.back(), false);
}

/// The step that fails, a few times, before all goes well.
class FailingStep : public RelayTest, public testing::WithParamInterface<std::function<void()> FakeOutbox::*> {};

TEST_P(FailingStep, LeavesTheRowsUntilItSucceeds) {
    constexpr int kFailures = 3;
    int calls = 0;
    const std::function<void()> before = outbox.*GetParam();
    outbox.*GetParam() = [&] {
        before();
        if (calls < kFailures) {
            EXPECT_EQ(outbox.rows.size(), 2u);
        }
        if (++calls <= kFailures) fail();
    };
    outbox.rows = {{"a", 2}, {"b", 3}};
    start();
    run_until([&] { return calls == kFailures; });
    EXPECT_EQ(outbox.rows.size(), 2u);
    if (GetParam() != &FakeOutbox::before_forget) {
        EXPECT_FALSE(relay.trusts_redis());
    }
    run_until_trusted();
    run_until([this] { return outbox.rows.empty(); });
}
INSTANTIATE_TEST_SUITE_P(, FailingStep,
                         testing::Values(&FakeOutbox::before_list, &FakeOutbox::before_deliver,
                                         &FakeOutbox::before_forget),
                         [](const auto& test) {
                             const auto step = test.param;
                             if (step == &FakeOutbox::before_list) return std::string{"List"};
                             return std::string{step == &FakeOutbox::before_deliver ? "Deliver" : "Forget"};
                         });

TEST_F(RelayTest, WhatIsLeftBeyondTheLimitIsMadeUpForBeforeAnythingIsBelieved) {
    constexpr int kRows = Relay::kDeliveredAtOnceMax + 1;
    for (int i = 0; i < kRows; ++i) outbox.rows.emplace_back(std::to_string(i), 2);
    bool whole = true;
    outbox.on_look = [&] {
        whole = whole && outbox.rows.size() < Relay::kDeliveredAtOnceMax;
        beat();
    };
    start();
    run_until_trusted();
    EXPECT_TRUE(whole);
    run_until([this] { return outbox.rows.empty(); });
}

TEST_F(RelayTest, WhatTheInstanceHasDeliveredItselfIsForgottenInOneGo) {
    start();
    run_until_trusted();
    outbox.rows = {{"a", 2}, {"a", 3}, {"b", 1}, {"c", 1}};
    relay.delivered("a", 3, "server");
    relay.delivered("b", 1, "server");
    relay.delivered("a", 2, "server");
    run_until([this] { return !outbox.forgotten.empty(); });
    for (const auto& own : model::NumbersById{{"a", 3}, {"b", 1}}) {
        EXPECT_EQ(std::count(outbox.forgotten[0].begin(), outbox.forgotten[0].end(), own), 1);
    }
    run_until([this] { return outbox.rows.empty(); });
}

TEST_F(RelayTest, NotesOfOwnDeliveriesAreBounded) {
    start();
    run_until_trusted();
    for (std::size_t i = 0; i < Relay::kDeliveredMax + 10; ++i) relay.delivered(std::to_string(i), 2, "server");
    run_until([this] { return !outbox.forgotten.empty(); });
    EXPECT_EQ(outbox.forgotten[0].size(), Relay::kDeliveredMax);
}

TEST_F(RelayTest, AStopEndsItAtOnce) {
    start();
    run_until_lists(1);
    relay.stop();
    run_until([this] { return ended == 2; });
    const std::size_t lists = outbox.ages.size();
    context.restart();
    context.poll();
    EXPECT_EQ(outbox.ages.size(), lists);
}

}  // namespace
}  // namespace snippetd::cache
