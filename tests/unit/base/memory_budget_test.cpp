#include "base/memory_budget.hpp"

#include <memory>
#include <optional>
#include <random>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace snippetd::base {
namespace {

using Outcome = MemoryBudget::Outcome;

constexpr std::size_t kStep = MemoryBudget::kStepBytes, kSmall = MemoryBudget::kSmallBytesMax;
constexpr std::size_t kAll = 64 * kSmall, kClient = kAll / 4;

MemoryBudget::Groups of(std::string key) {
    return [key] { return std::vector<MemoryBudget::Group>{{key, 1}}; };
}

/// Whom a small holding does not ask.
std::vector<MemoryBudget::Group> nobody() {
    ADD_FAILURE() << "nobody looks whose a small holding is";
    return {};
}

struct MemoryBudgetTest : testing::Test {
    Metrics metrics;
    MemoryBudget budget{kAll, kStep, metrics};

    std::unique_ptr<MemoryBudget::Holding> hold() { return std::make_unique<MemoryBudget::Holding>(budget); }
};

TEST_F(MemoryBudgetTest, CountsInStepsAndGivesBack) {
    {
        MemoryBudget::Holding holding{budget};
        EXPECT_EQ(holding.set(1, nobody), Outcome::granted);
        EXPECT_EQ(budget.bytes(), kStep);
        EXPECT_EQ(holding.set(kStep, nobody), Outcome::granted);
        EXPECT_EQ(budget.bytes(), kStep);
        EXPECT_EQ(holding.set(kStep + 1, nobody), Outcome::granted);
        EXPECT_EQ(budget.bytes(), 2 * kStep);
        EXPECT_EQ(holding.set(kSmall, nobody), Outcome::granted);
        EXPECT_EQ(holding.set(0, nobody), Outcome::granted);
        EXPECT_EQ(budget.bytes(), 0u);
        EXPECT_EQ(holding.set(kSmall + 1, of("a")), Outcome::granted);
        EXPECT_EQ(holding.bytes(), kSmall + kStep);
    }
    EXPECT_EQ(budget.bytes(), 0u);
}

TEST_F(MemoryBudgetTest, AClientHasAQuarterAndNotMore) {
    MemoryBudget::Holding one{budget}, two{budget}, other{budget};
    EXPECT_EQ(one.set(kClient - kSmall - kStep, of("a")), Outcome::granted);
    EXPECT_EQ(two.set(kSmall + kStep, of("a")), Outcome::granted);
    EXPECT_EQ(two.set(kSmall + 2 * kStep, of("a")), Outcome::client_full);
    EXPECT_EQ(two.bytes(), kSmall + kStep) << "refused, it is what it was";
    EXPECT_EQ(budget.bytes(), kClient);
    EXPECT_EQ(other.set(kClient, of("b")), Outcome::granted);
    EXPECT_EQ(other.set(kClient + 1, of("b")), Outcome::client_full);

    one.release();
    EXPECT_EQ(two.set(kClient, of("a")), Outcome::granted) << "what was given back is there again";
    EXPECT_NE(metrics.text().find("snippetd_memory_refused_total{whose=\"client\"} 2\n"), std::string::npos);
}

TEST_F(MemoryBudgetTest, ASmallHoldingThatGrowsLargeCountsAsAWholeAndOneThatShrinksNoMore) {
    MemoryBudget::Holding growing{budget}, rest{budget};
    EXPECT_EQ(rest.set(kClient - kSmall, of("a")), Outcome::granted);
    EXPECT_EQ(growing.set(kSmall, nobody), Outcome::granted);
    EXPECT_EQ(growing.set(kSmall + 1, of("a")), Outcome::client_full) << "with what it was while it was small";
    EXPECT_EQ(rest.set(kSmall + kStep, of("a")), Outcome::granted);
    EXPECT_EQ(growing.set(kSmall + 1, of("a")), Outcome::granted);
    EXPECT_EQ(growing.set(kStep, nobody), Outcome::granted);
    EXPECT_EQ(rest.set(kClient, of("a")), Outcome::granted);
}

TEST_F(MemoryBudgetTest, LargeOnesLeaveAnEighthToSmallOnes) {
    std::vector<std::unique_ptr<MemoryBudget::Holding>> large, small;
    for (const char* key : {"a", "b", "c"}) {
        large.push_back(hold());
        EXPECT_EQ(large.back()->set(kClient, of(key)), Outcome::granted);
    }
    large.push_back(hold());
    EXPECT_EQ(large.back()->set(kClient, of("d")), Outcome::all_full);
    EXPECT_EQ(large.back()->set(kClient / 2, of("d")), Outcome::granted);
    EXPECT_EQ(budget.bytes(), budget.large_bytes_max());
    for (std::size_t left = kAll / 8; left > 0; left -= kStep) {
        small.push_back(hold());
        ASSERT_EQ(small.back()->set(kStep, nobody), Outcome::granted);
    }
    EXPECT_EQ(budget.bytes(), kAll);
    small.push_back(hold());
    EXPECT_EQ(small.back()->set(1, nobody), Outcome::all_full);
    EXPECT_NE(metrics.text().find("snippetd_memory_refused_total{whose=\"all\"} 2\n"), std::string::npos);
}

TEST_F(MemoryBudgetTest, AGroupOfClientsHasItsOwnShares) {
    const auto neighbour = [](std::string key) {
        return [key] { return std::vector<MemoryBudget::Group>{{key, 1}, {"site", 2}}; };
    };
    MemoryBudget::Holding one{budget}, two{budget}, three{budget};
    EXPECT_EQ(one.set(kClient, neighbour("a")), Outcome::granted);
    EXPECT_EQ(two.set(kClient, neighbour("b")), Outcome::granted);
    EXPECT_EQ(three.set(kSmall + 1, neighbour("c")), Outcome::client_full);
    EXPECT_EQ(three.set(kSmall + 1, of("c")), Outcome::granted) << "nothing is left of what was refused";
    two.release();
    EXPECT_EQ(three.set(0, nobody), Outcome::granted);
    EXPECT_EQ(three.set(kClient, neighbour("c")), Outcome::granted);
}

TEST(MemoryBudget, AClientMayHaveOneOfTheLargest) {
    Metrics metrics;
    MemoryBudget budget{kAll, kAll / 2, metrics};
    MemoryBudget::Holding one{budget}, two{budget};
    EXPECT_EQ(one.set(kAll / 2, of("a")), Outcome::granted);
    EXPECT_EQ(two.set(kSmall + kStep, of("a")), Outcome::client_full);
}

TEST_F(MemoryBudgetTest, NothingIsLostWhateverManyThreadsDo) {
    std::vector<std::thread> threads;
    for (unsigned seed = 0; seed < 4; ++seed) {
        threads.emplace_back([this, seed] {
            std::minstd_rand random{seed};
            std::vector<std::unique_ptr<MemoryBudget::Holding>> holdings;
            for (int i = 0; i < 8; ++i) holdings.push_back(hold());
            for (int i = 0; i < 5000; ++i) {
                holdings[random() % holdings.size()]->set(random() % kClient, of(std::to_string(random() % 3)));
                EXPECT_LE(budget.bytes(), kAll + 4 * kClient) << "but for what threads have just asked for";
            }
        });
    }
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(budget.bytes(), 0u);
    std::vector<std::unique_ptr<MemoryBudget::Holding>> all;
    for (const char* key : {"0", "1", "2"}) {
        all.push_back(hold());
        EXPECT_EQ(all.back()->set(kClient, of(key)), Outcome::granted);
    }
}

}  // namespace
}  // namespace snippetd::base
