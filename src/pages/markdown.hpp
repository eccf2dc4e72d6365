#pragma once

#include <string>
#include <string_view>

namespace snippetd::pages {

/// Markdown (GitHub's: tables, task lists, strikethrough, bare links) as HTML that can do nothing: raw HTML is left
/// out, links go to http, https, mailto or within the page only, and pictures become links, because a page loads
/// nothing from elsewhere. Empty when memory runs out.
std::string markdown_html(std::string_view text);

}  // namespace snippetd::pages
