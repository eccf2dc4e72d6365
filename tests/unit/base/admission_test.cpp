#include "base/admission.hpp"

#include <deque>

#include <gtest/gtest.h>

namespace snippetd::base {
namespace {

using namespace std::chrono_literals;

/// One pair of hands that needs `service` for a piece, and what comes to it.
struct Simulation {
    Admission::Options options{25ms, 500ms, 2, 1000};
    Admission admission{options};
    SteadyTime now{1h};
    std::deque<SteadyTime> waiting{};
    std::size_t refused = 0, served = 0;
    SteadyTime::duration longest{};

    /// Arrivals come every `every` for `duration`; work is done at its own pace.
    void run(SteadyTime::duration duration, SteadyTime::duration every, SteadyTime::duration service) {
        const SteadyTime end = now + duration;
        SteadyTime arrival = now;
        while (now < end) {
            while (arrival <= now) {
                if (waiting.size() < admission.limit()) {
                    waiting.push_back(arrival);
                } else {
                    ++refused;
                }
                arrival += every;
            }
            if (waiting.empty()) {
                now = arrival;
                continue;
            }
            const SteadyTime since = waiting.front();
            waiting.pop_front();
            longest = std::max(longest, now - since);
            admission.taken(waiting.size(), now);
            now += service;
            admission.done(1);
            ++served;
        }
    }
    void count_anew() {
        refused = served = 0;
        longest = {};
    }
};

TEST(AdmissionTest, AsMuchWaitsAsThereMayBeUntilTheRateIsKnown) {
    EXPECT_EQ(Admission{Admission::Options{}}.limit(), 1024u);
}

TEST(AdmissionTest, BelowItsCapacityNothingIsRefused) {
    Simulation pool;
    pool.run(60s, 1100us, 1ms);
    EXPECT_EQ(pool.refused, 0u);
    EXPECT_FALSE(pool.admission.behind());
}

TEST(AdmissionTest, ABurstIsTakenInWhole) {
    Simulation pool;
    pool.run(1s, 2ms, 1ms);
    pool.run(20ms, 100us, 1ms);  // two hundred at once
    EXPECT_EQ(pool.refused, 0u);
    pool.run(2s, 2ms, 1ms);
    EXPECT_EQ(pool.refused, 0u);
    EXPECT_FALSE(pool.admission.behind());
}

TEST(AdmissionTest, AQueueThatStandsIsKeptShortAndTheHandsBusy) {
    for (const auto every : {333us, 100us, 10us}) {
        Simulation pool;
        pool.run(1s, 2ms, 1ms);
        pool.run(3s, every, 1ms);
        EXPECT_TRUE(pool.admission.behind());
        pool.count_anew();
        pool.run(10s, every, 1ms);
        EXPECT_LE(pool.longest, 30ms);
        EXPECT_GE(pool.served, 9990u);
        EXPECT_GT(pool.refused, 0u);
    }
}

TEST(AdmissionTest, TheLimitFollowsTheRate) {
    Simulation pool;
    pool.run(3s, 100us, 1ms);
    EXPECT_NEAR(static_cast<double>(pool.admission.limit()), 25, 3);
    pool.run(3s, 100us, 5ms);
    EXPECT_NEAR(static_cast<double>(pool.admission.limit()), 5, 1);
    pool.run(3s, 20us, 200us);
    EXPECT_NEAR(static_cast<double>(pool.admission.limit()), 125, 10);
}

TEST(AdmissionTest, OnePieceThatTakesLongIsNoQueueThatStands) {
    Simulation pool;
    pool.run(1s, 100ms, 50ms);
    pool.run(1s, 250ms, 700ms);
    pool.run(3s, 200ms, 50ms);
    EXPECT_FALSE(pool.admission.behind());
    EXPECT_EQ(pool.refused, 0u);
}

TEST(AdmissionTest, AfterAnOutageThatHasEmptiedItABurstIsTakenInWhole) {
    Simulation pool;
    pool.run(10s, 100us, 1ms);
    ASSERT_TRUE(pool.admission.behind());
    pool.admission.emptied();
    EXPECT_FALSE(pool.admission.behind());
    EXPECT_EQ(pool.admission.limit(), pool.options.most);
}

TEST(AdmissionTest, WhatIsSlowHasRoomForItsHandsAllTheSame) {
    Simulation pool;
    pool.run(30s, 100ms, 300ms);
    EXPECT_EQ(pool.admission.limit(), 2u);
    EXPECT_GE(pool.served, 99u);
}

TEST(AdmissionTest, AfterAFloodNothingIsRefusedAnyMore) {
    Simulation pool;
    pool.run(10s, 100us, 1ms);
    ASSERT_TRUE(pool.admission.behind());
    pool.run(200ms, 2ms, 1ms);
    EXPECT_FALSE(pool.admission.behind());
    EXPECT_EQ(pool.admission.limit(), pool.options.most);
    pool.count_anew();
    pool.run(10s, 1100us, 1ms);
    EXPECT_EQ(pool.refused, 0u);
}

TEST(AdmissionTest, ItFindsBackAfterAStall) {
    Simulation pool;
    pool.run(10s, 1200us, 1ms);
    pool.run(5s, 1200us, 5s);  // one piece takes that long
    pool.run(1s, 1200us, 1ms);
    pool.count_anew();
    pool.run(10s, 1200us, 1ms);
    EXPECT_EQ(pool.refused, 0u);
    EXPECT_FALSE(pool.admission.behind());
}

}  // namespace
}  // namespace snippetd::base
