#pragma once

#include "base/clock.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace snippetd::pages {

/// Appends `text` as HTML text, not for attributes. A carriage return is escaped too: a parser would make a line feed
/// of it, and the text would not be what was pasted.
void append_escaped(std::string& out, std::string_view text);

/// `text` (UTF-8) as a document of XML 1.0 may have it, before it is escaped: what is no character there (most control
/// characters, U+FFFE, U+FFFF), escaped or not, becomes U+FFFD (https://www.w3.org/TR/xml/#charsets).
std::string xml_text(std::string_view text);

/// `512 bytes`, `1.2 KiB`, `1 MiB`.
std::string size_text(std::size_t bytes);
/// `1 line`, `42 lines`.
std::string count_text(std::size_t count, std::string_view one, std::string_view several);
/// `24 Nov 2026, 14:05 UTC`.
std::string time_text(base::UnixMillis time);

/// How long ago, or in how long: `just now`, `5 minutes ago`, `in 3 days`; as the page's script says it (common.ts).
std::string age_text(base::UnixMillis time, base::UnixMillis now);

/// The title; when there is none, the first line of `text`, which is UTF-8, that has a letter or a digit, cut to
/// kTitleBytesMax with an ellipsis; and something to call it by when there is no such line either.
std::string title_text(std::string_view title, std::string_view text = {});
inline constexpr std::size_t kTitleBytesMax = 80;

}  // namespace snippetd::pages
