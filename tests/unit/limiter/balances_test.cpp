#include "limiter/balances.hpp"

#include <string>

#include <gtest/gtest.h>

namespace snippetd::limiter {
namespace {

constexpr base::UnixMillis kNow = 1'000'000;
constexpr Balances::Window kSeventh{7, kNow + 60'000}, kEighth{8, kNow + 120'000};

TEST(Balances, AreSpentUpToTheirEnd) {
    Balances balances;
    EXPECT_FALSE(balances.spend("ann", kSeventh, 1));
    balances.add("ann", kSeventh, 5, kNow);
    EXPECT_TRUE(balances.spend("ann", kSeventh, 3));
    EXPECT_FALSE(balances.spend("ann", kSeventh, 3));
    EXPECT_EQ(balances.of("ann", kSeventh), 2);
    EXPECT_EQ(balances.of("ben", kSeventh), 0);
    EXPECT_TRUE(balances.spend("ann", kSeventh, 2));
    EXPECT_FALSE(balances.spend("ann", kSeventh, 1));
}

TEST(Balances, MayBeDebts) {
    Balances balances;
    balances.add("ann", kSeventh, -5, kNow);
    EXPECT_EQ(balances.of("ann", kSeventh), -5);
    EXPECT_FALSE(balances.spend("ann", kSeventh, 1));
    balances.add("ann", kSeventh, 6, kNow);
    EXPECT_TRUE(balances.spend("ann", kSeventh, 1));
}

TEST(Balances, AreForgottenWithTheirWindow) {
    Balances balances;
    balances.add("ann", kSeventh, 5, kNow);
    EXPECT_FALSE(balances.spend("ann", kEighth, 1));
    balances.add("ann", kEighth, 1, kNow);
    EXPECT_EQ(balances.of("ann", kEighth), 1);
    balances.add("ann", kSeventh, 100, kNow);
    EXPECT_EQ(balances.of("ann", kEighth), 1) << "what comes late changes nothing";
}

TEST(Balances, OnePartIsTakenAheadAtATime) {
    Balances balances;
    EXPECT_TRUE(balances.begin_lease("ann", kNow));
    EXPECT_FALSE(balances.begin_lease("ann", kNow));
    EXPECT_TRUE(balances.begin_lease("ben", kNow));
    balances.add("ann", kSeventh, 5, kNow);
    balances.end_lease("ann");
    EXPECT_EQ(balances.of("ann", kSeventh), 5);
    EXPECT_TRUE(balances.begin_lease("ann", kNow));
}

TEST(Balances, AreBoundedAndWhoIsThereStays) {
    Balances balances;
    constexpr std::size_t kMany = 2 * Balances::kShards * Balances::kClientsPerShardMax;
    for (std::size_t i = 0; i < kMany; ++i) balances.add(std::to_string(i), kSeventh, 1, kNow);
    EXPECT_EQ(balances.of("0", kSeventh), 1);
    std::size_t known = 0, refused = 0;
    for (std::size_t i = 0; i < kMany; ++i) {
        known += balances.of(std::to_string(i), kSeventh) == 1;
        refused += balances.begin_lease("another " + std::to_string(i), kNow) ? 0 : 1;
    }
    EXPECT_EQ(known, Balances::kShards * Balances::kClientsPerShardMax);
    EXPECT_EQ(refused, kMany) << "who has no place takes nothing ahead";
    // Their windows end.
    balances.add("late", kEighth, 1, kSeventh.ends_at);
    EXPECT_EQ(balances.of("late", kEighth), 1);
}

}  // namespace
}  // namespace snippetd::limiter
