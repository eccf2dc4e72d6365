#include "store/store_clock.hpp"

#include <chrono>
#include <thread>

#include <gtest/gtest.h>

namespace snippetd::store {
namespace {

// What a clock that is set does to it is tested with one that is: tests/fault/test_clocks.py.

TEST(StoreClock, KnowsNothingBeforeItHasHeardSomething) {
    EXPECT_EQ(StoreClock{}.now(), std::nullopt);
}

TEST(StoreClock, GoesOnFromWhatItHasHeardWhateverTimeItIsHere) {
    StoreClock clock;
    for (const base::UnixMillis said : {base::UnixMillis{1000}, base::UnixMillis{1'800'000'000'000}}) {
        const base::SteadyTime before = base::steady_now();
        clock.observe(said);
        std::this_thread::sleep_for(std::chrono::milliseconds{20});
        const auto now = clock.now();
        ASSERT_TRUE(now);
        const auto passed = std::chrono::duration_cast<base::Milliseconds>(base::steady_now() - before).count();
        EXPECT_GE(*now, said + 19);
        EXPECT_LE(*now, said + passed + 1);
    }
}

}  // namespace
}  // namespace snippetd::store
