#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace snippetd::pages {

/// The lines of a text: a last one without a line feed counts.
std::size_t count_lines(std::string_view text);

/// A text as numbered lines: `<span class="c"><span id="L1" data-n="1">…\n</span>…</span>`, in chunks of a hundred that
/// a browser need not lay out before they are scrolled to. The text content is exactly `text`; what is not as it looks
/// is marked (`OddMarker`). A text of very many lines, whose markup would be many times its own size, is one chunk
/// without numbers.
inline constexpr std::size_t kNumberedLinesMax = 50000;

std::string code_html(std::string_view text);

}  // namespace snippetd::pages
