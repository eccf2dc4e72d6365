#pragma once

#include "base/clock.hpp"

#include <cstdint>
#include <optional>
#include <string_view>

namespace snippetd::http {

/// Seconds since 1970 of a date in any of the three forms (RFC 9110 section 5.6.7); nothing when it is none. A year of
/// two digits is in the century that `now` is in, or in the one before when that would be over 50 years ahead. What
/// writes a date is `base::format_http_date`.
std::optional<std::int64_t> parse_http_date(std::string_view text, base::UnixMillis now);

}  // namespace snippetd::http
