#include "pages/text.hpp"

#include "base/utf8.hpp"

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

std::string title_text(std::string_view title) {
    return title.empty() ? "Untitled snippet" : std::string{title};
}

}  // namespace snippetd::pages
