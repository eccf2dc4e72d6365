#include "text.hpp"

#include "base/units.hpp"
#include "base/utf8.hpp"
#include "base/visible.hpp"

#include <algorithm>
#include <cstdio>
#include <ctime>

#include <fmt/format.h>

namespace snippetd::cli {

namespace {

constexpr std::int64_t kExpiresInMax = 10LL * 365 * 24 * 3600;
constexpr std::size_t kTitleCharactersMax = 200;

}  // namespace

std::optional<Unacceptable> find_unacceptable(std::string_view body) {
    for (std::size_t i = 0; i < body.size();) {
        if (body[i] == '\0') return Unacceptable{i, "a NUL character"};
        const base::CodePoint next = base::first_code_point(body.substr(i));
        if (next.bytes == 0) return Unacceptable{i, "what is not UTF-8"};
        i += next.bytes;
    }
    return std::nullopt;
}

std::string printable(std::string_view text) {
    std::string out;
    while (!text.empty()) {
        const base::CodePoint next = base::first_code_point(text);
        if (next.bytes == 0) {
            out += base::kReplacementCharacter;
        } else if (!base::is_unseen(next.value)) {
            out += text.substr(0, next.bytes);
        }
        text.remove_prefix(std::max<std::size_t>(next.bytes, 1));
    }
    return out;
}

std::string visible_json(std::string_view text) {
    std::string out;
    while (!text.empty()) {
        const base::CodePoint next = base::first_code_point(text);
        if (next.bytes == 0) {
            out += base::kReplacementCharacter;
        } else if (base::is_unseen(next.value) && !base::is_joiner(next.value)) {
            out += fmt::format("\\u{:04x}", static_cast<unsigned>(next.value));
        } else {
            out += text.substr(0, next.bytes);
        }
        text.remove_prefix(std::max<std::size_t>(next.bytes, 1));
    }
    return out;
}

std::size_t count_code_points(std::string_view valid) {
    return base::count_code_points(valid).value_or(0);
}

std::string shorten(std::string_view text, std::size_t code_points_max) {
    if (count_code_points(text) <= code_points_max) return std::string{text};
    if (code_points_max == 0) return {};
    std::size_t end = 0;
    for (std::size_t kept = 1; kept < code_points_max; ++kept) end += base::first_code_point(text.substr(end)).bytes;
    return std::string{text.substr(0, end)} + "…";
}

std::string title_of_file(std::string_view path) {
    while (path.size() > 1 && path.ends_with('/')) path.remove_suffix(1);
    const std::string name = printable(path.substr(path.rfind('/') + 1));
    const std::size_t length = count_code_points(name);
    if (length <= kTitleCharactersMax) return name;
    // Its end stays, because the extension says the language.
    return "…" + std::string{base::without_first(name, length - kTitleCharactersMax + 1)};
}

std::optional<std::int64_t> parse_duration_s(std::string_view text) {
    const auto seconds = base::parse_seconds(text, "");
    return seconds && *seconds >= 1 && *seconds <= kExpiresInMax ? seconds : std::nullopt;
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
