#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

/// How a terminal shows text: colours, bold and the like (SGR; ECMA-48, 8.3.117, ITU-T T.416 and what xterm adds).
namespace snippetd::pages {

struct Ink {
    enum class Kind : std::uint8_t {
        none,     ///< the terminal's own
        indexed,  ///< one of 256, in `red`
        direct,
    };
    Kind kind = Kind::none;
    std::uint8_t red = 0, green = 0, blue = 0;

    bool operator==(const Ink&) const = default;
};

struct TerminalStyle {
    Ink text, ground;
    bool bold = false, dim = false, italic = false, underlined = false, struck = false, inverse = false;

    bool operator==(const TerminalStyle&) const = default;
    bool plain() const { return *this == TerminalStyle{}; }
};

/// Goes on with what SGR's parameters say (`01;34`). What is not known of them changes nothing; what would hide text or
/// have it blink is not known.
void apply(TerminalStyle& style, std::string_view parameters);

/// The style as classes of terminal.css, whose colours are legible on our pages, light and dark: colours come as the
/// nearest of 256, and what is too much like the colour behind it is black or white. Empty for plain text.
std::string classes_of(const TerminalStyle& style);

/// The same for a terminal: `ESC [ … m`, which begins with a reset. What has the colour of its ground has that of the
/// terminal's text instead. Empty for plain text.
std::string sequence_of(const TerminalStyle& style);

/// What terminal.css shows behind a text, and on such a ground, for one of 256.
std::array<std::uint8_t, 3> shade_of(std::uint8_t index);

}  // namespace snippetd::pages
