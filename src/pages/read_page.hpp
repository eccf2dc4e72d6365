#pragma once

#include "model/snippet.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace snippetd::pages {

struct ReadPage {
    std::int64_t view_count = 0;
    std::string_view base;  ///< of links, without a trailing slash
    bool burned = false;    ///< this is its only showing: the link works no more
};

/// The page of a snippet, the same for all who may read it.
std::string read_page(const model::Snippet& snippet, const ReadPage& options);

/// The same for a frame on another site: the code, whose it is, and the way to its page. `base` as above.
std::string embed_page(const model::Snippet& snippet, std::string_view base);

/// Markdown is rendered up to this size; above it only its source is shown.
inline constexpr std::size_t kMarkdownBytesMax = 256 * 1024;

}  // namespace snippetd::pages
