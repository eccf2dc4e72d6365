#pragma once

#include "base/clock.hpp"
#include "limiter/limiter.hpp"

#include <cstdint>

/// The arithmetic of both algorithms, in whole milliseconds, without a clock and without storage.
///
/// With D the window's length, e the time since it began, p and c what was admitted in the previous and in this window,
/// the sliding window admits what costs n when
///
///     p * (D - e) / D + c + n <= quota
///
/// which takes the previous window's requests as spread evenly over it (the approximation of Cloudflare's "How we built
/// rate limiting capable of scaling to millions of domains", 2017). All is multiplied by D, so nothing is rounded. The
/// fixed window is the same with p = 0.
namespace snippetd::limiter {

/// What was admitted around a moment, in what it cost. `previous` is 0 for the fixed window.
struct WindowCounts {
    std::uint64_t previous = 0;
    std::uint64_t current = 0;
};

/// Whole seconds, at least 1: one second less is too early, this many is enough.
std::int64_t seconds_up(std::int64_t ms);

/// The number of the window in which `now_ms` lies; windows are aligned to the epoch.
std::int64_t window_number(base::UnixMillis now_ms, base::Milliseconds window);

/// Whether `cost` more fits, which is from 1 to the quota. The counts are those of the window of `now_ms`; the
/// verdict's `remaining` is what is left after it.
Verdict decide(Algorithm algorithm, const Policy& policy, WindowCounts counts, base::UnixMillis now_ms,
               std::uint32_t cost = 1);

}  // namespace snippetd::limiter
