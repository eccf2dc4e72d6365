#include "base/fair_queue.hpp"

#include "support/sanitizer.hpp"

#include <algorithm>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace snippetd::base {
namespace {

using namespace std::chrono_literals;

Admission::Options at_most(std::size_t size) {
    Admission::Options options;
    options.most = size;
    return options;
}

Party party(std::uint64_t client, Work work = Work::read, Standing standing = Standing::anonymous) {
    return {client, work, standing};
}

class FairQueueTest : public testing::Test {
  protected:
    /// What is refused for it, or nothing.
    std::string push(const std::string& item, const Party& whose) {
        const auto refused = queue.push(item, whose, now);
        return refused ? refused->item : "";
    }
    void push_many(const std::string& name, int count, const Party& whose) {
        for (int i = 1; i <= count; ++i) EXPECT_EQ(push(name + std::to_string(i), whose), "");
    }
    std::string pop_all() {
        std::string all;
        while (const auto item = queue.pop(now)) all += (all.empty() ? "" : " ") + *item;
        return all;
    }

    SteadyTime now{1h};
    FairQueue<std::string> queue{at_most(8)};
};

TEST_F(FairQueueTest, OneClientsWorkIsDoneInItsOrder) {
    push_many("a", 4, party(1));
    EXPECT_EQ(queue.size(), 4u);
    EXPECT_EQ(pop_all(), "a1 a2 a3 a4");
    EXPECT_TRUE(queue.empty());
    EXPECT_EQ(queue.pop(now), std::nullopt);
}

TEST_F(FairQueueTest, ClientsTakeTurns) {
    push_many("a", 4, party(1));
    push_many("b", 2, party(2));
    push_many("c", 1, party(3));
    EXPECT_EQ(pop_all(), "a1 b1 c1 a2 b2 a3 a4");
}

TEST_F(FairQueueTest, KindsOfWorkTakeTurnsHoweverManyClientsEachHas) {
    for (std::uint64_t client = 1; client <= 4; ++client) push("r" + std::to_string(client), party(client));
    push_many("l", 2, party(9, Work::list));
    EXPECT_EQ(pop_all(), "r1 l1 r2 l2 r3 r4");
}

TEST_F(FairQueueTest, WhatTookLongerThanATurnIsMadeUpFor) {
    push_many("a", 3, party(1));
    push_many("b", 5, party(2));
    EXPECT_EQ(queue.pop(now), "a1");
    queue.spent(party(1), 4 * FairQueue<std::string>::kTurn);
    EXPECT_EQ(queue.pop(now), "b1");
    queue.spent(party(2), FairQueue<std::string>::kTurn / 10);
    EXPECT_EQ(pop_all(), "b2 b3 b4 a2 b5 a3");
}

TEST_F(FairQueueTest, AKindOfWorkThatTakesLongerIsPassedOverToo) {
    push_many("l", 2, party(1, Work::list));
    push_many("r", 4, party(2));
    EXPECT_EQ(queue.pop(now), "r1");
    EXPECT_EQ(queue.pop(now), "l1");
    queue.spent(party(1, Work::list), 3 * FairQueue<std::string>::kTurn);
    EXPECT_EQ(pop_all(), "r2 r3 r4 l2");
}

TEST_F(FairQueueTest, WhatWasTakenWhenNobodyElseWaitedCostsNothingLater) {
    push_many("a", 4, party(1));
    for (const char* item : {"a1", "a2"}) {
        EXPECT_EQ(queue.pop(now), item);
        queue.spent(party(1), 1h);
    }
    EXPECT_EQ(queue.pop(now), "a3");
    push_many("b", 3, party(2));
    EXPECT_EQ(pop_all(), "a4 b1 b2 b3");
}

TEST_F(FairQueueTest, NobodyIsPassedOverForLongerThanASecond) {
    using Queue = FairQueue<std::string>;
    Queue long_queue{at_most(10'000)};
    for (int i = 0; i < 2; ++i) long_queue.push("slow", party(1), now);
    for (int i = 0; i < 9000; ++i) long_queue.push("quick", party(2), now);
    EXPECT_EQ(long_queue.pop(now), "slow");
    long_queue.spent(party(1), 1h);
    int passed_over = 0;
    while (*long_queue.pop(now) != "slow") ++passed_over;
    EXPECT_EQ(passed_over, 1 + Queue::kDebtMax / Queue::kTurn);
}

TEST_F(FairQueueTest, AClientHasALineForEachKindOfWork) {
    push("read", party(1));
    push("list", party(1, Work::list));
    push("other", party(2));
    EXPECT_EQ(pop_all(), "read list other");
}

TEST_F(FairQueueTest, WhoIsRefusedIsWhoHasMost) {
    push_many("a", 6, party(1));
    push_many("b", 2, party(2));
    EXPECT_EQ(push("a7", party(1)), "a7") << "itself";
    EXPECT_EQ(push("b3", party(2)), "a6") << "the newest of the other";
    EXPECT_EQ(push("b4", party(2)), "a5");
    const std::string equals = push("c1", party(3));
    EXPECT_TRUE(equals == "a4" || equals == "b4") << equals;
    EXPECT_EQ(queue.size(), 8u);
}

TEST_F(FairQueueTest, AFloodOfOneKindGivesWayToAnother) {
    for (std::uint64_t client = 1; client <= 8; ++client) push("r" + std::to_string(client), party(client));
    const std::string refused = push("l1", party(1, Work::list));
    EXPECT_EQ(refused.front(), 'r');
    EXPECT_EQ(push("l2", party(1, Work::list)).front(), 'r');
    EXPECT_EQ(push("l3", party(1, Work::list)).front(), 'r');
    EXPECT_EQ(push("l4", party(1, Work::list)).front(), 'r');
    EXPECT_EQ(push("l5", party(1, Work::list)), "l5") << "it has its half";
}

TEST_F(FairQueueTest, OfEqualsThoseOfLowerStandingGiveWay) {
    for (std::uint64_t client = 1; client <= 8; ++client) push("a" + std::to_string(client), party(client));
    EXPECT_EQ(push("s", party(20, Work::read, Standing::service)).front(), 'a');
    EXPECT_EQ(push("b", party(21, Work::read, Standing::account)).front(), 'a');
}

TEST_F(FairQueueTest, TheSameOnesOfManyEqualsAreServedThrough) {
    // Each of 100 clients asks again and again; there is room for 8.
    std::map<std::string, int> served;
    for (int round = 0; round < 200; ++round) {
        for (std::uint64_t client = 1; client <= 100; ++client) push(std::to_string(client), party(client));
        while (const auto item = queue.pop(now)) ++served[*item];
        now += 100ms;
    }
    // In less than a minute the same eight all the time.
    EXPECT_EQ(served.size(), 8u);
    now += FairQueue<std::string>::kServedThrough;
    for (std::uint64_t client = 1; client <= 100; ++client) push(std::to_string(client), party(client));
    std::size_t others = 0;
    while (const auto item = queue.pop(now)) others += served.count(*item) == 0 ? 1 : 0;
    EXPECT_GT(others, 0u) << "then it is other people's turn";
}

TEST_F(FairQueueTest, WhatIsDoneAgainGoesFirst) {
    push_many("a", 2, party(1));
    push_many("b", 1, party(2));
    queue.push_front("again", party(2), now);
    EXPECT_EQ(pop_all(), "again a1 b1 a2");
}

TEST_F(FairQueueTest, WhatNobodyWaitsForIsTakenOutWhereverItIs) {
    push_many("a", 3, party(1));
    push_many("b", 3, party(2, Work::list));
    std::vector<std::string> taken = queue.take_if([](const std::string& item) { return item.back() != '2'; });
    std::sort(taken.begin(), taken.end());
    EXPECT_EQ(taken, (std::vector<std::string>{"a1", "a3", "b1", "b3"}));
    EXPECT_EQ(queue.size(), 2u);
    EXPECT_EQ(pop_all(), "a2 b2");
    push_many("c", 2, party(3));
    EXPECT_EQ(queue.take_all().size(), 2u);
    EXPECT_TRUE(queue.empty());
    push_many("d", 8, party(3));
    EXPECT_EQ(push("d9", party(3)), "d9");
}

TEST_F(FairQueueTest, WhatItsOwnerBoundsAlwaysWaits) {
    push_many("a", 8, party(1));
    queue.push_always("mine", party(2), now);
    EXPECT_EQ(queue.size(), 9u);
    EXPECT_EQ(push("b", party(3)), "a8");
}

TEST_F(FairQueueTest, WhoHasMostIsFoundAmongVeryMany) {
    FairQueue<std::string> large{at_most(1100)};
    for (std::uint64_t client = 1; client <= 1000; ++client) large.push("one", party(client), now);
    for (int i = 0; i < 100; ++i) large.push("many", party(5000), now);
    const auto refused = large.push("two", party(1), now);
    ASSERT_TRUE(refused);
    EXPECT_EQ(refused->item, "many");
}

TEST_F(FairQueueTest, TakesWhatCannotBeCopied) {
    FairQueue<std::unique_ptr<int>> unique{at_most(1)};
    EXPECT_FALSE(unique.push(std::make_unique<int>(1), party(1), now));
    const auto refused = unique.push(std::make_unique<int>(2), party(1), now);
    ASSERT_TRUE(refused);
    EXPECT_EQ(*refused->item, 2);
    EXPECT_EQ(**unique.pop(now), 1);
}

/// A day of traffic with bursts and stalls, before hands that do a piece in a millisecond.
class ADay : public testing::Test {
  protected:
    struct Piece {
        std::uint64_t client;
        Work work;
        SteadyTime since;
    };
    struct Outcome {
        int asked = 0, served = 0, refused = 0;
        SteadyTime::duration longest{};
    };

    /// One arrival of each client with the given mean interval, all in one second's steps of a millisecond.
    void second(const std::map<std::uint64_t, std::pair<Work, double>>& per_second, bool stalled) {
        for (int ms = 0; ms < 1000; ++ms) {
            for (const auto& [client, demand] : per_second) {
                const auto [work, rate] = demand;
                std::poisson_distribution<int> arrivals{rate / 1000};
                for (int i = arrivals(random); i > 0; --i) {
                    ++outcomes[client].asked;
                    const auto refused = queue.push({client, work, now}, party(client, work), now);
                    if (refused) ++outcomes[refused->party.client].refused;
                }
            }
            ASSERT_LE(queue.size(), 1000u);
            if (!stalled) {
                if (const auto piece = queue.pop(now)) {
                    Outcome& outcome = outcomes[piece->client];
                    ++outcome.served;
                    outcome.longest = std::max(outcome.longest, now - piece->since);
                    queue.done(1);
                }
            }
            now += 1ms;
        }
    }
    Outcome total() const {
        Outcome all;
        for (const auto& [client, outcome] : outcomes) {
            all.served += outcome.served;
            all.refused += outcome.refused;
        }
        return all;
    }

    std::mt19937 random{20261129};
    SteadyTime now{1h};
    FairQueue<Piece> queue{at_most(1000)};
    std::map<std::uint64_t, Outcome> outcomes;
};

TEST_F(ADay, NobodyStarvesSharesHoldAndLimitsFindBack) {
    // Ordinary people: 20 of each kind, together 400 a second of the 1000 that can be done.
    std::map<std::uint64_t, std::pair<Work, double>> ordinary;
    for (std::uint64_t i = 0; i < 20; ++i) {
        ordinary[100 + i] = {Work::read, 15};
        ordinary[200 + i] = {Work::list, 5};
    }
    const int hours = test::kSanitized ? 4 : 24;
    for (int hour = 0; hour < hours; ++hour) {
        // A quiet minute's worth of each hour, then what the hour brings, then quiet again.
        outcomes.clear();
        for (int s = 0; s < 5; ++s) second(ordinary, false);
        EXPECT_EQ(total().refused, 0) << "hour " << hour;

        auto busy = ordinary;
        const int scene = hour % 4;
        if (scene == 0) busy[1] = {Work::read, 3000};  // one client floods
        if (scene == 1) {                              // a thousand clients flood, each a little
            for (std::uint64_t i = 0; i < 1000; ++i) busy[1000 + i] = {Work::read, 10};
        }
        if (scene == 2) busy[1] = {Work::list, 10'000};
        outcomes.clear();
        for (int s = 0; s < 5; ++s) second(busy, scene == 3 && s == 2);
        if (scene == 0 || scene == 2) {
            EXPECT_TRUE(queue.admission().behind()) << "however soon the others' turn comes";
            EXPECT_GT(outcomes[1].refused, 0);
            EXPECT_GE(total().served, 4990) << "the hands are never idle";
            for (const auto& [client, demand] : ordinary) {
                EXPECT_EQ(outcomes[client].refused, 0) << "hour " << hour << " client " << client;
                EXPECT_LE(outcomes[client].longest, 100ms) << "hour " << hour << " client " << client;
            }
        }
        if (scene == 1) {
            EXPECT_GE(total().served, 4990);
            for (std::uint64_t i = 0; i < 20; ++i) {
                EXPECT_EQ(outcomes[200 + i].refused, 0) << "another kind of work has its share";
            }
        }

        for (int s = 0; s < 2; ++s) second(ordinary, false);
        outcomes.clear();
        for (int s = 0; s < 5; ++s) second(ordinary, false);
        EXPECT_EQ(total().refused, 0) << "hour " << hour << ": within two seconds all is well again";
        EXPECT_FALSE(queue.admission().behind());
    }
}

TEST_F(FairQueueTest, LinesThatComeAndGoAreOnesOfOthersAfterwards) {
    FairQueue<std::string> large{at_most(1000)};
    std::mt19937 random{17};
    std::map<std::string, int> there;
    for (int round = 0; round < 2000; ++round) {
        const auto clients = 1 + random() % 200;
        for (std::uint64_t i = 0; i < clients; ++i) {
            const Work work = random() % 2 == 0 ? Work::read : Work::list;
            const std::string item = std::to_string(round) + "-" + std::to_string(i);
            ++there[item];
            if (const auto refused = large.push(item, party(random() % 300, work), now)) --there[refused->item];
        }
        if (round % 7 == 0) {
            for (const std::string& item : large.take_if([&](const std::string& one) { return one.back() == '3'; }))
                --there[item];
        }
        for (auto left = random() % 200; left > 0; --left) {
            if (const auto item = large.pop(now)) --there[*item];
        }
    }
    while (const auto item = large.pop(now)) --there[*item];
    EXPECT_EQ(large.size(), 0u);
    EXPECT_TRUE(std::all_of(there.begin(), there.end(), [](const auto& one) { return one.second == 0; }));
}

}  // namespace
}  // namespace snippetd::base
