#pragma once

namespace snippetd::base {

/// Whether it shows nothing of its own: blanks (Unicode's categories Zs, Zl and Zp), control characters, what a display
/// ignores (Default_Ignorable_Code_Point: without width, directions, variation selectors, tags, fillers), the marks of
/// notes between lines (U+FFF9 to U+FFFB) and a Braille pattern without dots.
bool shows_nothing(char32_t c);

}  // namespace snippetd::base
