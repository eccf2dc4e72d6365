#pragma once

#include "highlight/highlight.hpp"
#include "picture/picture.hpp"

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace snippetd::pages {

/// Lines of a text, with their colours.
struct Excerpt {
    std::string_view text;
    std::vector<highlight::Run> colours;
};

/// The lines from `first` to `last`, which count from 1, as far as there are such and as they have no more than
/// kExcerptBytesMax. `colours` are those of the whole text, or none.
Excerpt excerpt_of(std::string_view text, std::span<const highlight::Run> colours, std::size_t first, std::size_t last);
inline constexpr std::size_t kExcerptBytesMax = 256 * 1024;

/// Of a picture of some lines.
inline constexpr std::size_t kPictureLinesMax = 100;

/// What goes to the process that draws a picture, beside the picture's text and its colours.
std::string picture_request(const picture::Picture& picture);
/// Draws it there, as PNG; in the colours that `written` has made of, if they are the text's. Empty when the fonts lack
/// its characters. Throws std::runtime_error when `request` is not what `picture_request` has made.
std::string draw_picture(std::string_view text, std::string_view request, std::string_view colours);

}  // namespace snippetd::pages
