#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace snippetd::base {

using Milliseconds = std::chrono::milliseconds;

/// For intervals and deadlines: never set back.
using SteadyTime = std::chrono::steady_clock::time_point;

/// An absolute point after which nobody waits for the answer any more. One travels with each request.
using Deadline = SteadyTime;

inline SteadyTime steady_now() {
    return std::chrono::steady_clock::now();
}
inline Deadline deadline_in(Milliseconds duration) {
    return steady_now() + duration;
}

/// Milliseconds since 1970-01-01T00:00:00Z, the form in which times are stored and compared.
using UnixMillis = std::int64_t;

UnixMillis unix_now_ms();

/// `2026-11-24T08:15:30.123Z` (RFC 3339, UTC, always with milliseconds).
std::string format_rfc3339(UnixMillis time);

/// `Tue, 24 Nov 2026 08:15:30 GMT` (IMF-fixdate, RFC 9110 section 5.6.7).
std::string format_http_date(UnixMillis time);

}  // namespace snippetd::base
