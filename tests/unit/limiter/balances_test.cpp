#include "limiter/balances.hpp"

#include <string>

#include <gtest/gtest.h>

namespace snippetd::limiter {
namespace {

TEST(Balances, AreSpentUpToTheirEnd) {
    Balances balances;
    EXPECT_FALSE(balances.spend("ann", 7, 1));
    balances.add("ann", 7, 5);
    EXPECT_TRUE(balances.spend("ann", 7, 3));
    EXPECT_FALSE(balances.spend("ann", 7, 3));
    EXPECT_EQ(balances.of("ann", 7), 2);
    EXPECT_EQ(balances.of("ben", 7), 0);
    EXPECT_TRUE(balances.spend("ann", 7, 2));
    EXPECT_FALSE(balances.spend("ann", 7, 1));
}

TEST(Balances, MayBeDebts) {
    Balances balances;
    balances.add("ann", 7, -5);
    EXPECT_EQ(balances.of("ann", 7), -5);
    EXPECT_FALSE(balances.spend("ann", 7, 1));
    balances.add("ann", 7, 6);
    EXPECT_TRUE(balances.spend("ann", 7, 1));
}

TEST(Balances, AreForgottenWithTheirWindow) {
    Balances balances;
    balances.add("ann", 7, 5);
    EXPECT_FALSE(balances.spend("ann", 8, 1));
    balances.add("ann", 8, 1);
    EXPECT_EQ(balances.of("ann", 8), 1);
}

TEST(Balances, AreBounded) {
    Balances balances;
    constexpr std::size_t kMany = 2 * Balances::kShards * Balances::kClientsPerShardMax;
    for (std::size_t i = 0; i < kMany; ++i) balances.add(std::to_string(i), 7, 1);
    EXPECT_EQ(balances.of(std::to_string(kMany - 1), 7), 1) << "the last one is there";
    std::size_t known = 0;
    for (std::size_t i = 0; i < kMany; ++i) known += balances.of(std::to_string(i), 7) == 1;
    EXPECT_LE(known, Balances::kShards * Balances::kClientsPerShardMax);
}

}  // namespace
}  // namespace snippetd::limiter
