#include "pages/code.hpp"

#include "pages/odd_characters.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace snippetd::pages {

namespace {

constexpr std::size_t kLinesPerChunk = 100;

}  // namespace

std::size_t count_lines(std::string_view text) {
    const auto feeds = static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
    return feeds + (!text.empty() && text.back() != '\n' ? 1 : 0);
}

std::string code_html(std::string_view text) {
    std::string out;
    OddMarker marker;
    if (count_lines(text) > kNumberedLinesMax) {
        out = "<span class=\"c\">";
        marker.append(out, text);
        return out + "</span>";
    }
    out.reserve(text.size() + text.size() / 4 + count_lines(text) * 40);
    for (std::size_t line = 1; !text.empty(); ++line) {
        const std::size_t end = std::min(text.find('\n'), text.size() - 1);
        if (line % kLinesPerChunk == 1) out += line == 1 ? "<span class=\"c\">" : "</span><span class=\"c\">";
        fmt::format_to(std::back_inserter(out), "<span id=\"L{0}\" data-n=\"{0}\">", line);
        marker.append(out, text.substr(0, end + 1));
        out += "</span>";
        text.remove_prefix(end + 1);
    }
    if (!out.empty()) out += "</span>";
    return out;
}

}  // namespace snippetd::pages
