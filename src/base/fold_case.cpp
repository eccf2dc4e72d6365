#include "base/fold_case.hpp"

#include "base/words.hpp"

#include <array>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <utility>

#include <utf8proc.h>

/// utf8proc takes 130 ns for a character, 20 times what it takes to read one. So most letters of Latin, Greek and
/// Cyrillic go by a table that it has filled, and those of East Asia, which have no case, as they are. It gets what is
/// left, in pieces that begin with a character that combines with none before it and end before such a one:
/// normalisation does not look across that.
namespace snippetd::base {

namespace {

constexpr std::uint32_t kTableEnd = 0x590;

std::string fold_by_library(std::string_view text) {
    constexpr auto kOptions = static_cast<utf8proc_option_t>(UTF8PROC_CASEFOLD | UTF8PROC_COMPOSE | UTF8PROC_STABLE);
    utf8proc_uint8_t* made = nullptr;
    const utf8proc_ssize_t size = utf8proc_map(reinterpret_cast<const utf8proc_uint8_t*>(text.data()),
                                               static_cast<utf8proc_ssize_t>(text.size()), &made, kOptions);
    const std::unique_ptr<utf8proc_uint8_t, decltype(&std::free)> owned{made, std::free};
    if (size < 0) return std::string{text};
    return {reinterpret_cast<const char*>(made), static_cast<std::size_t>(size)};
}

/// What a character becomes that stands alone; at most 7 bytes. Empty for marks, which are part of what is before them.
struct Folded {
    std::uint8_t size = 0;
    std::array<char, 7> bytes{};
};
using Table = std::array<Folded, kTableEnd>;

Table make_table() {
    Table table;
    for (std::uint32_t point = 0x80; point < kTableEnd; ++point) {
        const auto code = static_cast<utf8proc_int32_t>(point);
        const utf8proc_category_t category = utf8proc_category(code);
        if (category == UTF8PROC_CATEGORY_MN || category == UTF8PROC_CATEGORY_ME) continue;
        std::array<utf8proc_uint8_t, 4> bytes{};
        const utf8proc_ssize_t size = utf8proc_encode_char(code, bytes.data());
        const std::string folded =
            fold_by_library({reinterpret_cast<const char*>(bytes.data()), static_cast<std::size_t>(size)});
        if (folded.size() > table[point].bytes.size()) continue;
        table[point].size = static_cast<std::uint8_t>(folded.size());
        folded.copy(table[point].bytes.data(), folded.size());
    }
    return table;
}

/// Letters without case and in form NFC already: kana, ideographs, Hangul's syllables.
constexpr std::array<std::pair<std::uint32_t, std::uint32_t>, 5> kUncased{
    {{0x4000, 0x9FFF}, {0x3041, 0x3096}, {0x30A1, 0x30FE}, {0xAC00, 0xD7A3}, {0x3000, 0x3029}}};

std::uint8_t byte_at(std::string_view text, std::size_t at) {
    return at < text.size() ? static_cast<std::uint8_t>(text[at]) : 0;
}

bool is_ascii(char c) {
    return static_cast<std::uint8_t>(c) < 0x80;
}

/// The size in bytes of a character at `at` that the table or nothing at all changes; 0 for others. `folded` is what it
/// becomes. It reads UTF-8 for itself: a search folds every text, which with `first_code_point` takes 1.5 to 2 times as
/// long.
std::size_t take_plain(const Table& table, std::string_view text, std::size_t at, std::string_view& folded) {
    const std::uint8_t first = byte_at(text, at);
    if (first >= 0xC2 && first <= 0xD6 && (byte_at(text, at + 1) & 0xC0) == 0x80) {
        const std::uint32_t point = (first & 0x1Fu) << 6 | (byte_at(text, at + 1) & 0x3Fu);
        if (point >= kTableEnd) return 0;
        folded = {table[point].bytes.data(), table[point].size};
        return folded.empty() ? 0 : 2;
    }
    const bool three = (byte_at(text, at + 1) & 0xC0) == 0x80 && (byte_at(text, at + 2) & 0xC0) == 0x80;
    if (first < 0xE3 || first > 0xED || !three) return 0;
    const std::uint32_t point =
        (first & 0xFu) << 12 | (byte_at(text, at + 1) & 0x3Fu) << 6 | (byte_at(text, at + 2) & 0x3Fu);
    for (const auto& [from, to] : kUncased) {
        if (point < from || point > to) continue;
        folded = text.substr(at, 3);
        return 3;
    }
    return 0;
}

/// Eight characters of ASCII with their capitals made small: what is `A` or above and not above `Z` gets the bit 0x20.
std::uint64_t lower(std::uint64_t word) {
    const std::uint64_t from_a = word + kOnes * (0x80 - 'A'), above_z = word + kOnes * (0x7F - 'Z');
    return word | (((from_a ^ above_z) & kHighs) >> 2U);
}

/// Appends what the ASCII that `text` begins with becomes, and returns how much that is.
std::size_t append_ascii(std::string& out, std::string_view text) {
    std::size_t at = 0;
    for (; at + kWordBytes <= text.size(); at += kWordBytes) {
        const std::uint64_t word = word_at(text.data() + at);
        if ((word & kHighs) != 0) break;
        const std::uint64_t small = lower(word);
        out.append(reinterpret_cast<const char*>(&small), kWordBytes);
    }
    for (; at < text.size() && is_ascii(text[at]); ++at) {
        const char c = text[at];
        out += static_cast<char>(c + (c >= 'A' && c <= 'Z' ? 'a' - 'A' : 0));
    }
    return at;
}

/// The end of the characters from `at` that are neither ASCII nor plain.
std::size_t end_of_others(const Table& table, std::string_view text, std::size_t at) {
    std::string_view unused;
    while (at < text.size() && !is_ascii(text[at]) && take_plain(table, text, at, unused) == 0) ++at;
    return at;
}

}  // namespace

std::string fold_case(std::string_view text) {
    static const Table table = make_table();
    std::string out;
    out.reserve(text.size());
    // Where the last character that was taken begins, in the text and in what is made of it: a mark belongs to it.
    std::size_t last_begin = 0, last_out = 0;
    for (std::size_t at = 0; at < text.size();) {
        if (is_ascii(text[at])) {
            at += append_ascii(out, text.substr(at));
            last_begin = at - 1;
            last_out = out.size() - 1;
            continue;
        }
        std::string_view folded;
        if (const std::size_t size = take_plain(table, text, at, folded)) {
            last_begin = at;
            last_out = out.size();
            out += folded;
            at += size;
            continue;
        }
        out.resize(last_out);
        const std::size_t begin = last_begin;
        at = end_of_others(table, text, at);
        out += fold_by_library(text.substr(begin, at - begin));
        last_begin = at;
        last_out = out.size();
    }
    return out;
}

}  // namespace snippetd::base
