#include "model/line_ends.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <unordered_map>
#include <vector>

namespace snippetd::model {

namespace {

constexpr std::array<std::string_view, 3> kEnds{"\n", "\r\n", "\r"};

struct Line {
    std::string_view text;
    std::string_view end;  ///< empty for what follows the last line end
};

/// Removes and returns the first line.
Line take_line_with_end(std::string_view& rest) {
    const std::size_t at = std::min(rest.find_first_of("\r\n"), rest.size());
    Line line{rest.substr(0, at), {}};
    if (at < rest.size()) line.end = rest.substr(at, rest.substr(at).starts_with("\r\n") ? 2 : 1);
    rest.remove_prefix(at + line.end.size());
    return line;
}

std::vector<Line> lines_of(std::string_view text) {
    std::vector<Line> lines;
    do lines.push_back(take_line_with_end(text));
    while (!text.empty());
    if (!lines.back().end.empty()) lines.push_back({});
    return lines;
}

std::string_view commonest_end(const std::vector<Line>& lines) {
    std::array<std::size_t, kEnds.size()> counts{};
    for (const Line& line : lines) {
        const auto kind = std::find(kEnds.begin(), kEnds.end(), line.end);
        if (kind != kEnds.end()) ++counts[static_cast<std::size_t>(kind - kEnds.begin())];
    }
    return kEnds[static_cast<std::size_t>(std::max_element(counts.begin(), counts.end()) - counts.begin())];
}

bool all_have(std::string_view end, const std::vector<Line>& lines) {
    return std::all_of(lines.begin(), lines.end() - 1, [end](const Line& line) { return line.end == end; });
}

}  // namespace

std::string restore_line_ends(std::string_view submitted, std::string_view stored) {
    const std::vector<Line> wanted = lines_of(submitted), before = lines_of(stored);
    const auto same_text = [](const Line& a, const Line& b) { return a.text == b.text; };
    if (std::equal(wanted.begin(), wanted.end(), before.begin(), before.end(), same_text)) return std::string{stored};

    const std::string_view common = commonest_end(before);
    const bool uniform = all_have(common, before);
    // What begins alike and what ends alike is where it was; the lines between may have moved.
    std::size_t head = 0, tail = 0;
    const std::size_t shared = std::min(wanted.size(), before.size());
    while (head < shared && same_text(wanted[head], before[head])) ++head;
    while (tail < shared - head && same_text(wanted[wanted.size() - 1 - tail], before[before.size() - 1 - tail]))
        ++tail;
    struct Ends {
        std::vector<std::string_view> in_order;
        std::size_t used = 0;
    };
    std::unordered_map<std::string_view, Ends> known;
    for (std::size_t i = head; i < before.size() - tail; ++i) {
        if (!uniform && !before[i].end.empty()) known[before[i].text].in_order.push_back(before[i].end);
    }
    const auto end_of = [&](std::size_t i) {
        if (uniform) return common;
        if (i < head) return before[i].end;
        if (i >= wanted.size() - tail) return before[before.size() - (wanted.size() - i)].end;
        const auto found = known.find(wanted[i].text);
        if (found == known.end() || found->second.used == found->second.in_order.size()) return common;
        return found->second.in_order[found->second.used++];
    };
    std::string text;
    text.reserve(submitted.size() + 16);
    for (std::size_t i = 0; i + 1 < wanted.size(); ++i) {
        const bool follows_return = wanted[i].text.empty() && text.ends_with('\r');
        text += wanted[i].text;
        std::string_view end = end_of(i);
        if (end.empty()) end = common;                    // the last line has got others behind it
        if (follows_return && end == "\n") end = "\r\n";  // two ends must not become one
        text += end;
    }
    return text += wanted.back().text;
}

}  // namespace snippetd::model
