#pragma once

#include <cstdint>
#include <string_view>

namespace snippetd::highlight {

/// What a piece of code is, as far as a reader is shown it.
enum class Colour : std::uint8_t {
    none,
    comment,
    keyword,
    string,
    escape,  ///< within a string
    number,  ///< and what else stands for itself: true, null, a symbol, a colour
    title,   ///< the name of a function, a macro, a target, a heading
    type,
    attribute,  ///< a property, a key, the name of an attribute, a variable that stands out
    tag,
    inserted,
    deleted,
};

inline constexpr std::size_t kColours = 12;

/// What a scope says of the colour of what is in it.
struct ScopeColour {
    bool says = false;  ///< else what is around it decides
    Colour colour = Colour::none;
    bool words_only = false;  ///< `sizeof` is an operator that is coloured, `+` is none
};

/// The longest beginning of the scope's name that is known decides; a beginning ends with a part of the name.
ScopeColour colour_of(std::string_view scope);

}  // namespace snippetd::highlight
