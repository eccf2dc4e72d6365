#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

/// The one decoder of UTF-8 (RFC 3629), and what else is asked of it.
namespace snippetd::base {

/// What stands for what cannot be shown or is no text (U+FFFD).
inline constexpr std::string_view kReplacementCharacter = "\xEF\xBF\xBD";

/// The number of code points in `text`, or nothing when it is not well-formed UTF-8 (RFC 3629: no overlong forms, no
/// surrogates, nothing above U+10FFFF).
std::optional<std::size_t> count_code_points(std::string_view text);

/// Whether `text` has a C0 control character, DEL, or a C1 control character (U+0080 to U+009F). `text` must be UTF-8.
bool has_control_characters(std::string_view text);

/// The first code point of `text`, which is not empty, and its length in bytes: 0 when none that is well-formed stands
/// there.
struct CodePoint {
    char32_t value = 0;
    std::size_t bytes = 0;
};
CodePoint first_code_point(std::string_view text);

/// The longest beginning of `text`, which is UTF-8, that has at most so many bytes and ends between two code points.
std::string_view cut(std::string_view text, std::size_t bytes_max);

/// What is left of `text`, which is UTF-8, without its first code points.
std::string_view without_first(std::string_view text, std::size_t code_points);

/// Appends the code point; U+FFFD for what is none (a surrogate, or above U+10FFFF).
void append_code_point(std::string& out, char32_t c);

/// Whether it shows nothing itself and changes what is shown around it, or acts upon a terminal: control characters
/// (C0, DEL, C1), those that set a direction or have no width (U+061C, U+200B to U+200F, U+202A to U+202E, U+2060 to
/// U+206F) and separators of lines (U+2028, U+2029).
bool is_unseen(char32_t c);

}  // namespace snippetd::base
