#include "limiter/memory_limiter.hpp"

#include "support/run.hpp"
#include "support/scrape.hpp"

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace snippetd::limiter {
namespace {

using Decision = Verdict::Decision;
using namespace std::chrono_literals;

class MemoryLimiterTest : public testing::Test {
  protected:
    MemoryLimiter limiter(Algorithm algorithm) {
        return MemoryLimiter{algorithm, [this] { return now.load(); }};
    }
    std::atomic<base::UnixMillis> now{1'000'000'000'000};
    const Policy policy{"write", 3, 10s, true};
};

TEST_F(MemoryLimiterTest, CountsDownAndThenLimits) {
    MemoryLimiter limiter = this->limiter(Algorithm::fixed_window);
    for (const std::uint32_t remaining : {2u, 1u, 0u}) {
        const Verdict verdict = limiter.take_now(policy, "ann", 1);
        EXPECT_EQ(verdict.decision, Decision::allowed);
        EXPECT_EQ(verdict.remaining, remaining);
    }
    const Verdict verdict = limiter.take_now(policy, "ann", 1);
    EXPECT_EQ(verdict.decision, Decision::limited);
    EXPECT_EQ(verdict.remaining, 0u);
    EXPECT_EQ(verdict.reset_s, 10);
}

TEST_F(MemoryLimiterTest, ALimitedRequestIsNotCharged) {
    MemoryLimiter limiter = this->limiter(Algorithm::sliding_window);
    for (int i = 0; i < 100; ++i) limiter.take_now(policy, "ann", 1);
    // Only the three that were admitted weigh in: two thirds of them are one too many, a third is not.
    now += 10'000 + 3'333;
    EXPECT_EQ(limiter.take_now(policy, "ann", 1).decision, Decision::limited);
    now += 1;
    EXPECT_EQ(limiter.take_now(policy, "ann", 1).decision, Decision::allowed);
}

TEST_F(MemoryLimiterTest, ClientsAndPoliciesAreCountedApart) {
    MemoryLimiter limiter = this->limiter(Algorithm::sliding_window);
    const Policy other{"login", 1, 10s, true};
    for (int i = 0; i < 3; ++i) limiter.take_now(policy, "ann", 1);
    EXPECT_EQ(limiter.take_now(policy, "ann", 1).decision, Decision::limited);
    EXPECT_EQ(limiter.take_now(policy, "ben", 1).decision, Decision::allowed);
    EXPECT_EQ(limiter.take_now(other, "ann", 1).decision, Decision::allowed);
    EXPECT_EQ(limiter.take_now(other, "ann", 1).decision, Decision::limited);
}

TEST_F(MemoryLimiterTest, TheTurnOfAFixedWindowForgets) {
    MemoryLimiter limiter = this->limiter(Algorithm::fixed_window);
    now += 9'999;
    for (int i = 0; i < 3; ++i) limiter.take_now(policy, "ann", 1);
    EXPECT_EQ(limiter.take_now(policy, "ann", 1).decision, Decision::limited);
    now += 1;
    EXPECT_EQ(limiter.take_now(policy, "ann", 1).remaining, 2u);
}

TEST_F(MemoryLimiterTest, ASlidingWindowRemembersOneTurnAndNotTwo) {
    MemoryLimiter limiter = this->limiter(Algorithm::sliding_window);
    for (int i = 0; i < 3; ++i) limiter.take_now(policy, "ann", 1);
    now += 10'000;
    EXPECT_EQ(limiter.take_now(policy, "ann", 1).decision, Decision::limited);
    now += 10'000;
    EXPECT_EQ(limiter.take_now(policy, "ann", 1).remaining, 2u);
}

TEST_F(MemoryLimiterTest, AnIdleWindowInBetweenForgetsThePreviousOne) {
    MemoryLimiter limiter = this->limiter(Algorithm::sliding_window);
    for (int i = 0; i < 3; ++i) limiter.take_now(policy, "ann", 1);
    now += 25'000;
    EXPECT_EQ(limiter.take_now(policy, "ann", 1).remaining, 2u);
}

TEST_F(MemoryLimiterTest, AClockThatIsSetBackLocksNobodyOut) {
    MemoryLimiter limiter = this->limiter(Algorithm::sliding_window);
    for (int i = 0; i < 4; ++i) limiter.take_now(policy, "ann", 1);
    now -= 3'600'000;
    EXPECT_EQ(limiter.take_now(policy, "ann", 1).decision, Decision::allowed);
}

/// Clients that fall into one shard, which is where the hash puts them.
std::vector<std::string> clients_of_one_shard(std::size_t count) {
    std::vector<std::string> clients;
    for (std::uint64_t i = 0; clients.size() < count; ++i) {
        std::string client = "ip:" + std::to_string(i);
        if (std::hash<std::string>{}(client) % MemoryLimiter::kShards == 0) clients.push_back(std::move(client));
    }
    return clients;
}

TEST_F(MemoryLimiterTest, BeyondTheBoundNewClientsAreAdmittedUncountedAndKnownOnesStayLimited) {
    MemoryLimiter limiter = this->limiter(Algorithm::fixed_window);
    const std::vector<std::string> clients = clients_of_one_shard(MemoryLimiter::kClientsPerShardMax + 1);
    for (std::size_t i = 0; i < MemoryLimiter::kClientsPerShardMax; ++i) {
        ASSERT_EQ(limiter.take_now(policy, clients[i], 1).decision, Decision::allowed);
    }
    const std::string& newcomer = clients.back();
    for (int i = 0; i < 10; ++i) {
        const Verdict verdict = limiter.take_now(policy, newcomer, 1);
        EXPECT_EQ(verdict.decision, Decision::failed_open);
        EXPECT_TRUE(verdict.admitted());
    }
    for (int i = 0; i < 2; ++i) EXPECT_EQ(limiter.take_now(policy, clients[7], 1).decision, Decision::allowed);
    EXPECT_EQ(limiter.take_now(policy, clients[7], 1).decision, Decision::limited);

    now += 10'000;
    EXPECT_EQ(limiter.take_now(policy, newcomer, 1).decision, Decision::allowed) << "the turn of the window makes room";
    EXPECT_EQ(limiter.take_now(policy, newcomer, 1).remaining, 1u);
}

TEST_F(MemoryLimiterTest, EightThreadsTogetherGetExactlyTheQuota) {
    for (const Algorithm algorithm : {Algorithm::fixed_window, Algorithm::sliding_window}) {
        MemoryLimiter limiter = this->limiter(algorithm);
        const Policy large{"write", 1000, 10s, true};
        std::atomic<int> admitted{0};
        std::vector<std::thread> threads;
        for (int t = 0; t < 8; ++t) {
            threads.emplace_back([&] {
                for (int i = 0; i < 500; ++i) {
                    if (limiter.take_now(large, "ann", 1).admitted()) ++admitted;
                }
            });
        }
        for (std::thread& thread : threads) thread.join();
        EXPECT_EQ(admitted, 1000);
    }
}

TEST_F(MemoryLimiterTest, ThreadsThatUsePoliciesForTheFirstTimeDoNotLoseCounts) {
    MemoryLimiter limiter = this->limiter(Algorithm::fixed_window);
    std::atomic<int> admitted{0};
    std::vector<std::thread> threads;
    for (int t = 0; t < 8; ++t) {
        threads.emplace_back([&] {
            for (int p = 0; p < 50; ++p) {
                const Policy own{"policy " + std::to_string(p), 3, 10s, true};
                if (limiter.take_now(own, "ann", 1).admitted()) ++admitted;
            }
        });
    }
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(admitted, 50 * 3);
}

TEST_F(MemoryLimiterTest, WhatCostsMoreTakesMore) {
    for (const Algorithm algorithm : {Algorithm::fixed_window, Algorithm::sliding_window}) {
        MemoryLimiter limiter = this->limiter(algorithm);
        EXPECT_EQ(limiter.take_now(policy, "ann", 2).remaining, 1u);
        const Verdict verdict = limiter.take_now(policy, "ann", 2);
        EXPECT_EQ(verdict.decision, Decision::limited);
        EXPECT_EQ(limiter.take_now(policy, "ann", 1).decision, Decision::allowed) << "what is limited is not charged";
        now += verdict.wait_ms;
        EXPECT_EQ(limiter.take_now(policy, "ben", 3).remaining, 0u);
        now = now / 10'000 * 10'000 + 30'000;
    }
}

TEST_F(MemoryLimiterTest, WhatIsOwedIsPaidByWhoComesNext) {
    for (const Algorithm algorithm : {Algorithm::fixed_window, Algorithm::sliding_window}) {
        MemoryLimiter limiter = this->limiter(algorithm);
        limiter.owe(policy, "ann", 2);
        EXPECT_EQ(limiter.take_now(policy, "ann", 1).remaining, 0u);
        EXPECT_EQ(limiter.take_now(policy, "ben", 1).decision, Decision::allowed);
        limiter.owe(policy, "ann", 1000);
        Verdict verdict = limiter.take_now(policy, "ann", 1);
        EXPECT_EQ(verdict.decision, Decision::limited);
        EXPECT_LE(verdict.wait_ms, 20'000) << "a debt is for this window, and in a sliding one for the next";
        now += verdict.wait_ms;
        EXPECT_EQ(limiter.take_now(policy, "ann", 1).decision, Decision::allowed);
        now = now / 10'000 * 10'000 + 30'000;
    }
}

TEST(CountedLimiter, CountsEachDecisionByPolicyAndLooksNothingUpForIt) {
    /// Decides what it is told.
    struct Scripted : Limiter {
        explicit Scripted(std::vector<Decision> decisions_) : decisions{std::move(decisions_)} {}
        base::Awaitable<Verdict> take(const Policy&, std::string, std::uint32_t) override {
            Verdict verdict;
            verdict.decision = decisions[next++];
            co_return verdict;
        }
        std::optional<Verdict> take_near(const Policy&, const std::string&, std::uint32_t) override {
            if (!near) return std::nullopt;
            Verdict verdict;
            verdict.decision = *near;
            return verdict;
        }
        base::Awaitable<void> give_back(const Policy&, std::string client, std::uint32_t, Verdict) override {
            owes = "nothing: " + client;
            co_return;
        }
        std::optional<Decision> near;
        void owe(const Policy& owed, const std::string& client, std::uint32_t cost) override {
            owes = owed.name + " " + client + " " + std::to_string(cost);
        }
        std::string owes;
        std::vector<Decision> decisions;
        std::size_t next = 0;
    };
    const std::vector<Decision> decisions{Decision::allowed,     Decision::limited, Decision::allowed,
                                          Decision::failed_open, Decision::refused, Decision::limited};
    base::Metrics metrics;
    auto made = std::make_unique<Scripted>(decisions);
    Scripted* const scripted = made.get();
    CountedLimiter limiter{std::move(made), metrics};
    const Policy policy{"write", 3, 10s, true};
    test::Loop loop;
    const auto take = [&](Decision decision) {
        EXPECT_EQ(loop.run(limiter.take(policy, "ann", 1)).decision, decision);
    };
    for (std::size_t i = 0; i + 1 < decisions.size(); ++i) take(decisions[i]);
    EXPECT_TRUE(test::returns_during_a_scrape(metrics, [&] { take(decisions.back()); }));
    const auto count = [&](const char* decision) {
        return metrics.counter("snippetd_ratelimit_decisions_total", "", {{"policy", "write"}, {"decision", decision}})
            .value();
    };
    EXPECT_EQ(count("allowed"), 2u);
    EXPECT_EQ(count("limited"), 2u);
    EXPECT_EQ(count("failed_open"), 1u);
    EXPECT_EQ(count("failed_closed"), 1u);
    EXPECT_EQ(limiter.take_near(policy, "ann", 1), std::nullopt) << "nothing was decided, so nothing is counted";
    scripted->near = Decision::allowed;
    EXPECT_TRUE(limiter.take_near(policy, "ann", 1));
    EXPECT_EQ(count("allowed"), 3u);
    loop.run(limiter.give_back(policy, "ann", 1, {}));
    EXPECT_EQ(scripted->owes, "nothing: ann");
    Policy shadow = policy;
    shadow.shadow = true;
    scripted->near = Decision::limited;
    EXPECT_TRUE(limiter.take_near(shadow, "ann", 1));
    EXPECT_TRUE(limiter.take_near(policy, "ann", 1));
    EXPECT_EQ(count("shadowed"), 1u);
    EXPECT_EQ(count("limited"), 3u) << "one name may be in shadow for some";
}

}  // namespace
}  // namespace snippetd::limiter
