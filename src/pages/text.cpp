#include "pages/text.hpp"

#include "base/escape_sequences.hpp"
#include "base/utf8.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace snippetd::pages {

void append_escaped(std::string& out, std::string_view text) {
    std::size_t done = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
        std::string_view escape;
        switch (text[i]) {
            case '&': escape = "&amp;"; break;
            case '<': escape = "&lt;"; break;
            case '>': escape = "&gt;"; break;
            case '\r': escape = "&#13;"; break;
            default: continue;
        }
        out += text.substr(done, i - done);
        out += escape;
        done = i + 1;
    }
    out += text.substr(done);
}

std::string xml_text(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    while (!text.empty()) {
        const auto byte = static_cast<unsigned char>(text.front());
        const bool control = byte < 0x20 && byte != '\t' && byte != '\n' && byte != '\r';
        const bool noncharacter = text.starts_with("\xEF\xBF\xBE") || text.starts_with("\xEF\xBF\xBF");
        if (control || noncharacter) {
            out += base::kReplacementCharacter;
        } else {
            out += text.front();
        }
        text.remove_prefix(noncharacter ? 3 : 1);
    }
    return out;
}

std::string size_text(std::size_t bytes) {
    if (bytes < 1024) return count_text(bytes, "byte", "bytes");
    const bool mebi = bytes >= 1024 * 1024;
    std::string number = fmt::format("{:.1f}", static_cast<double>(bytes) / (mebi ? 1024.0 * 1024.0 : 1024.0));
    if (number.ends_with(".0")) number.resize(number.size() - 2);
    return fmt::format("{} {}", number, mebi ? "MiB" : "KiB");
}

std::string count_text(std::size_t count, std::string_view one, std::string_view several) {
    return fmt::format("{} {}", count, count == 1 ? one : several);
}

std::string time_text(base::UnixMillis time) {
    const std::string date = base::format_http_date(time);  // Sun, 06 Nov 1994 08:49:37 GMT
    std::string_view day = std::string_view{date}.substr(5, 11);
    if (day.front() == '0') day.remove_prefix(1);
    return fmt::format("{}, {} UTC", day, std::string_view{date}.substr(17, 5));
}

std::string age_text(base::UnixMillis time, base::UnixMillis now) {
    struct Unit {
        std::string_view one;
        std::int64_t seconds;
    };
    constexpr Unit kUnits[] = {{"year", 31'557'600}, {"month", 2'629'800}, {"week", 604'800},
                               {"day", 86'400},      {"hour", 3600},       {"minute", 60}};
    const bool ahead = time > now;
    const std::int64_t ms = ahead ? time - now : now - time;
    for (const auto& [one, seconds] : kUnits) {
        // At least two of a unit, so that little is lost: 47 hours are not a day, nor 13 days a week.
        if (ms < (seconds == 60 ? 1 : 2) * seconds * 1000) continue;
        const std::int64_t count = ms / 1000 / seconds;
        return fmt::format("{}{} {}{}{}", ahead ? "in " : "", count, one, count == 1 ? "" : "s", ahead ? "" : " ago");
    }
    return ahead ? "in less than a minute" : "just now";
}

namespace {

bool is_blank(char c) {
    return c == ' ' || (c >= '\t' && c <= '\r');
}

/// Whether it has a letter or a digit; what is beyond ASCII and seen counts as one.
bool says_something(std::string_view line) {
    while (!line.empty()) {
        const base::CodePoint point = base::first_code_point(line);
        const char32_t c = point.value;
        const bool ascii = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        if (point.bytes > 0 && (ascii || (c >= 0x80 && !base::is_unseen(c)))) return true;
        line.remove_prefix(std::max<std::size_t>(1, point.bytes));
    }
    return false;
}

}  // namespace

std::string title_text(std::string_view title, std::string_view text) {
    if (title.find_first_not_of(' ') != title.npos) return std::string{title};
    std::string shown;  // of a line that has something else
    while (!text.empty()) {
        const std::size_t end = std::min(text.find_first_of("\r\n"), text.size());
        std::string_view line = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        if (line.find('\x1B') != line.npos) line = shown = base::without_controls(line);
        if (!says_something(line)) continue;
        while (is_blank(line.front())) line.remove_prefix(1);
        while (is_blank(line.back())) line.remove_suffix(1);
        const bool is_cut = line.size() > kTitleBytesMax;
        std::string name{base::cut(line, kTitleBytesMax)};
        std::replace_if(
            name.begin(), name.end(), [](char c) { return c >= 0 && c < ' '; }, ' ');
        return is_cut ? name + "…" : name;
    }
    return "Untitled snippet";
}

}  // namespace snippetd::pages
