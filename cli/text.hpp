#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace snippetd::cli {

/// Where `body` stops being what a snippet may hold, valid UTF-8 without NUL, and why; nothing when it never does.
struct Unacceptable {
    std::size_t offset;  ///< in bytes
    std::string_view why;
};
std::optional<Unacceptable> find_unacceptable(std::string_view body);

/// `text` without control characters (C0, DEL, C1), those that reverse or hide what follows (U+061C, U+200B to U+200F,
/// U+2028 to U+202E, U+2060 to U+206F), and with U+FFFD for what is no UTF-8: nothing in it can act upon a terminal.
std::string printable(std::string_view text);

/// JSON text with `\u202e` and the like for what `base::visible` would change: the same document, on one line.
std::string visible_json(std::string_view text);

/// The first `code_points_max` characters of valid UTF-8, the last of them `…` when something is left out.
std::string shorten(std::string_view text, std::size_t code_points_max);
std::size_t count_code_points(std::string_view valid);

/// The name of a file as a title: printable, at most 200 characters.
std::string title_of_file(std::string_view path);

/// The seconds that `text` writes as a whole number with s, m, h, d or w; nothing when it is written otherwise or
/// beyond ten years, which is what the server takes.
std::optional<std::int64_t> parse_duration_s(std::string_view text);

/// The moment of an RFC 3339 time in UTC, as the server writes it; fractions are left out.
std::optional<std::chrono::sys_seconds> parse_rfc3339(std::string_view text);

/// How long ago, in one number and unit: `12s`, `3m`, `5h`, `2d`, `7w`, `3y`.
std::string format_age(std::chrono::seconds age);

/// Lines `first` to `last` of `body`, counted from 1, with their line feeds; `last` may be beyond the end. Nothing when
/// `first` is.
std::optional<std::string_view> lines_of(std::string_view body, std::size_t first, std::size_t last);

}  // namespace snippetd::cli
