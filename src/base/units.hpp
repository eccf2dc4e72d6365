#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace snippetd::base {

/// The duration that `text` writes as a whole number with ms, s, m, h or d (`300s`); nothing when it is
/// written in any other way, a number without a unit included. What is too long for the type becomes its
/// longest.
std::optional<std::chrono::milliseconds> parse_duration(std::string_view text);

/// The seconds that `text` writes as a whole number with s, m, h, d or w, or without a unit, which then is `bare`, as
/// people say when something ends; nothing when it is written in any other way. Without a `bare` one a unit must be
/// there. What is too long is 2^53 - 1.
std::optional<std::int64_t> parse_seconds(std::string_view text, std::string_view bare = "s");

/// The number of bytes that `text` writes as a whole number with B, KiB, MiB or GiB (`64MiB`); nothing when
/// it is written in any other way, a number without a unit included. What is too large for the type becomes
/// its largest.
std::optional<std::uint64_t> parse_size(std::string_view text);

/// The text in the largest of d, h, s and ms that divides `duration`, as `parse_duration` reads it. Minutes
/// are written in seconds, as the documentation does. `duration` is not negative.
std::string format_duration(std::chrono::milliseconds duration);

/// The text in the largest unit that divides `bytes`, as `parse_size` reads it.
std::string format_size(std::uint64_t bytes);

}  // namespace snippetd::base
