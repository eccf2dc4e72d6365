#include "base/visible.hpp"

#include "base/escape_sequences.hpp"
#include "base/utf8.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace snippetd::base {

namespace {

constexpr std::size_t kParametersBytesMax = 128;

bool is_control(char32_t c) {
    return c < 0x20 || (c >= 0x7F && c <= 0x9F);
}

}  // namespace

bool is_joiner(char32_t c) {
    return c == 0x200B || c == 0x200C || c == 0x200D || c == 0x2060;
}

std::string visible(std::string_view text) {
    std::string out;
    while (!text.empty()) {
        const CodePoint next = first_code_point(text);
        const char32_t c = next.value;
        const bool line_end = c == '\n' || (c == '\r' && text.size() > 1 && text[1] == '\n');
        if (next.bytes == 0) {
            out += kReplacementCharacter;
        } else if (line_end || c == '\t' || is_joiner(c) || !is_unseen(c)) {
            out += text.substr(0, next.bytes);
        } else if (is_control(c)) {
            // 64 apart, DEL included; C1 as `M-` and the C0 character below it.
            if (c >= 0x80) out += "M-";
            out += '^';
            out += static_cast<char>((c & 0x7F) ^ 0x40);
        } else {
            out += fmt::format("<U+{:04X}>", static_cast<unsigned>(c));
        }
        text.remove_prefix(std::max<std::size_t>(next.bytes, 1));
    }
    return out;
}

std::string visible_in_styles(std::string_view text) {
    std::string out;
    bool styled = false;
    std::size_t begin = 0;
    for (std::size_t at = text.find('\x1B'); at != text.npos; at = text.find('\x1B', at + 1)) {
        const Control control = first_control(text.substr(at));
        if (!control.sets_style || control.parameters.size() > kParametersBytesMax) continue;
        out += visible(text.substr(begin, at - begin));
        out += text.substr(at, control.bytes);
        begin = at + control.bytes;
        styled = true;
    }
    out += visible(text.substr(begin));
    if (styled) out += "\x1B[m";
    return out;
}

}  // namespace snippetd::base
