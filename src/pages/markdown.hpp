#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace snippetd::pages {

/// Markdown (GitHub's: tables, task lists, strikethrough, bare links, footnotes) as HTML that can do nothing: of raw
/// HTML a few tags stay (`AllowedHtml`), links go to http, https, mailto or within the page only, and pictures become
/// links, because a page loads nothing from elsewhere. Headings have ids, `md-` and what GitHub calls them; those of
/// footnotes begin with `fn`. Math is code of the class `language-math`. Throws std::bad_alloc. The parser is quadratic
/// for some texts: what strangers have written goes through `Documents`.
std::string markdown_html(std::string_view text);

/// Gives a block of code as HTML in colours, or nothing when it has none. `language` is what stands behind the fence.
using CodeColours = std::function<std::optional<std::string>(std::string_view code, std::string_view language)>;

/// The same, or nothing when that would be more than `bytes_max`. `colours` may be empty.
std::optional<std::string> markdown_html_within(std::string_view text, std::size_t bytes_max,
                                                const CodeColours& colours = {});

}  // namespace snippetd::pages
