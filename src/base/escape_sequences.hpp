#pragma once

#include <cstddef>
#include <string>
#include <string_view>

/// What programs write to a terminal besides text (ECMA-48, "Control Functions for Coded Character Sets").
namespace snippetd::base {

/// What a text begins with that is no text.
struct Control {
    std::size_t bytes = 0;          ///< 0: it begins with text
    bool sets_style = false;        ///< SGR ("select graphic rendition"): colours, bold and the like
    std::string_view parameters{};  ///< of SGR: `01;34`
};

/// A control character (C0 but tab, line feed and carriage return; DEL; C1), with the sequence that an escape
/// character begins. One that has no end on its line, or none within kControlBytesMax, is the escape character alone,
/// so that nothing is taken for a sequence that a reader would miss. `text` is not empty.
Control first_control(std::string_view text);
inline constexpr std::size_t kControlBytesMax = 4096;

/// `text` as it is shown, without any of that.
std::string without_controls(std::string_view text);

/// Whether it sets colours or another style somewhere.
bool sets_styles(std::string_view text);

}  // namespace snippetd::base
