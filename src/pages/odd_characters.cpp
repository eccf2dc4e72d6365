#include "pages/odd_characters.hpp"

#include "base/utf8.hpp"
#include "pages/text.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

namespace snippetd::pages {

namespace {

struct Named {
    char32_t code;
    std::string_view name;
};

// Explicit ones: UAX 9, section 2.
constexpr std::array kBidirectional{
    Named{0x202A, "left-to-right embedding"}, Named{0x202B, "right-to-left embedding"},
    Named{0x202C, "end of embedding"},        Named{0x202D, "left-to-right override"},
    Named{0x202E, "right-to-left override"},  Named{0x2066, "left-to-right isolate"},
    Named{0x2067, "right-to-left isolate"},   Named{0x2068, "first strong isolate"},
    Named{0x2069, "end of isolate"},
};

/// Between letters of other scripts, and in pictures, these are part of what is written.
constexpr std::array kJoining{
    Named{0x061C, "Arabic letter mark"}, Named{0x200C, "zero width non-joiner"}, Named{0x200D, "zero width joiner"},
    Named{0x200E, "left-to-right mark"}, Named{0x200F, "right-to-left mark"},
};

constexpr std::array kInvisible{
    Named{0x00AD, "soft hyphen"},
    Named{0x034F, "grapheme joiner"},
    Named{0x115F, "Hangul filler"},
    Named{0x1160, "Hangul filler"},
    Named{0x17B4, "Khmer vowel"},
    Named{0x17B5, "Khmer vowel"},
    Named{0x180E, "Mongolian separator"},
    Named{0x200B, "zero width space"},
    Named{0x2060, "word joiner"},
    Named{0x2061, "function application"},
    Named{0x2062, "invisible times"},
    Named{0x2063, "invisible separator"},
    Named{0x2064, "invisible plus"},
    Named{0x3164, "Hangul filler"},
    Named{0xFEFF, "zero width no-break space"},
    Named{0xFFA0, "Hangul filler"},
};

/// Letters that look as a Latin one does, by UTS 39's confusables.
constexpr std::array<std::pair<char32_t, char>, 58> kLookAlikes{{
    {0x0391, 'A'}, {0x0392, 'B'}, {0x0395, 'E'}, {0x0396, 'Z'}, {0x0397, 'H'}, {0x0399, 'I'}, {0x039A, 'K'},
    {0x039C, 'M'}, {0x039D, 'N'}, {0x039F, 'O'}, {0x03A1, 'P'}, {0x03A4, 'T'}, {0x03A5, 'Y'}, {0x03A7, 'X'},
    {0x03B1, 'a'}, {0x03B9, 'i'}, {0x03BD, 'v'}, {0x03BF, 'o'}, {0x03C1, 'p'}, {0x03C5, 'u'}, {0x03F2, 'c'},
    {0x03F3, 'j'}, {0x0405, 'S'}, {0x0406, 'I'}, {0x0408, 'J'}, {0x0410, 'A'}, {0x0412, 'B'}, {0x0415, 'E'},
    {0x041A, 'K'}, {0x041C, 'M'}, {0x041D, 'H'}, {0x041E, 'O'}, {0x0420, 'P'}, {0x0421, 'C'}, {0x0422, 'T'},
    {0x0423, 'Y'}, {0x0425, 'X'}, {0x0430, 'a'}, {0x0435, 'e'}, {0x043E, 'o'}, {0x0440, 'p'}, {0x0441, 'c'},
    {0x0443, 'y'}, {0x0445, 'x'}, {0x0455, 's'}, {0x0456, 'i'}, {0x0458, 'j'}, {0x04AE, 'Y'}, {0x04AF, 'y'},
    {0x04BB, 'h'}, {0x04C0, 'I'}, {0x04CF, 'l'}, {0x0501, 'd'}, {0x051B, 'q'}, {0x051D, 'w'}, {0x0570, 'h'},
    {0x0578, 'n'}, {0x057D, 'u'},
}};

constexpr char32_t kByteOrderMark = 0xFEFF;
constexpr std::string_view kByteOrderMarkBytes = "\xEF\xBB\xBF";

template <class Table>
std::string_view name_in(const Table& table, char32_t code) {
    const auto found = std::find_if(table.begin(), table.end(), [code](const Named& one) { return one.code == code; });
    return found == table.end() ? std::string_view{} : found->name;
}

/// The Latin letter that it looks like; 0 for none.
char latin_like(char32_t code) {
    const auto found = std::lower_bound(kLookAlikes.begin(), kLookAlikes.end(), std::pair{code, '\0'});
    return found != kLookAlikes.end() && found->first == code ? found->second : '\0';
}

bool is_latin(char32_t code) {
    return (code >= 'A' && code <= 'Z') || (code >= 'a' && code <= 'z');
}

/// Tags, and variation selectors that no font knows: whole texts have been hidden in them.
bool hides_text(char32_t code) {
    return (code >= 0xE0000 && code <= 0xE007F) || (code >= 0xE0100 && code <= 0xE01EF);
}

/// Most letters are in ranges that have nothing else.
bool is_certainly_letter(char32_t code) {
    return (code >= 0x3165 && code < kByteOrderMark) || (code >= 0x0370 && code < 0x0600);
}

/// What a character is by itself; `before`: the one before it.
Oddity oddity_of(char32_t code, char32_t before) {
    constexpr char32_t kLatinEnd = 0x250;
    if (code < 0xA0 || is_certainly_letter(code)) return Oddity::none;
    if (!name_in(kBidirectional, code).empty()) return Oddity::bidirectional;
    if (!name_in(kInvisible, code).empty() || hides_text(code)) return Oddity::invisible;
    return before < kLatinEnd && !name_in(kJoining, code).empty() ? Oddity::invisible : Oddity::none;
}

bool is_letter(char32_t code) {
    if (code < 0x80) return is_latin(code) || (code >= '0' && code <= '9') || code == '_';
    if (is_certainly_letter(code)) return true;
    const bool punctuation = code < 0xC0 || (code >= 0x2000 && code <= 0x206F);
    return !punctuation && name_in(kInvisible, code).empty();
}

std::string name_of(char32_t code, Oddity oddity) {
    std::string name = fmt::format("U+{:04X}", static_cast<unsigned>(code));
    if (oddity == Oddity::look_alike) return fmt::format("{}, looks like {}", name, latin_like(code));
    for (const std::string_view known :
         {name_in(kBidirectional, code), name_in(kInvisible, code), name_in(kJoining, code)}) {
        if (!known.empty()) return fmt::format("{}, {}", name, known);
    }
    return fmt::format("{}, hidden character", name);
}

std::string_view class_of(Oddity oddity) {
    switch (oddity) {
        case Oddity::bidirectional: return "odd odd-bidi";
        case Oddity::invisible: return "odd odd-hidden";
        case Oddity::look_alike:
        case Oddity::none: break;
    }
    return "odd odd-alike";
}

bool is_ascii(std::string_view text) {
    return std::all_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

/// Whether the word that `text` begins with is of Latin letters and of others that all look like some.
bool could_be_latin(std::string_view text) {
    bool latin = false, other = false;
    while (!text.empty()) {
        const base::CodePoint c = base::first_code_point(text);
        if (c.bytes == 0 || !is_letter(c.value)) break;
        if (c.value >= 0x80 && latin_like(c.value) == '\0') return false;
        (c.value >= 0x80 ? other : latin) |= c.value >= 0x80 || is_latin(c.value);
        text.remove_prefix(c.bytes);
    }
    return latin && other;
}

/// Calls `visit` with each character, its bytes and what it is.
template <class Visit>
void for_each_character(std::string_view text, Visit visit) {
    char32_t before = '\n';
    bool in_word = false, latin_word = false;
    while (!text.empty()) {
        const base::CodePoint c = base::first_code_point(text);
        const std::size_t bytes = std::max<std::size_t>(c.bytes, 1);
        const bool letter = c.bytes > 0 && is_letter(c.value);
        if (letter && !in_word) latin_word = could_be_latin(text);
        in_word = letter;
        Oddity oddity = c.bytes > 0 ? oddity_of(c.value, before) : Oddity::none;
        if (letter && latin_word && c.value >= 0x80) oddity = Oddity::look_alike;
        visit(c.value, text.substr(0, bytes), oddity);
        before = c.value;
        text.remove_prefix(bytes);
    }
}

}  // namespace

OddCharacters count_odd_characters(std::string_view text) {
    OddCharacters found;
    if (text.starts_with(kByteOrderMarkBytes)) text.remove_prefix(kByteOrderMarkBytes.size());
    for (std::size_t line = 1; !text.empty(); ++line) {
        const std::size_t end = std::min(text.find('\n'), text.size() - 1) + 1;
        const std::string_view one = text.substr(0, end);
        text.remove_prefix(end);
        if (is_ascii(one)) continue;
        for_each_character(one, [&](char32_t, std::string_view, Oddity oddity) {
            switch (oddity) {
                case Oddity::none: return;
                case Oddity::bidirectional: ++found.bidirectional; break;
                case Oddity::invisible: ++found.invisible; break;
                case Oddity::look_alike: ++found.look_alike; break;
            }
            if (found.first_line == 0) found.first_line = line;
        });
    }
    return found;
}

void OddMarker::append(std::string& out, std::string_view line, std::span<const Inset> insets) {
    std::size_t done = 0;
    const auto append_to = [&](std::size_t end) {
        for (; !insets.empty() && insets.front().at <= end; insets = insets.subspan(1)) {
            append_escaped(out, line.substr(done, insets.front().at - done));
            out += insets.front().html;
            done = insets.front().at;
        }
        append_escaped(out, line.substr(done, end - done));
        done = end;
    };
    std::size_t at = 0;
    if (std::exchange(first_, false) && line.starts_with(kByteOrderMarkBytes)) {
        at = kByteOrderMarkBytes.size();
        append_to(at);
    }
    if (is_ascii(line.substr(at)) || marks_ >= kMarksMax) return append_to(line.size());
    Oddity open = Oddity::none;
    for_each_character(line.substr(at), [&](char32_t code, std::string_view bytes, Oddity oddity) {
        if (oddity != open) {
            append_to(at);
            if (open != Oddity::none) out += "</b>";
            open = marks_ < kMarksMax ? oddity : Oddity::none;
            if (open != Oddity::none) {
                ++marks_;
                out += fmt::format("<b class=\"{}\" data-u=\"{:04X}\" title=\"{}\">", class_of(oddity),
                                   static_cast<unsigned>(code), name_of(code, oddity));
            }
        }
        at += bytes.size();
    });
    append_to(line.size());
    if (open != Oddity::none) out += "</b>";
}

}  // namespace snippetd::pages
