#pragma once

#include <cstddef>
#include <span>
#include <string_view>
#include <utility>

namespace snippetd::highlight {

/// A grammar as the build has embedded it (web/build_grammars.mjs).
struct EmbeddedGrammar {
    std::string_view scope;   ///< `source.go`: its name among grammars
    std::string_view brotli;  ///< its JSON
    std::size_t bytes;        ///< of the JSON
};

/// All, sorted by scope.
std::span<const EmbeddedGrammar> embedded_grammars();

/// The scope of the grammar of each language that has one, sorted by language.
std::span<const std::pair<std::string_view, std::string_view>> embedded_languages();

}  // namespace snippetd::highlight
