#pragma once

#include <string>
#include <string_view>

namespace snippetd::base {

/// `text` as a terminal can show it whole: tabs and line ends stay, control characters are `^[` and the like as cat -v
/// writes them, those that set a direction or end a line in other ways `<U+202E>`, and what is no UTF-8 is U+FFFD.
std::string visible(std::string_view text);

/// The same, with styles (SGR) as they are, and none behind it.
std::string visible_in_styles(std::string_view text);

/// What a text may have for good reason: it joins letters or parts of emoji, or says where words end, and acts on
/// nothing else.
bool is_joiner(char32_t c);

}  // namespace snippetd::base
