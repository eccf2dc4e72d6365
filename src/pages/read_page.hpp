#pragma once

#include "highlight/highlight.hpp"
#include "model/snippet.hpp"
#include "pages/document.hpp"
#include "pages/template.hpp"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace snippetd::pages {

struct ReadPage {
    std::int64_t view_count = 0;
    std::string_view base;  ///< of links, without a trailing slash
    bool burned = false;    ///< this is its only showing: the link works no more
    /// What a Markdown snippet says, null when that is not to be had now: then the source is shown, with a remark.
    const Document* document = nullptr;
    std::span<const highlight::Run> colours{};  ///< of its text
};

/// The page of a snippet, the same for all who may read it.
std::string read_page(const model::Snippet& snippet, const ReadPage& options);

/// The same for a frame on another site: the code, whose it is, and the way to its page. `base` as above.
std::string embed_page(const model::Snippet& snippet, std::string_view base,
                       std::span<const highlight::Run> colours = {});

/// Fills what shows a text in templates: as code, or as what a terminal shows.
void show_code(Fields& fields, std::string_view text, std::string_view language,
               std::span<const highlight::Run> colours);

/// Whether its page shows a document besides its text.
bool has_document(const model::Snippet& snippet);

}  // namespace snippetd::pages
