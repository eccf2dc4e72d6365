#include "highlight/colours.hpp"

#include <algorithm>
#include <array>
#include <cstddef>

namespace snippetd::highlight {

namespace {

struct ColourRow {
    std::string_view scope;
    Colour colour;
};

/// Scopes are named after the conventions of TextMate's manual (macromates.com/manual/en/language_grammars). `none` is
/// said of what is in something coloured and is not meant: code within a string.
constexpr ColourRow kColourRows[] = {
    {"comment", Colour::comment},
    {"string", Colour::string},
    {"string.unquoted.tag-name", Colour::none},
    {"string.unquoted.argument", Colour::none},
    {"string.unquoted.cdata", Colour::string},
    {"meta.embedded", Colour::none},
    {"meta.template.expression", Colour::none},
    {"meta.interpolation", Colour::none},
    {"punctuation.definition.template-expression", Colour::escape},
    {"punctuation.section.embedded", Colour::escape},
    {"source", Colour::none},
    {"text", Colour::none},

    {"constant", Colour::number},
    {"constant.character.escape", Colour::escape},
    {"constant.character.format", Colour::escape},
    {"constant.other.placeholder", Colour::escape},
    {"constant.numeric", Colour::number},

    {"keyword", Colour::keyword},
    {"keyword.operator", Colour::none},
    {"storage", Colour::keyword},

    {"entity.name.function", Colour::title},
    {"entity.name.type", Colour::type},
    {"entity.name.class", Colour::type},
    {"entity.name.tag", Colour::tag},
    {"entity.other.attribute-name", Colour::attribute},
    {"entity.other.inherited-class", Colour::type},
    {"entity.name.section", Colour::title},
    {"support.function", Colour::title},
    {"support.type", Colour::type},
    {"support.class", Colour::type},
    {"support.constant", Colour::number},

    {"markup.heading", Colour::title},
    {"markup.inserted", Colour::inserted},
    {"markup.deleted", Colour::deleted},
};

}  // namespace

ScopeColour colour_of(std::string_view scope) {
    std::size_t longest = 0;
    ScopeColour found;
    for (const ColourRow& row : kColourRows) {
        const bool begins = scope.starts_with(row.scope) &&
                            (scope.size() == row.scope.size() || scope[row.scope.size()] == '.');
        if (!begins || row.scope.size() < longest) continue;
        longest = row.scope.size();
        found = {true, row.colour};
    }
    return found;
}

}  // namespace snippetd::highlight
