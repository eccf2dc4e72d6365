#include "base/precis.hpp"

#include "base/utf8.hpp"

#include <cstdlib>
#include <memory>
#include <new>

#include <utf8proc.h>

namespace snippetd::base {

std::optional<std::string> opaque_string(std::string_view text) {
    if (text.size() > kOpaqueStringBytesMax) return std::nullopt;
    std::string mapped;
    for (std::string_view rest = text; !rest.empty();) {
        const CodePoint next = first_code_point(rest);
        if (next.bytes == 0) return std::nullopt;
        switch (utf8proc_category(static_cast<utf8proc_int32_t>(next.value))) {
            case UTF8PROC_CATEGORY_CC: return std::nullopt;
            case UTF8PROC_CATEGORY_ZS: mapped += ' '; break;
            default: mapped += rest.substr(0, next.bytes);
        }
        rest.remove_prefix(next.bytes);
    }
    utf8proc_uint8_t* composed = nullptr;
    const utf8proc_ssize_t length = utf8proc_map(reinterpret_cast<const utf8proc_uint8_t*>(mapped.data()),
                                                 static_cast<utf8proc_ssize_t>(mapped.size()), &composed,
                                                 static_cast<utf8proc_option_t>(UTF8PROC_STABLE | UTF8PROC_COMPOSE));
    const std::unique_ptr<utf8proc_uint8_t, decltype(&std::free)> owned{composed, std::free};
    // Of its errors only this one is left: the text is UTF-8 and bounded.
    if (length < 0) throw std::bad_alloc{};
    return std::string{reinterpret_cast<const char*>(composed), static_cast<std::size_t>(length)};
}

}  // namespace snippetd::base
