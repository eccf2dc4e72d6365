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

TEST(OverLimit, IsBoundedAndGivesWayWhatIsOver) {
    OverLimit over;
    const base::SteadyTime now = base::steady_now();
    constexpr std::size_t kMany = 2 * OverLimit::kShards * OverLimit::kClientsPerShardMax;
    const auto remembered = [&] {
        std::size_t count = 0;
        for (std::size_t i = 0; i < kMany; ++i) count += over.left(std::to_string(i), now) > 0ms;
        return count;
    };
    for (std::size_t i = 0; i < kMany; ++i) over.remember(std::to_string(i), now + 1h);
    EXPECT_LE(remembered(), OverLimit::kShards * OverLimit::kClientsPerShardMax);
    EXPECT_GT(remembered(), OverLimit::kShards * OverLimit::kClientsPerShardMax / 2);
    OverLimit passing;
    for (std::size_t i = 0; i < kMany; ++i) passing.remember("old " + std::to_string(i), now);
    passing.remember("ann", now + 1h);
    EXPECT_GT(passing.left("ann", now), 0ms);
}

}  // namespace
}  // namespace snippetd::limiter
