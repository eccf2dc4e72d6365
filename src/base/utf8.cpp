#include "base/utf8.hpp"

#include <algorithm>
#include <cstdint>
#include <cstring>

namespace snippetd::base {

namespace {

using Byte = unsigned char;

bool is_continuation(Byte byte) {
    return (byte & 0xC0) == 0x80;
}

/// Whether `text` begins with eight characters of ASCII.
bool begins_with_ascii_word(std::string_view text) {
    std::uint64_t word = 0;
    if (text.size() < sizeof word) return false;
    std::memcpy(&word, text.data(), sizeof word);
    return (word & 0x8080808080808080) == 0;
}

/// The length of the well-formed sequence at the start of `text` (Unicode 15, table 3-7), or 0 when there is none.
std::size_t sequence_length(std::string_view text) {
    const auto at = [&](std::size_t i) { return static_cast<Byte>(text[i]); };
    const Byte lead = at(0);
    if (lead < 0x80) return 1;
    if (lead >= 0xC2 && lead <= 0xDF) return text.size() >= 2 && is_continuation(at(1)) ? 2 : 0;
    if (lead >= 0xE0 && lead <= 0xEF) {
        if (text.size() < 3 || !is_continuation(at(1)) || !is_continuation(at(2))) return 0;
        if (lead == 0xE0 && at(1) < 0xA0) return 0;  // overlong
        if (lead == 0xED && at(1) > 0x9F) return 0;  // surrogate
        return 3;
    }
    if (lead >= 0xF0 && lead <= 0xF4) {
        if (text.size() < 4 || !is_continuation(at(1)) || !is_continuation(at(2)) || !is_continuation(at(3))) return 0;
        if (lead == 0xF0 && at(1) < 0x90) return 0;  // overlong
        if (lead == 0xF4 && at(1) > 0x8F) return 0;  // above U+10FFFF
        return 4;
    }
    return 0;
}

}  // namespace

std::optional<std::size_t> count_code_points(std::string_view text) {
    std::size_t count = 0;
    while (!text.empty()) {
        if (begins_with_ascii_word(text)) {
            text.remove_prefix(8);
            count += 8;
            continue;
        }
        const std::size_t length = sequence_length(text);
        if (length == 0) return std::nullopt;
        text.remove_prefix(length);
        ++count;
    }
    return count;
}

CodePoint first_code_point(std::string_view text) {
    const std::size_t length = sequence_length(text);
    if (length == 0) return {};
    char32_t value = static_cast<Byte>(text[0]);
    if (length > 1) value &= 0xFFu >> (length + 1);
    for (std::size_t i = 1; i < length; ++i) value = value << 6 | (static_cast<Byte>(text[i]) & 0x3Fu);
    return {value, length};
}

std::string_view cut(std::string_view text, std::size_t bytes_max) {
    if (text.size() <= bytes_max) return text;
    while (bytes_max > 0 && is_continuation(static_cast<Byte>(text[bytes_max]))) --bytes_max;
    return text.substr(0, bytes_max);
}

std::string_view without_first(std::string_view text, std::size_t code_points) {
    for (; code_points > 0 && !text.empty(); --code_points) {
        text.remove_prefix(std::max<std::size_t>(first_code_point(text).bytes, 1));
    }
    return text;
}

void append_code_point(std::string& out, char32_t c) {
    const auto append = [&out](char32_t byte) { out += static_cast<char>(byte); };
    const auto append_six_bits = [&](unsigned shift) { append(0x80 | (c >> shift & 0x3F)); };
    if (c > 0x10FFFF || (c >= 0xD800 && c <= 0xDFFF)) {
        out += kReplacementCharacter;
    } else if (c < 0x80) {
        append(c);
    } else if (c < 0x800) {
        append(0xC0 | c >> 6);
        append_six_bits(0);
    } else if (c < 0x10000) {
        append(0xE0 | c >> 12);
        append_six_bits(6);
        append_six_bits(0);
    } else {
        append(0xF0 | c >> 18);
        append_six_bits(12);
        append_six_bits(6);
        append_six_bits(0);
    }
}

bool is_unseen(char32_t c) {
    return c < 0x20 || (c >= 0x7F && c <= 0x9F) || c == 0x61C || (c >= 0x200B && c <= 0x200F) ||
           (c >= 0x2028 && c <= 0x202E) || (c >= 0x2060 && c <= 0x206F);
}

bool has_control_characters(std::string_view text) {
    for (std::size_t i = 0; i < text.size(); ++i) {
        const Byte byte = static_cast<Byte>(text[i]);
        if (byte < 0x20 || byte == 0x7F) return true;
        if (byte == 0xC2 && i + 1 < text.size() && static_cast<Byte>(text[i + 1]) < 0xA0) return true;
    }
    return false;
}

}  // namespace snippetd::base
