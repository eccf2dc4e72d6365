#include "base/gate.hpp"

#include <deque>
#include <set>
#include <utility>

#include <gtest/gtest.h>

namespace snippetd::base {
namespace {

using namespace std::chrono_literals;

Party client(std::uint64_t number, Work work = Work::read) {
    return {number * 2 + 1, work, Standing::anonymous};
}

/// A worker whose loop looks in each turn at what has come since the one before, at most 256 requests, and answers
/// them; the rest waits before the loop. Clients of a flood have so many connections, one request on each.
struct Worker {
    SteadyTime::duration serving = 100us, refusing = 10us, latency{};
    Gate gate{};
    SteadyTime now{1h};
    std::deque<std::pair<Party, SteadyTime>> before{}, under_way{};
    SteadyTime::duration longest{};
    std::size_t answered = 0, refused = 0;
    std::set<std::uint64_t> refused_clients{};

    void turn() {
        const SteadyTime began = now;
        for (int i = 0; i < 256 && !before.empty(); ++i) {
            const auto [party, since] = before.front();
            before.pop_front();
            if (gate.enter(party, now, began)) {
                now += serving;
                under_way.emplace_back(party, since);
            } else {
                now += refusing;
                ++refused;
                refused_clients.insert(party.client);
            }
        }
        while (!under_way.empty() && under_way.front().second + latency <= now) {
            const auto [party, since] = under_way.front();
            under_way.pop_front();
            longest = std::max(longest, now - since);
            gate.leave(party, now);
            ++answered;
        }
        if (now == began) now += 50us;
    }
    /// A flood comes with `every` between requests, of which `connections` wait at most; three others come each 10 ms.
    void run(SteadyTime::duration duration, SteadyTime::duration every, std::size_t connections) {
        const SteadyTime end = now + duration;
        SteadyTime next = now, next_of_others = now;
        while (now < end) {
            for (; next <= now; next += every) {
                if (before.size() + under_way.size() < connections) before.emplace_back(client(1), next);
            }
            for (; next_of_others <= now; next_of_others += 10ms) {
                for (std::uint64_t other : {101u, 102u, 103u}) before.emplace_back(client(other), next_of_others);
            }
            turn();
        }
    }
    void count_anew() {
        longest = {};
        answered = refused = 0;
        refused_clients.clear();
    }
};

TEST(GateTest, BelowItsCapacityEverybodyComesIn) {
    Worker worker;
    worker.run(20s, 150us, 1000);
    EXPECT_EQ(worker.refused, 0u);
    EXPECT_FALSE(worker.gate.behind());
}

TEST(GateTest, ABurstComesInAsAWhole) {
    Worker worker;
    for (int i = 0; i < 3000; ++i) worker.before.emplace_back(client(1), worker.now);
    worker.run(2s, 1h, 0);
    EXPECT_EQ(worker.refused, 0u);
    EXPECT_GE(worker.answered, 3000u);
}

TEST(GateTest, WhoWaitsForOthersIsNotBehind) {
    Worker worker;
    worker.latency = 100ms;
    worker.serving = 20us;
    worker.run(20s, 30us, 2000);
    EXPECT_EQ(worker.refused, 0u) << "a disk is slow, and the worker has time";
    EXPECT_GT(worker.answered, 100'000u);
}

TEST(GateTest, MoreThanCanBeAnsweredIsRefusedAndTheRestGoesOn) {
    Worker worker;
    worker.run(5s, 30us, 1000);
    EXPECT_TRUE(worker.gate.behind());
    worker.count_anew();
    worker.run(10s, 30us, 1000);
    EXPECT_GT(worker.refused, 100'000u);
    EXPECT_GT(worker.answered, 60'000u) << "of 100,000 that could be without refusing anybody";
    EXPECT_TRUE(worker.gate.behind());
    EXPECT_LT(worker.longest, 50ms) << "1,000 connections are 100 ms";
}

TEST(GateTest, WhoIsNotTheFloodComesIn) {
    Worker worker;
    worker.run(5s, 20us, 5000);
    worker.count_anew();
    worker.run(10s, 20us, 5000);
    EXPECT_EQ(worker.refused_clients, std::set<std::uint64_t>{client(1).client});
}

TEST(GateTest, AfterTheFloodEverybodyComesInAgain) {
    Worker worker;
    worker.run(5s, 20us, 5000);
    worker.run(2s, 300us, 5000);
    worker.count_anew();
    worker.run(5s, 150us, 5000);
    EXPECT_EQ(worker.refused, 0u);
    EXPECT_FALSE(worker.gate.behind());
}

TEST(GateTest, AsManyAsTakeTurnsOnTheirConnectionsComeInAlways) {
    Worker worker;
    worker.serving = 1ms;
    worker.run(20s, 100us, Gate::kLeast);
    EXPECT_EQ(worker.refused, 0u);
}

TEST(GateTest, KindsOfWorkDoNotStandInEachOthersWay) {
    Worker worker;
    worker.run(5s, 20us, 5000);
    ASSERT_TRUE(worker.gate.behind());
    EXPECT_EQ(worker.gate.limit(Work::own), Gate::kLeast);
    for (std::size_t i = 0; i < Gate::kLeast; ++i) {
        EXPECT_TRUE(worker.gate.enter(client(1, Work::own), worker.now, worker.now));
    }
    EXPECT_FALSE(worker.gate.enter(client(1, Work::own), worker.now, worker.now));
    EXPECT_TRUE(worker.gate.enter(client(2, Work::own), worker.now, worker.now)) << "who has less than its share";
}

TEST(GateTest, RobotsComeInWhenThereIsRoom) {
    Worker worker;
    Party robot = client(50);
    robot.standing = Standing::bot;
    EXPECT_TRUE(worker.gate.enter(robot, worker.now, worker.now));
    worker.gate.leave(robot, worker.now);
    worker.run(5s, 20us, 5000);
    while (worker.gate.enter(client(1), worker.now, worker.now)) {
    }
    EXPECT_FALSE(worker.gate.enter(robot, worker.now, worker.now));
    EXPECT_TRUE(worker.gate.enter(client(51), worker.now, worker.now));
}

TEST(GateTest, WhatIsNearAndWhatOperatesItIsLetInAlways) {
    Worker worker;
    worker.run(5s, 20us, 5000);
    for (int i = 0; i < 200'000; ++i) {
        ASSERT_TRUE(worker.gate.enter(client(1, Work::hot), worker.now, worker.now));
        ASSERT_TRUE(worker.gate.enter(client(1, Work::operation), worker.now, worker.now));
    }
}

}  // namespace
}  // namespace snippetd::base
