#pragma once

#include "highlight/highlight.hpp"

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

/// What programs have written to a terminal and somebody has pasted: text with escape sequences that colour it.
namespace snippetd::pages {

/// Whether a snippet's text is that: it has styles in it, and is in no language that has them in its own right. A
/// difference is one only where its lines begin with them, since none does that is somebody's change.
bool is_terminal_output(std::string_view text, std::string_view language);

/// The text as numbered lines (`numbered_html`), as a terminal shows it: styled pieces in `<span class="t …">`, which
/// ends with its line, and each sequence in `<span class="e">`, which a style sheet hides or shows (`terminal.css`).
/// The text content is exactly `text`. Nothing but styles is acted upon: no text is overwritten, erased or hidden.
std::string terminal_html(std::string_view text);
/// Of a text with more of them the rest is as it was pasted.
inline constexpr std::size_t kTerminalSpansMax = 20'000;

/// The beginning of such a text for a preview: with its styles, and without its sequences.
std::string terminal_preview_html(std::string_view text);

/// A text for a terminal: code in the colours of `runs`, which add up to it or are none; output of a terminal in its
/// own. Each line ends without a style, and nothing but styles can act upon a terminal: all else is written out
/// (`base::visible`), or, of output of a terminal, left out.
std::string ansi_text(std::string_view text, std::string_view language, std::span<const highlight::Run> runs);

}  // namespace snippetd::pages
