#pragma once

#include "model/snippet.hpp"
#include "pages/text.hpp"

#include <string>
#include <string_view>

namespace snippetd::ui {

/// What pages about a snippet call it. What is to be read once is called by nothing of what it says.
inline std::string name_of(const model::Snippet& snippet) {
    return pages::title_text(snippet.title, snippet.burn_after_reading ? std::string_view{} : snippet.body);
}

}  // namespace snippetd::ui
