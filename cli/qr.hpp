#pragma once

#include <string>
#include <string_view>

namespace snippetd::cli {

/// The QR code of `text`, two modules per character, with its quiet zone. `coloured` says black and white by escape
/// sequences, so that it can be read on a terminal of any colours; otherwise light is drawn, for a dark one. Throws
/// Failure when the text is too long.
std::string draw_qr(std::string_view text, bool coloured);

}  // namespace snippetd::cli
