#include "views/live.hpp"

#include <deque>
#include <vector>

#include <gtest/gtest.h>

namespace snippetd::views {
namespace {

using Outcome = LiveCounts::Outcome;

struct Page final : LiveCounts::Listener {
    void on_count(std::int64_t count) override { counts.push_back(count); }
    std::vector<std::int64_t> counts;
};

TEST(LiveCounts, TellsThoseWhoHaveTheSnippetOpen) {
    LiveCounts::Bound bound{10};
    LiveCounts live{bound};
    Page one, other, elsewhere;
    EXPECT_EQ(live.add("a", one, 1), Outcome::added);
    EXPECT_EQ(live.add("a", other, 2), Outcome::added);
    EXPECT_EQ(live.add("b", elsewhere, 1), Outcome::added);
    live.publish("a", 5);
    live.remove("a", one);
    live.remove("a", one);  // is not there any more
    live.publish("a", 6);
    live.publish("c", 7);
    EXPECT_EQ(one.counts, (std::vector<std::int64_t>{5}));
    EXPECT_EQ(other.counts, (std::vector<std::int64_t>{5, 6}));
    EXPECT_TRUE(elsewhere.counts.empty());
}

TEST(LiveCounts, TheLastSixteenthIsForThoseWhoHaveLessThanAQuarter) {
    LiveCounts::Bound bound{100};
    LiveCounts first{bound}, second{bound};
    std::deque<Page> pages(101);
    for (std::size_t i = 0; i < 94; ++i) ASSERT_EQ((i % 2 ? first : second).add("a", pages[i], 1), Outcome::added);
    EXPECT_EQ(first.add("b", pages[94], 1), Outcome::client_full);
    first.remove("b", pages[94]);  // was not added
    for (std::size_t i = 94; i < 100; ++i) ASSERT_EQ(first.add("a", pages[i], 2), Outcome::added);
    EXPECT_EQ(second.add("a", pages[100], 3), Outcome::full);
    second.remove("a", pages[0]);
    EXPECT_EQ(second.add("a", pages[100], 1), Outcome::client_full);
    EXPECT_EQ(second.add("a", pages[100], 3), Outcome::added);
}

TEST(LiveCounts, AFewAreAlwaysAClientsAsLongAsThereIsRoom) {
    LiveCounts::Bound bound{2 * LiveCounts::Bound::kOfAClientAlways};
    LiveCounts live{bound};
    std::deque<Page> pages(2 * LiveCounts::Bound::kOfAClientAlways + 1);
    for (std::size_t i = 0; i + 1 < pages.size(); ++i) {
        const std::uint64_t client = i < LiveCounts::Bound::kOfAClientAlways ? 1 : 2;
        ASSERT_EQ(live.add("a", pages[i], client), Outcome::added) << i;
    }
    EXPECT_EQ(live.add("a", pages.back(), 3), Outcome::full);
}

}  // namespace
}  // namespace snippetd::views
