#pragma once

#include "base/clock.hpp"

#include <cstdint>
#include <span>
#include <vector>

/// Views over time: what the store keeps by the hour, as a series to show.
namespace snippetd::model {

/// The views that one snippet got within an hour of UTC.
struct ViewHour {
    std::int64_t hour = 0;  ///< since 1970-01-01T00Z
    std::int64_t count = 0;
};

struct ViewPoint {
    base::UnixMillis start_ms = 0;  ///< of the bucket
    std::int64_t views = 0;
};

enum class ViewBucket {
    hour,  ///< the last 48 hours
    day,   ///< the last 90 days of UTC
};

/// The hour of UTC that `time`, which is not before 1970, lies in.
std::int64_t hour_of(base::UnixMillis time);

/// Where the series that ends with the bucket of `now` begins.
base::UnixMillis history_start(ViewBucket by, base::UnixMillis now);

/// The whole series, oldest first, zeros included; the last bucket is that of `now`. `hours` may come in any order;
/// what lies outside the series is left out.
std::vector<ViewPoint> bucket_views(const std::vector<ViewHour>& hours, ViewBucket by, base::UnixMillis now);

/// The series from the bucket on that `time` lies in; at least its last one.
std::span<const ViewPoint> since(const std::vector<ViewPoint>& points, ViewBucket by, base::UnixMillis time);

}  // namespace snippetd::model
