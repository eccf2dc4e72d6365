#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace snippetd::base {

/// The number of code points in `text`, or nothing when it is not well-formed UTF-8 (RFC 3629: no overlong forms, no
/// surrogates, nothing above U+10FFFF).
std::optional<std::size_t> count_code_points(std::string_view text);

/// Whether `text` has a C0 control character, DEL, or a C1 control character (U+0080 to U+009F). `text` must be UTF-8.
bool has_control_characters(std::string_view text);

}  // namespace snippetd::base
