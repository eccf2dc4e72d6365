#pragma once

#include <string>
#include <string_view>

namespace snippetd::pages {

/// A QR code (ISO/IEC 18004, error correction level M) as an SVG document, dark on light with its quiet zone whatever
/// the page's colours are. Throws std::runtime_error when the text is too long for one.
std::string qr_svg(std::string_view text);

}  // namespace snippetd::pages
