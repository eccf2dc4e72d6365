#include "limiter/window.hpp"

#include "base/assert.hpp"

#include <algorithm>

namespace snippetd::limiter {

namespace {

std::int64_t divide_up(std::int64_t dividend, std::int64_t divisor) {
    return (dividend + divisor - 1) / divisor;
}

/// Milliseconds from now until a lone client is admitted again, given that it is not admitted now.
std::int64_t wait_ms(Algorithm algorithm, std::int64_t quota, std::int64_t window, WindowCounts counts,
                     std::int64_t elapsed, std::int64_t cost) {
    const auto previous = static_cast<std::int64_t>(counts.previous);
    const auto current = static_cast<std::int64_t>(counts.current);
    const std::int64_t window_ends_in = window - elapsed;
    if (algorithm == Algorithm::fixed_window) return window_ends_in;
    // Within this window: the smallest e' with previous * (window - e') <= (quota - current - cost) * window.
    if (current + cost <= quota && previous > 0) {
        const std::int64_t covered_max = (quota - current - cost) * window / previous;
        return window - covered_max - elapsed;
    }
    // In the next one, where what is current now is the previous: the smallest e' with current * (window - e') <=
    // (quota - cost) * window.
    const std::int64_t covered_max = std::min(window, (quota - cost) * window / current);
    return window_ends_in + window - covered_max;
}

}  // namespace

std::int64_t seconds_up(std::int64_t ms) {
    return std::max<std::int64_t>(1, divide_up(ms, 1000));
}

std::int64_t window_number(base::UnixMillis now_ms, base::Milliseconds window) {
    return now_ms / window.count();
}

Verdict decide(Algorithm algorithm, const Policy& policy, WindowCounts counts, base::UnixMillis now_ms,
               std::uint32_t cost) {
    SNIPPETD_ASSERT(cost >= 1 && cost <= policy.quota, cost, policy.quota);
    const std::int64_t window = policy.window.count();
    const std::int64_t elapsed = now_ms % window;
    const std::int64_t quota = policy.quota;
    if (algorithm == Algorithm::fixed_window) counts.previous = 0;
    const std::int64_t used = static_cast<std::int64_t>(counts.previous) * (window - elapsed) +
                              static_cast<std::int64_t>(counts.current) * window;
    const std::int64_t left = quota * window - used;  // in requests times the window
    Verdict verdict;
    if (left >= cost * window) {
        verdict.remaining = static_cast<std::uint32_t>(left / window - cost);
        verdict.reset_s = seconds_up(window - elapsed);
    } else {
        verdict.decision = Verdict::Decision::limited;
        verdict.wait_ms = wait_ms(algorithm, quota, window, counts, elapsed, cost);
        verdict.reset_s = seconds_up(verdict.wait_ms);
    }
    return verdict;
}

}  // namespace snippetd::limiter
