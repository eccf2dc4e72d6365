#include "limiter/over_limit.hpp"

#include <string>

#include <gtest/gtest.h>

namespace snippetd::limiter {
namespace {

using namespace std::chrono_literals;

TEST(OverLimit, AClientIsOverItsLimitUntilThen) {
    OverLimit over;
    const base::SteadyTime now = base::steady_now();
    EXPECT_EQ(over.left("ann", now), 0ms);
    over.remember("ann", now + 1500ms);
    EXPECT_EQ(over.left("ann", now), 1500ms);
    EXPECT_EQ(over.left("ann", now + 1499500us), 1ms) << "rounded up: never told to come too early";
    EXPECT_EQ(over.left("bob", now), 0ms);
    EXPECT_EQ(over.left("ann", now + 1500ms), 0ms);
    EXPECT_EQ(over.left("ann", now), 0ms) << "forgotten by then";
}

TEST(OverLimit, IsBoundedAndTheNewestIsAlwaysRemembered) {
    OverLimit over;
    const base::SteadyTime now = base::steady_now();
    constexpr std::size_t kBound = OverLimit::kShards * OverLimit::kClientsPerShardMax;
    for (std::size_t i = 0; i < 2 * kBound; ++i) {
        over.remember(std::to_string(i), now + 1h);
        ASSERT_GT(over.left(std::to_string(i), now), 0ms);
    }
    std::size_t remembered = 0;
    for (std::size_t i = 0; i < 2 * kBound; ++i) remembered += over.left(std::to_string(i), now) > 0ms;
    EXPECT_LE(remembered, kBound);
    EXPECT_GT(remembered, kBound / 2);
}

}  // namespace
}  // namespace snippetd::limiter
