#include "model/view_history.hpp"

#include <numeric>

#include <gtest/gtest.h>

namespace snippetd::model {
namespace {

constexpr base::UnixMillis kHour = 3'600'000;
constexpr base::UnixMillis kDay = 24 * kHour;
// 2026-11-24T08:15:30.123Z
constexpr base::UnixMillis kNow = 1'795'508'130'123;
constexpr std::int64_t kThisHour = kNow / kHour;
constexpr std::int64_t kToday = kNow / kDay;

std::int64_t sum(const std::vector<ViewPoint>& points) {
    return std::accumulate(points.begin(), points.end(), std::int64_t{0},
                           [](std::int64_t total, const ViewPoint& point) { return total + point.views; });
}

TEST(ViewHistory, WithoutViewsIsTheWholeSeriesOfZeros) {
    const auto hours = bucket_views({}, ViewBucket::hour, kNow);
    ASSERT_EQ(hours.size(), 48u);
    const auto days = bucket_views({}, ViewBucket::day, kNow);
    ASSERT_EQ(days.size(), 90u);
    EXPECT_EQ(sum(hours) + sum(days), 0);
}

TEST(ViewHistory, EndsWithTheBucketOfNowAndHasNoGaps) {
    const auto hours = bucket_views({}, ViewBucket::hour, kNow);
    EXPECT_EQ(base::format_rfc3339(hours.back().start_ms), "2026-11-24T08:00:00.000Z");
    EXPECT_EQ(base::format_rfc3339(hours.front().start_ms), "2026-11-22T09:00:00.000Z");
    const auto days = bucket_views({}, ViewBucket::day, kNow);
    EXPECT_EQ(base::format_rfc3339(days.back().start_ms), "2026-11-24T00:00:00.000Z");
    EXPECT_EQ(base::format_rfc3339(days.front().start_ms), "2026-08-27T00:00:00.000Z");
    for (std::size_t i = 1; i < hours.size(); ++i) EXPECT_EQ(hours[i].start_ms - hours[i - 1].start_ms, kHour);
    for (std::size_t i = 1; i < days.size(); ++i) EXPECT_EQ(days[i].start_ms - days[i - 1].start_ms, kDay);
}

TEST(ViewHistory, BeginsWhereItSaysSoThatTheFirstBucketIsWhole) {
    EXPECT_EQ(history_start(ViewBucket::hour, kNow), bucket_views({}, ViewBucket::hour, kNow).front().start_ms);
    EXPECT_EQ(history_start(ViewBucket::day, kNow), bucket_views({}, ViewBucket::day, kNow).front().start_ms);
    EXPECT_EQ(hour_of(history_start(ViewBucket::day, kNow)) % 24, 0);
}

TEST(ViewHistory, EachHourIsCountedInItsBucketInAnyOrder) {
    const auto points = bucket_views({{kThisHour, 5}, {kThisHour - 47, 3}, {kThisHour - 1, 2}}, ViewBucket::hour, kNow);
    EXPECT_EQ(points[47].views, 5);
    EXPECT_EQ(points[46].views, 2);
    EXPECT_EQ(points[0].views, 3);
    EXPECT_EQ(sum(points), 10);
}

TEST(ViewHistory, TheHoursOfADayOfUtcAddUp) {
    const auto points = bucket_views(
        {{kToday * 24, 1}, {kToday * 24 + 8, 2}, {kToday * 24 - 1, 4}, {(kToday - 89) * 24, 8}}, ViewBucket::day, kNow);
    EXPECT_EQ(points[89].views, 3);
    EXPECT_EQ(points[88].views, 4);
    EXPECT_EQ(points[0].views, 8);
}

TEST(ViewHistory, WhatLiesOutsideIsLeftOut) {
    EXPECT_EQ(sum(bucket_views({{kThisHour + 1, 1}, {kThisHour - 48, 1}, {0, 1}}, ViewBucket::hour, kNow)), 0);
    EXPECT_EQ(sum(bucket_views({{(kToday + 1) * 24, 1}, {(kToday - 89) * 24 - 1, 1}}, ViewBucket::day, kNow)), 0);
}

TEST(ViewHistory, ABucketBeginsWithItsFirstMillisecond) {
    const base::UnixMillis midnight = kToday * kDay;
    for (const ViewBucket by : {ViewBucket::hour, ViewBucket::day}) {
        EXPECT_EQ(bucket_views({}, by, midnight).back().start_ms, midnight);
        EXPECT_LT(bucket_views({}, by, midnight - 1).back().start_ms, midnight);
    }
}

TEST(ViewHistory, TheWholeRangeOfATimeHasAnHour) {
    EXPECT_EQ(hour_of(0), 0);
    EXPECT_EQ(hour_of(kHour - 1), 0);
    EXPECT_EQ(hour_of(kHour), 1);
}

TEST(ViewHistory, BeginsWithTheBucketOfAMoment) {
    constexpr base::UnixMillis kFive = 20'000 * kDay + 5 * kHour;  // five in the morning
    const std::vector<ViewPoint> days = bucket_views({}, ViewBucket::day, kFive);
    EXPECT_EQ(since(days, ViewBucket::day, kFive).size(), 1u);
    EXPECT_EQ(since(days, ViewBucket::day, kFive + 3 * kDay).size(), 1u) << "another machine's clock";
    EXPECT_EQ(since(days, ViewBucket::day, kFive - 5 * kHour).size(), 1u) << "the moment that the day began";
    EXPECT_EQ(since(days, ViewBucket::day, kFive - 5 * kHour - 1).size(), 2u);
    EXPECT_EQ(since(days, ViewBucket::day, 0).size(), 90u);
    const std::vector<ViewPoint> hours = bucket_views({}, ViewBucket::hour, kFive);
    EXPECT_EQ(since(hours, ViewBucket::hour, kFive - 2 * kHour).size(), 3u);
    EXPECT_EQ(since(hours, ViewBucket::hour, 0).front().start_ms, hours.front().start_ms);
}

}  // namespace
}  // namespace snippetd::model
