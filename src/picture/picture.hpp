#pragma once

#include "highlight/highlight.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

/// Code as a picture.
namespace snippetd::picture {

enum class Shape : std::uint32_t {
    card,   ///< 1200 by 630 pixels, what previews of a link show: its first lines, as large as they can be
    lines,  ///< as large as the lines need, with their numbers
};

enum class Theme : std::uint32_t { light, dark };

struct Picture {
    Shape shape = Shape::card;
    Theme theme = Theme::dark;
    std::string_view text{};                    ///< of whole lines; UTF-8
    std::span<const highlight::Run> colours{};  ///< of the text, from its beginning; as many as there are
    std::size_t first_line = 1;                 ///< the number of the first
    std::string_view title{};                   ///< UTF-8; cut where it is too long, as the caption is
    std::string_view caption{};
};

/// As PNG. Nothing when the fonts lack so many of its characters that it would show little else than boxes. A card cuts
/// lines that are too long; lines are broken after kColumnsMax columns and end with an ellipsis after kRowsMax rows.
/// Letters are drawn one beside the other in the order of the text, whatever direction they are written in.
std::optional<std::string> png_of(const Picture& picture);
inline constexpr std::size_t kColumnsMax = 100;
inline constexpr std::size_t kRowsMax = 200;

}  // namespace snippetd::picture
