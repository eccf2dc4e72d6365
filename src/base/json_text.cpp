#include "base/json_text.hpp"

#include "base/words.hpp"

#include <array>
#include <bit>
#include <cstdint>
#include <cstring>

namespace snippetd::base {

namespace {

/// What each byte becomes, at most six bytes, and how many these are, in the eighth: one word, written at once,
/// whatever its length.
constexpr std::array<std::uint64_t, 256> make_escapes() {
    std::array<std::uint64_t, 256> out{};
    const auto set = [&out](std::size_t byte, std::string_view text) {
        std::array<char, 8> word{};
        for (std::size_t i = 0; i < text.size(); ++i) word[i] = text[i];
        word[7] = static_cast<char>(text.size());
        out[byte] = std::bit_cast<std::uint64_t>(word);
    };
    constexpr std::string_view kHex = "0123456789abcdef";
    for (std::size_t byte = 0; byte < 256; ++byte) {
        const char plain = static_cast<char>(byte);
        const char code[] = {'\\', 'u', '0', '0', kHex[byte / 16], kHex[byte % 16]};
        set(byte, byte < 0x20 ? std::string_view{code, sizeof code} : std::string_view{&plain, 1});
    }
    set('"', "\\\"");
    set('\\', "\\\\");
    set('\n', "\\n");
    set('\r', "\\r");
    set('\t', "\\t");
    return out;
}

constexpr std::array<std::uint64_t, 256> kEscapes = make_escapes();

constexpr std::size_t length_of(std::uint64_t escape) {
    return std::endian::native == std::endian::little ? escape >> 56U : escape & 0xFFU;
}

/// The high bit of each byte of the word that is `c`. Exact, like the next one: nothing is carried from byte to byte.
std::uint64_t equal_to(std::uint64_t word, char c) {
    const std::uint64_t difference = word ^ (kOnes * static_cast<unsigned char>(c));
    return ~(((difference & ~kHighs) + ~kHighs) | difference) & kHighs;
}

/// The high bit of each byte that is below 0x20.
std::uint64_t controls_of(std::uint64_t word) {
    return ~((word | kHighs) - kOnes * 0x20) & ~word & kHighs;
}

bool needs_escape(std::uint64_t word) {
    return (controls_of(word) | equal_to(word, '"') | equal_to(word, '\\')) != 0;
}

/// Of high bits of bytes. A processor that counts bits itself is not asked for, and without it that is a call.
std::size_t count(std::uint64_t bits) {
    return static_cast<std::size_t>((bits >> 7U) * kOnes >> 56U);
}

/// Writes what `text` becomes to `to`, where there is room for six times as much and a word. Returns its end.
char* escape(std::string_view text, char* to) {
    const char* at = text.data();
    const char* const end = at + text.size();
    const auto escape_byte = [&to](char c) {
        const std::uint64_t word = kEscapes[static_cast<unsigned char>(c)];
        std::memcpy(to, &word, kWordBytes);
        to += length_of(word);
    };
    for (; end - at >= static_cast<std::ptrdiff_t>(kWordBytes); at += kWordBytes) {
        if (needs_escape(word_at(at))) {
#pragma GCC unroll 8
            for (std::size_t i = 0; i < kWordBytes; ++i) escape_byte(at[i]);
        } else {
            std::memcpy(to, at, kWordBytes);
            to += kWordBytes;
        }
    }
    for (; at != end; ++at) escape_byte(*at);
    return to;
}

}  // namespace

std::size_t json_escaped_bytes(std::string_view text) {
    std::size_t bytes = text.size();
    const char* at = text.data();
    const char* const end = at + text.size();
    for (; end - at >= static_cast<std::ptrdiff_t>(kWordBytes); at += kWordBytes) {
        const std::uint64_t word = word_at(at);
        const std::uint64_t shorter = equal_to(word, '\n') | equal_to(word, '\r') | equal_to(word, '\t');
        bytes += count(equal_to(word, '"') | equal_to(word, '\\') | shorter) + 5 * count(controls_of(word) & ~shorter);
    }
    for (; at != end; ++at) bytes += length_of(kEscapes[static_cast<unsigned char>(*at)]) - 1;
    return bytes;
}

void append_json_escaped(std::string& out, std::string_view text) {
    // Piece by piece through a buffer that stays in the processor's cache: a string cannot grow without being filled.
    constexpr std::size_t kPiece = 512;
    std::array<char, 6 * kPiece + kWordBytes> buffer;
    while (!text.empty()) {
        const std::string_view piece = text.substr(0, kPiece);
        text.remove_prefix(piece.size());
        const char* const end = escape(piece, buffer.data());
        out.append(buffer.data(), static_cast<std::size_t>(end - buffer.data()));
    }
}

void append_json_string(std::string& out, std::string_view text) {
    out += '"';
    append_json_escaped(out, text);
    out += '"';
}

}  // namespace snippetd::base
