#include "base/turn.hpp"

#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace snippetd::base {
namespace {

using namespace std::chrono_literals;

/// What /metrics says after `work` has run on a thread of its own, which a meter attends to.
template <class Work>
std::string metrics_after(Work work) {
    Metrics metrics;
    LoopMeter meter{metrics};
    std::thread{[&] {
        meter.attend();
        work();
    }}.join();
    return metrics.text();
}

TEST(Turn, CountsWhatIsWithinAnotherOneAsThatOne) {
    const std::string text = metrics_after([] {
        { const Turn one; }
        const Turn outer;
        const Turn inner;
    });
    EXPECT_THAT(text, testing::HasSubstr("snippetd_loop_turn_seconds_count 2\n"));
    EXPECT_THAT(text, testing::HasSubstr("snippetd_loop_stalls_total 0\n"));
}

TEST(Turn, IsAStallWhenItIsLong) {
    const std::string text = metrics_after([] {
        const Turn turn;
        Turn::does("nothing at all");
        std::this_thread::sleep_for(LoopMeter::kStall + 1ms);
    });
    EXPECT_THAT(text, testing::HasSubstr("snippetd_loop_stalls_total 1\n"));
    EXPECT_THAT(text, testing::ContainsRegex("snippetd_loop_longest_turn_seconds 0\\.[0-9]+"));
}

TEST(Turn, IsNothingOnAThreadThatNoMeterAttendsTo) {
    Metrics metrics;
    const LoopMeter meter{metrics};
    std::thread{[] { const Turn turn; }}.join();
    EXPECT_THAT(metrics.text(), testing::HasSubstr("snippetd_loop_turn_seconds_count 0\n"));
}

}  // namespace
}  // namespace snippetd::base
