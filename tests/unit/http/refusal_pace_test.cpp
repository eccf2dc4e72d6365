#include "http/refusal_pace.hpp"

#include <algorithm>
#include <map>

#include <gtest/gtest.h>

namespace snippetd::http {
namespace {

using namespace std::chrono_literals;
using base::SteadyTime;

constexpr SteadyTime kStart{1000s};

TEST(RefusalPaceTest, ABurstIsFree) {
    RefusalPace pace;
    for (int i = 0; i < RefusalPace::kBurst / RefusalPace::kEach; ++i) EXPECT_LE(pace.next(kStart), kStart) << i;
    EXPECT_GT(pace.next(kStart), kStart);
}

TEST(RefusalPaceTest, WhatComesMoreSlowlyThanItsPaceNeverWaits) {
    RefusalPace pace;
    for (int i = 0; i < 10'000; ++i) {
        const SteadyTime now = kStart + i * RefusalPace::kEach;
        EXPECT_LE(pace.next(now), now);
    }
}

TEST(RefusalPaceTest, AFloodIsLetInAtThePace) {
    // As many as are there ask again as soon as they may.
    for (const int clients : {64, 1000}) {
        RefusalPace pace;
        std::multimap<SteadyTime, int> due;
        for (int i = 0; i < clients; ++i) due.emplace(kStart, i);
        int refused = 0;
        SteadyTime last{};
        while (due.begin()->first < kStart + 10s) {
            const SteadyTime now = due.begin()->first;
            const int client = due.begin()->second;
            due.erase(due.begin());
            const SteadyTime until = pace.next(now);
            EXPECT_GE(until, last) << "in their order";
            last = until;
            due.emplace(std::max(until, now + 20us), client);
            ++refused;
        }
        EXPECT_NEAR(refused, 10s / RefusalPace::kEach, 0.12 * (10s / RefusalPace::kEach)) << clients;
    }
}

TEST(RefusalPaceTest, NobodyWaitsForLongerThanRetryAfterSays) {
    RefusalPace pace;
    for (int i = 0; i < 100'000; ++i) EXPECT_LE(pace.next(kStart), kStart + RefusalPace::kMost);
    EXPECT_LE(pace.next(kStart + 2s), kStart + 2s) << "and what is over is over";
}

}  // namespace
}  // namespace snippetd::http
