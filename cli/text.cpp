#include "text.hpp"

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <ctime>

#include <fmt/format.h>

namespace snippetd::cli {

namespace {

constexpr std::int64_t kExpiresInMax = 10LL * 365 * 24 * 3600;
constexpr std::size_t kTitleCharactersMax = 200;
constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

struct Decoded {
    std::size_t bytes;  ///< 0 when `text` does not start with a well-formed sequence
    char32_t code_point;
};

/// Unicode 15, table 3-7.
Decoded decode(std::string_view text) {
    const auto at = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    const unsigned char lead = at(0);
    if (lead < 0x80) return {1, lead};
    const std::size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
    if (lead < 0xC2 || lead > 0xF4 || text.size() < length) return {0, 0};
    char32_t code_point = lead & (0xFF >> (length + 1));
    for (std::size_t i = 1; i < length; ++i) {
        if ((at(i) & 0xC0) != 0x80) return {0, 0};
        code_point = code_point << 6 | (at(i) & 0x3F);
    }
    const bool overlong = (length == 3 && code_point < 0x800) || (length == 4 && code_point < 0x10000);
    const bool surrogate = code_point >= 0xD800 && code_point <= 0xDFFF;
    if (overlong || surrogate || code_point > 0x10FFFF) return {0, 0};
    return {length, code_point};
}

bool is_control(char32_t c) {
    return c < 0x20 || (c >= 0x7F && c <= 0x9F);
}

bool acts_on_terminal(char32_t c) {
    return is_control(c) || c == 0x61C || (c >= 0x200B && c <= 0x200F) || (c >= 0x2028 && c <= 0x202E) ||
           (c >= 0x2060 && c <= 0x206F);
}

/// What a text may have for good reason: it joins letters or parts of emoji, or says where words end, and acts on
/// nothing else.
bool is_joiner(char32_t c) {
    return c == 0x200B || c == 0x200C || c == 0x200D || c == 0x2060;
}

}  // namespace

std::optional<Unacceptable> find_unacceptable(std::string_view body) {
    for (std::size_t i = 0; i < body.size();) {
        if (body[i] == '\0') return Unacceptable{i, "a NUL character"};
        const Decoded next = decode(body.substr(i));
        if (next.bytes == 0) return Unacceptable{i, "what is not UTF-8"};
        i += next.bytes;
    }
    return std::nullopt;
}

std::string printable(std::string_view text) {
    std::string out;
    while (!text.empty()) {
        const Decoded next = decode(text);
        if (next.bytes == 0) {
            out += kReplacement;
        } else if (!acts_on_terminal(next.code_point)) {
            out += text.substr(0, next.bytes);
        }
        text.remove_prefix(std::max<std::size_t>(next.bytes, 1));
    }
    return out;
}

std::string visible(std::string_view text) {
    std::string out;
    while (!text.empty()) {
        const Decoded next = decode(text);
        const char32_t c = next.code_point;
        const bool line_end = c == '\n' || (c == '\r' && text.size() > 1 && text[1] == '\n');
        if (next.bytes == 0) {
            out += kReplacement;
        } else if (line_end || c == '\t' || is_joiner(c) || !acts_on_terminal(c)) {
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

std::string visible_json(std::string_view text) {
    std::string out;
    while (!text.empty()) {
        const Decoded next = decode(text);
        if (next.bytes == 0) {
            out += kReplacement;
        } else if (acts_on_terminal(next.code_point) && !is_joiner(next.code_point)) {
            out += fmt::format("\\u{:04x}", static_cast<unsigned>(next.code_point));
        } else {
            out += text.substr(0, next.bytes);
        }
        text.remove_prefix(std::max<std::size_t>(next.bytes, 1));
    }
    return out;
}

std::size_t count_code_points(std::string_view valid) {
    return static_cast<std::size_t>(std::count_if(
        valid.begin(), valid.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

std::string shorten(std::string_view text, std::size_t code_points_max) {
    if (count_code_points(text) <= code_points_max) return std::string{text};
    if (code_points_max == 0) return {};
    std::size_t end = 0;
    for (std::size_t kept = 1; kept < code_points_max; ++kept) end += decode(text.substr(end)).bytes;
    return std::string{text.substr(0, end)} + "…";
}

std::string title_of_file(std::string_view path) {
    while (path.size() > 1 && path.ends_with('/')) path.remove_suffix(1);
    const std::string name = printable(path.substr(path.rfind('/') + 1));
    const std::size_t length = count_code_points(name);
    if (length <= kTitleCharactersMax) return name;
    // Its end stays, because the extension says the language.
    std::string_view end = name;
    for (std::size_t left_out = length - kTitleCharactersMax + 1; left_out > 0; --left_out) {
        end.remove_prefix(decode(end).bytes);
    }
    return "…" + std::string{end};
}

std::optional<std::int64_t> parse_duration_s(std::string_view text) {
    std::int64_t number = 0;
    const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (failure != std::errc{} || number < 1 || number > kExpiresInMax) return std::nullopt;
    const std::string_view unit = text.substr(static_cast<std::size_t>(end - text.data()));
    constexpr std::pair<std::string_view, std::int64_t> kUnits[] = {
        {"s", 1}, {"m", 60}, {"h", 3600}, {"d", 86'400}, {"w", 604'800}};
    for (const auto& [name, seconds] : kUnits) {
        if (unit == name) return number <= kExpiresInMax / seconds ? std::optional{number * seconds} : std::nullopt;
    }
    return std::nullopt;
}

std::optional<std::chrono::sys_seconds> parse_rfc3339(std::string_view text) {
    std::tm parts{};
    const std::string copy{text};
    const char* end = strptime(copy.c_str(), "%Y-%m-%dT%H:%M:%S", &parts);
    if (!end || !copy.ends_with('Z')) return std::nullopt;
    return std::chrono::sys_seconds{std::chrono::seconds{timegm(&parts)}};
}

std::string format_age(std::chrono::seconds age) {
    const std::int64_t seconds = std::max<std::int64_t>(age.count(), 0);
    constexpr std::pair<std::int64_t, char> kUnits[] = {
        {365 * 86'400, 'y'}, {604'800, 'w'}, {86'400, 'd'}, {3600, 'h'}, {60, 'm'}};
    for (const auto& [length, unit] : kUnits) {
        if (seconds >= length) return std::to_string(seconds / length) + unit;
    }
    return std::to_string(seconds) + 's';
}

std::optional<std::string_view> lines_of(std::string_view body, std::size_t first, std::size_t last) {
    std::size_t begin = 0;
    for (std::size_t line = 1; line < first; ++line) {
        const std::size_t feed = body.find('\n', begin);
        if (feed == body.npos) return std::nullopt;
        begin = feed + 1;
    }
    if (begin >= body.size()) return std::nullopt;
    std::size_t end = begin;
    for (std::size_t line = first; line <= last && end < body.size(); ++line) {
        const std::size_t feed = body.find('\n', end);
        end = feed == body.npos ? body.size() : feed + 1;
    }
    return body.substr(begin, end - begin);
}

}  // namespace snippetd::cli
