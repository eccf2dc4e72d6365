#include "base/json_text.hpp"

#include <algorithm>
#include <iterator>

#include <fmt/format.h>

namespace snippetd::base {

namespace {

bool needs_escape(char c) {
    return c == '"' || c == '\\' || static_cast<unsigned char>(c) < 0x20;
}

}  // namespace

void append_json_escaped(std::string& out, std::string_view text) {
    auto plain = text.begin();
    while (true) {
        const auto special = std::find_if(plain, text.end(), needs_escape);
        out.append(plain, special);
        if (special == text.end()) return;
        switch (*special) {
            case '"': out += "\\\""; break;
            case '\\': out += "\\\\"; break;
            case '\n': out += "\\n"; break;
            case '\r': out += "\\r"; break;
            case '\t': out += "\\t"; break;
            default: fmt::format_to(std::back_inserter(out), "\\u{:04x}", static_cast<unsigned>(*special));
        }
        plain = special + 1;
    }
}

void append_json_string(std::string& out, std::string_view text) {
    out += '"';
    append_json_escaped(out, text);
    out += '"';
}

}  // namespace snippetd::base
