#include "base/shows_nothing.hpp"

#include <utf8proc.h>

namespace snippetd::base {

bool shows_nothing(char32_t c) {
    constexpr char32_t kBrailleBlank = 0x2800;
    if (c == kBrailleBlank || (c >= 0xFFF9 && c <= 0xFFFB)) return true;
    const utf8proc_property_t* properties = utf8proc_get_property(static_cast<utf8proc_int32_t>(c));
    switch (properties->category) {
        case UTF8PROC_CATEGORY_ZS:
        case UTF8PROC_CATEGORY_ZL:
        case UTF8PROC_CATEGORY_ZP:
        case UTF8PROC_CATEGORY_CC: return true;
        default: return properties->ignorable;
    }
}

}  // namespace snippetd::base
