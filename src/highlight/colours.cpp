#include "highlight/colours.hpp"

#include <cstddef>

namespace snippetd::highlight {

namespace {

struct ColourRow {
    std::string_view scope;
    Colour colour;
    bool words_only = false;
};

/// Scopes are named after the conventions of TextMate's manual (macromates.com/manual/en/language_grammars), which
/// grammars keep more or less. `none` is said of what is in something coloured and is not that: code within a string.
constexpr ColourRow kColourRows[] = {
    {"comment", Colour::comment},

    {"string", Colour::string},
    {"string.interpolated.makefile", Colour::none},
    {"string.unquoted.argument", Colour::none},
    {"storage.type.string.python", Colour::string},  // the `r` before it
    {"markup.inline.raw", Colour::string},
    {"markup.underline.link", Colour::string},
    {"constant.other.reference.link", Colour::string},
    {"constant.character.escape", Colour::escape},
    {"constant.character.entity", Colour::escape},
    {"constant.character.format", Colour::escape},
    {"constant.other.character-class", Colour::escape},
    {"constant.other.placeholder", Colour::escape},
    {"keyword.control.anchor.regexp", Colour::escape},
    {"punctuation.definition.interpolation", Colour::escape},
    {"punctuation.definition.template-expression", Colour::escape},
    {"storage.type.format.python", Colour::escape},

    {"meta.embedded", Colour::none},
    {"meta.interpolation", Colour::none},
    {"meta.template.expression", Colour::none},
    {"punctuation.section.embedded", Colour::none},
    {"source", Colour::none},
    {"text", Colour::none},

    {"constant", Colour::number},
    {"constant.other.database-name.sql", Colour::none},
    {"constant.other.option", Colour::attribute},
    {"constant.other.table-name.sql", Colour::none},
    {"entity.name.constant", Colour::number},
    {"keyword.other.unit", Colour::number},
    {"support.constant", Colour::number},
    {"variable.language", Colour::number},  // `this`
    {"variable.language.special.self.python", Colour::none},

    {"keyword", Colour::keyword},
    {"keyword.operator", Colour::keyword, true},
    {"storage", Colour::keyword},
    {"storage.modifier.pointer", Colour::none},
    {"storage.modifier.reference", Colour::none},
    {"storage.type.function.arrow", Colour::none},
    {"meta.diff.header", Colour::keyword},

    {"entity.name.function", Colour::title},
    {"entity.name.command", Colour::title},
    {"entity.name.section", Colour::title},
    {"markup.heading", Colour::title},
    {"meta.diff.range", Colour::title},
    {"support.function", Colour::title},
    {"keyword.other.special-method.ruby", Colour::title},

    {"entity.name.class", Colour::type},
    {"entity.name.type", Colour::type},
    {"entity.name.type.package.go", Colour::none},
    {"entity.other.inherited-class", Colour::type},
    {"keyword.other.type", Colour::type},
    {"keyword.type", Colour::type},
    {"keyword.type.go", Colour::keyword},
    {"storage.type.boolean", Colour::type},
    {"storage.type.built-in", Colour::type},
    {"storage.type.byte", Colour::type},
    {"storage.type.error", Colour::type},
    {"storage.type.generic", Colour::type},
    {"storage.type.groovy", Colour::type},
    {"storage.type.haskell", Colour::type},
    {"storage.type.java", Colour::type},
    {"storage.type.numeric", Colour::type},
    {"storage.type.object", Colour::type},
    {"storage.type.primitive", Colour::type},
    {"storage.type.rune", Colour::type},
    {"storage.type.sql", Colour::type},
    {"storage.type.string", Colour::type},
    {"storage.type.uintptr", Colour::type},
    {"support.class", Colour::type},
    {"support.type", Colour::type},
    {"variable.other.constant.ruby", Colour::type},

    {"entity.name.tag", Colour::tag},
    {"support.class.component", Colour::tag},

    {"entity.name.tag.yaml", Colour::attribute},
    {"entity.name.type.lifetime", Colour::attribute},
    {"entity.other.attribute-name", Colour::attribute},
    {"fenced_code.block.language", Colour::attribute},
    {"keyword.other.definition.ini", Colour::attribute},
    {"meta.attribute.rust", Colour::attribute},
    {"punctuation.definition.annotation", Colour::attribute},
    {"punctuation.definition.lifetime", Colour::attribute},
    {"storage.type.annotation", Colour::attribute},
    {"support.type.property-name", Colour::attribute},
    {"support.type.vendored.property-name", Colour::attribute},
    {"variable.css", Colour::attribute},
    {"variable.language.makefile", Colour::attribute},
    {"variable.language.special.shell", Colour::attribute},
    {"variable.other.constant.elixir", Colour::attribute},
    {"variable.other.key.toml", Colour::attribute},
    {"variable.other.makefile", Colour::attribute},
    {"variable.other.normal.shell", Colour::attribute},
    {"variable.other.readwrite.module.elixir", Colour::attribute},
    {"variable.parameter.positional", Colour::attribute},

    {"markup.deleted", Colour::deleted},
    {"markup.inserted", Colour::inserted},
};

}  // namespace

ScopeColour colour_of(std::string_view scope) {
    std::size_t longest = 0;
    ScopeColour found;
    for (const ColourRow& row : kColourRows) {
        const bool begins =
            scope.starts_with(row.scope) && (scope.size() == row.scope.size() || scope[row.scope.size()] == '.');
        if (!begins || row.scope.size() < longest) continue;
        longest = row.scope.size();
        found = {true, row.colour, row.words_only};
    }
    return found;
}

}  // namespace snippetd::highlight
