#pragma once

#include <cstddef>
#include <string>
#include <string_view>

/// Writing JSON text piece by piece, where building a document first would only be in the way. Parsing is Boost.JSON's.
namespace snippetd::base {

/// How many bytes `append_json_escaped` appends for `text`.
std::size_t json_escaped_bytes(std::string_view text);

/// Appends `text`, which is UTF-8, as the inside of a JSON string (RFC 8259 section 7), without the quotes. It
/// takes less than a nanosecond a byte, whatever the text is (`bench/json_text.cpp`).
void append_json_escaped(std::string& out, std::string_view text);

/// The same with the quotes.
void append_json_string(std::string& out, std::string_view text);

}  // namespace snippetd::base
