#include "model/view_history.hpp"

#include <cstddef>

namespace snippetd::model {

namespace {

constexpr base::UnixMillis kHourMs = 60LL * 60 * 1000;

struct Shape {
    std::int64_t hours;    ///< of one bucket
    std::int64_t buckets;  ///< of the series
};

Shape shape_of(ViewBucket by) {
    return by == ViewBucket::hour ? Shape{1, 48} : Shape{24, 90};
}

/// The first bucket of the series, counted in buckets since 1970.
std::int64_t first_bucket(const Shape& shape, base::UnixMillis now) {
    return hour_of(now) / shape.hours - (shape.buckets - 1);
}

}  // namespace

std::int64_t hour_of(base::UnixMillis time) {
    return time / kHourMs;
}

base::UnixMillis history_start(ViewBucket by, base::UnixMillis now) {
    const Shape shape = shape_of(by);
    return first_bucket(shape, now) * shape.hours * kHourMs;
}

std::vector<ViewPoint> bucket_views(const std::vector<ViewHour>& hours, ViewBucket by, base::UnixMillis now) {
    const Shape shape = shape_of(by);
    const std::int64_t first = first_bucket(shape, now);
    std::vector<ViewPoint> points;
    for (std::int64_t i = 0; i < shape.buckets; ++i) points.push_back({(first + i) * shape.hours * kHourMs, 0});
    for (const ViewHour& hour : hours) {
        const std::int64_t bucket = hour.hour / shape.hours - first;
        if (bucket < 0 || bucket >= shape.buckets) continue;
        points[static_cast<std::size_t>(bucket)].views += hour.count;
    }
    return points;
}

std::span<const ViewPoint> since(const std::vector<ViewPoint>& points, ViewBucket by, base::UnixMillis time) {
    const base::UnixMillis length = shape_of(by).hours * kHourMs;
    std::span<const ViewPoint> left{points};
    while (left.size() > 1 && left.front().start_ms + length <= time) left = left.subspan(1);
    return left;
}

}  // namespace snippetd::model
