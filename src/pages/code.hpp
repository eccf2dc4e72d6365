#pragma once

#include "highlight/highlight.hpp"

#include <cstddef>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace snippetd::pages {

/// The lines of a text: a last one without a line feed counts.
std::size_t count_lines(std::string_view text);

/// A text as numbered lines: `<span class="c"><span id="L1" data-n="1">…\n</span>…</span>`, in chunks of a hundred that
/// a browser need not lay out before they are scrolled to. The text content is exactly `text`; what is not as it looks
/// is marked (`OddMarker`). A text of very many lines, whose markup would be many times its own size, is one chunk
/// without numbers.
///
/// `runs` add up to the text, or are none. Each with a colour is a `<span>` of a class of its colour, which ends with
/// its line at the latest; a line that is not as it looks has no colours.
inline constexpr std::size_t kNumberedLinesMax = 50000;

std::string code_html(std::string_view text, std::span<const highlight::Run> runs = {});

/// The same with lines that somebody else appends, each with what ends it. `reserved`: about the bytes of their markup.
using AppendLine = std::function<void(std::string& out, std::string_view line)>;
std::string numbered_html(std::string_view text, std::size_t reserved, const AppendLine& append_line);

/// The text alone, in colours, for a preview.
std::string coloured_html(std::string_view text, std::span<const highlight::Run> runs);

/// At most kRunsMax of them; the last one is what is left, without a colour.
std::vector<highlight::Run> shortened(std::vector<highlight::Run> runs);
/// With so many the spans of a page are about a megabyte.
inline constexpr std::size_t kRunsMax = 40'000;

/// A text as HTML that has its colours with it, for where there is no style sheet of ours.
std::string self_coloured_html(std::string_view text, std::span<const highlight::Run> runs);

/// Runs as they go from one process to another.
std::string written(std::span<const highlight::Run> runs);
/// What `written` has made, if it adds up to `bytes`; else nothing.
std::optional<std::vector<highlight::Run>> read_runs(std::string_view written, std::size_t bytes);

/// Whether there is a grammar of the language, which is a name, and the text is neither empty nor too long.
bool can_be_coloured(std::string_view text, std::string_view language);
/// Longer texts are shown without colours: a page of them would be many times their size.
inline constexpr std::size_t kColouredBytesMax = 256 * 1024;

}  // namespace snippetd::pages
