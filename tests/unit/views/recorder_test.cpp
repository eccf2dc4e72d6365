#include "views/recorder.hpp"

#include <algorithm>
#include <string>

#include <gtest/gtest.h>

namespace snippetd::views {
namespace {

class RecorderTest : public testing::Test {
  protected:
    base::Metrics metrics;
    Tally tally{metrics};
    Recorder recorder{tally};

    model::NumbersById taken() {
        model::NumbersById counts = recorder.take();
        std::sort(counts.begin(), counts.end());
        return counts;
    }
};

TEST_F(RecorderTest, GathersCountsById) {
    for (const char* id : {"a", "b", "a", "a"}) recorder.record(id);
    EXPECT_EQ(taken(), (model::NumbersById{{"a", 3}, {"b", 1}}));
    EXPECT_EQ(tally.recorded.value(), 4u);
    EXPECT_EQ(tally.dropped.value(), 0u);
}

TEST_F(RecorderTest, TakeStartsAtNothing) {
    recorder.record("a");
    taken();
    EXPECT_EQ(taken(), model::NumbersById{});
    recorder.record("a");
    EXPECT_EQ(taken(), (model::NumbersById{{"a", 1}}));
}

TEST_F(RecorderTest, KeepsTheIdAndNotAViewOfIt) {
    std::string id = "an id that is too long to be kept inside the string object";
    const std::string same = id;
    recorder.record(id);
    id.assign(id.size(), '-');
    EXPECT_EQ(taken(), (model::NumbersById{{same, 1}}));
}

TEST_F(RecorderTest, BeyondTheBoundNewIdsAreDroppedAndKnownOnesGoOnCounting) {
    for (std::size_t i = 0; i < Recorder::kPendingIdsMax; ++i) recorder.record(std::to_string(i));
    recorder.record("one more");
    recorder.record("one more");
    recorder.record("7");
    EXPECT_EQ(tally.dropped.value(), 2u);
    EXPECT_EQ(tally.recorded.value(), Recorder::kPendingIdsMax + 3) << "what is dropped has been seen all the same";
    const model::NumbersById counts = taken();
    EXPECT_EQ(counts.size(), Recorder::kPendingIdsMax);
    EXPECT_TRUE(std::binary_search(counts.begin(), counts.end(), std::pair<std::string, std::int64_t>{"7", 2}));
    recorder.record("one more");
    EXPECT_EQ(taken(), (model::NumbersById{{"one more", 1}})) << "the take has made room";
}

TEST_F(RecorderTest, PendingIsWhatIsRecordedAndNeitherHandedOnNorDropped) {
    for (int i = 0; i < 5; ++i) recorder.record("a");
    tally.handed_on += 1;
    tally.dropped.add();
    tally.applied.add(4);  // other instances' views too
    EXPECT_NE(metrics.text().find("snippetd_views_pending 3\n"), std::string::npos) << metrics.text();
}

}  // namespace
}  // namespace snippetd::views
