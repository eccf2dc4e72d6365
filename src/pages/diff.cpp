#include "pages/diff.hpp"

#include "pages/changed_words.hpp"
#include "pages/coloured_pieces.hpp"
#include "pages/libgit2.hpp"
#include "pages/odd_characters.hpp"
#include "pages/text.hpp"

#include <algorithm>
#include <new>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <git2.h>

// libgit2 has git's own diff (xdiff), which gives up on the smallest difference before that gets expensive.

namespace snippetd::pages {

namespace {

struct Line {
    char origin;  ///< ' ', '-', '+', '@' for the head of a hunk, '\\' for a remark on the end of a text
    int old_number, new_number;
    std::string text;
    std::vector<Mark> marks{};  ///< what differs from the line that has taken its place
};

struct Collected {
    std::vector<Line> lines;
    std::size_t bytes = 0;
    Diff* diff;
};

std::string_view without_line_end(std::string_view text) {
    if (text.ends_with('\n')) text.remove_suffix(1);
    return text;
}

int on_hunk(const git_diff_delta*, const git_diff_hunk* hunk, void* payload) {
    auto& collected = *static_cast<Collected*>(payload);
    std::string head =
        fmt::format("@@ -{},{} +{},{} @@", hunk->old_start, hunk->old_lines, hunk->new_start, hunk->new_lines);
    if (!collected.diff->cut) collected.lines.push_back({'@', 0, 0, std::move(head)});
    return 0;
}

/// What the last line of a text lacks.
std::string_view remark_of(char origin) {
    switch (origin) {
        case GIT_DIFF_LINE_CONTEXT_EOFNL: return "Neither text ends with a line feed.";
        case GIT_DIFF_LINE_ADD_EOFNL: return "The old text does not end with a line feed.";
        case GIT_DIFF_LINE_DEL_EOFNL: return "The new text does not end with a line feed.";
        default: return {};
    }
}

int on_line(const git_diff_delta*, const git_diff_hunk*, const git_diff_line* line, void* payload) {
    auto& collected = *static_cast<Collected*>(payload);
    switch (line->origin) {
        case GIT_DIFF_LINE_ADDITION: ++collected.diff->added; break;
        case GIT_DIFF_LINE_DELETION: ++collected.diff->removed; break;
        case GIT_DIFF_LINE_CONTEXT: break;
        default: {
            const std::string_view remark = remark_of(line->origin);
            if (!remark.empty() && !collected.diff->cut) collected.lines.push_back({'\\', 0, 0, std::string{remark}});
            return 0;
        }
    }
    const std::string_view text = without_line_end({line->content, line->content_len});
    collected.bytes += text.size();
    if (collected.lines.size() >= kDiffLinesMax || collected.bytes > kDiffTextBytesMax) {
        collected.diff->cut = true;
        return 0;
    }
    collected.lines.push_back({line->origin, line->old_lineno, line->new_lineno, std::string{text}});
    return 0;
}

std::string_view class_of(char origin) {
    return origin == '+' ? "add" : origin == '-' ? "del" : "ctx";
}

void append_number(std::string& out, int number, std::string_view kind = {}) {
    out += kind.empty() ? "<td class=\"n\"" : fmt::format("<td class=\"n {}\"", kind);
    if (number > 0) fmt::format_to(std::back_inserter(out), " data-n=\"{}\"", number);
    out += "></td>";
}

/// A text whose lines are shown from the first to the last, some left out.
class ShownText {
  public:
    ShownText(std::string_view text, std::span<const highlight::Run> colours) : rest_{text}, pieces_{colours} {}

    /// Appends a line with its marks; `number` is the line's in this text.
    void append(std::string& out, OddMarker& marker, const Line& line, int number) {
        for (; number_ < number; ++number_) skip_line();
        const std::string_view text = line.text;
        const bool odd = count_odd_characters(text).any();
        const auto append_part = [&](std::string_view part) {
            if (odd) return marker.append(out, part);
            marker.skip(part);
            pieces_.append(out, part);
            rest_.remove_prefix(std::min(part.size(), rest_.size()));
        };
        std::size_t done = 0;
        for (const Mark& mark : line.marks) {
            append_part(text.substr(done, mark.begin - done));
            out += "<b class=\"w\">";
            append_part(text.substr(mark.begin, mark.end - mark.begin));
            out += "</b>";
            done = mark.end;
        }
        append_part(text.substr(done));
    }

  private:
    void skip_line() {
        const std::size_t bytes = std::min(rest_.find('\n'), rest_.size() - 1) + 1;
        rest_.remove_prefix(bytes);
        pieces_.skip(bytes);
    }

    std::string_view rest_;
    ColouredPieces pieces_;
    int number_ = 1;
};

/// The two texts that are compared, as they are shown.
struct ShownTexts {
    ShownText before, after;
    OddMarker marker{};

    void append(std::string& out, const Line& line, bool old_side) {
        if (old_side) {
            before.append(out, marker, line, line.old_number);
        } else {
            after.append(out, marker, line, line.new_number);
        }
    }
};

/// Of a hunk, or a remark.
void append_head(std::string& out, const Line& line, int columns) {
    fmt::format_to(std::back_inserter(out), "<tr class=\"hunk\"><td colspan=\"{}\">{}</td></tr>", columns, line.text);
}

std::string inline_table(const std::vector<Line>& lines, ShownTexts& texts) {
    std::string out = "<table class=\"diff inline\"><tbody>";
    for (const Line& line : lines) {
        if (line.origin == '@' || line.origin == '\\') {
            append_head(out, line, 3);
            continue;
        }
        fmt::format_to(std::back_inserter(out), "<tr class=\"{}\">", class_of(line.origin));
        append_number(out, line.old_number);
        append_number(out, line.new_number);
        out += "<td class=\"t\">";
        texts.append(out, line, line.origin == '-');
        out += "</td></tr>";
    }
    return out + "</tbody></table>";
}

/// Where the removed lines that begin at `i` end, and then the added ones.
std::pair<std::size_t, std::size_t> change_at(const std::vector<Line>& lines, std::size_t i) {
    std::size_t removed = i;
    while (removed < lines.size() && lines[removed].origin == '-') ++removed;
    std::size_t added = removed;
    while (added < lines.size() && lines[added].origin == '+') ++added;
    return {removed, added};
}

/// A remark on the end of the old text stands before what was added: it comes behind it, so that both texts of the
/// change are together.
void put_remarks_behind(std::vector<Line>& lines) {
    for (std::size_t i = 0; i + 1 < lines.size(); ++i) {
        if (lines[i].origin == '\\' && lines[i + 1].origin == '+') std::swap(lines[i], lines[i + 1]);
    }
    const std::size_t end = lines.size();
    if (end < 2 || lines[end - 1].origin != '\\' || lines[end - 2].origin != '\\') return;
    lines.pop_back();
    lines.back().text = remark_of(GIT_DIFF_LINE_CONTEXT_EOFNL);
}

void mark_words(std::vector<Line>& lines) {
    for (std::size_t i = 0; i < lines.size();) {
        const auto [removed, added] = change_at(lines, i);
        std::vector<std::string_view> before, after;
        for (std::size_t at = i; at < removed; ++at) before.push_back(lines[at].text);
        for (std::size_t at = removed; at < added; ++at) after.push_back(lines[at].text);
        ChangedWords changed = changed_words(before, after);
        for (std::size_t at = i; at < removed; ++at) lines[at].marks = std::move(changed.before[at - i]);
        for (std::size_t at = removed; at < added; ++at) lines[at].marks = std::move(changed.after[at - removed]);
        i = std::max(added, i + 1);
    }
}

std::string_view line_ends_of(std::string_view text) {
    std::size_t feeds = 0, both = 0, returns = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '\n') {
            ++(i > 0 && text[i - 1] == '\r' ? both : feeds);
        } else if (text[i] == '\r' && (i + 1 == text.size() || text[i + 1] != '\n')) {
            ++returns;
        }
    }
    if ((feeds > 0) + (both > 0) + (returns > 0) > 1) return "mixed";
    return both > 0 ? "CR LF (Windows)" : returns > 0 ? "CR (old Mac OS)" : "LF (Unix)";
}

/// What a table cannot show.
std::string remarks(std::string_view from, std::string_view to) {
    std::string html;
    const std::string_view ends_before = line_ends_of(from), ends_after = line_ends_of(to);
    if (ends_before != ends_after && from.find_first_of("\r\n") != from.npos && to.find_first_of("\r\n") != to.npos) {
        html +=
            fmt::format("<p class=\"notice\">The ends of lines were {} and are {} now.</p>", ends_before, ends_after);
    }
    constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
    const bool marked_before = from.starts_with(kByteOrderMark), marked_after = to.starts_with(kByteOrderMark);
    if (marked_before != marked_after) {
        html += fmt::format("<p class=\"notice\">The text {} with a byte order mark (BOM){}.</p>",
                            marked_after ? "begins" : "began", marked_after ? " now" : " before");
    }
    return html;
}

/// Removed lines stand beside the added ones that follow them, as far as there are any.
std::string split_table(const std::vector<Line>& lines, ShownTexts& texts) {
    std::string out = "<table class=\"diff split\"><tbody>";
    const auto append_side = [&out, &texts](const Line* line, bool old_side) {
        const std::string_view kind = line ? class_of(line->origin) : "none";
        append_number(out, !line ? 0 : old_side ? line->old_number : line->new_number, kind);
        fmt::format_to(std::back_inserter(out), "<td class=\"t {}\">", kind);
        if (line) texts.append(out, *line, old_side);
        out += "</td>";
    };
    const auto append_row = [&](const Line* before, const Line* after) {
        out += "<tr>";
        append_side(before, true);
        append_side(after, false);
        out += "</tr>";
    };
    for (std::size_t i = 0; i < lines.size();) {
        if (lines[i].origin == '@' || lines[i].origin == '\\') {
            append_head(out, lines[i++], 4);
        } else if (lines[i].origin == ' ') {
            append_row(&lines[i], &lines[i]);
            ++i;
        } else {
            const auto [removed, added] = change_at(lines, i);
            for (std::size_t row = 0; i + row < removed || removed + row < added; ++row) {
                append_row(i + row < removed ? &lines[i + row] : nullptr,
                           removed + row < added ? &lines[removed + row] : nullptr);
            }
            i = added;
        }
    }
    return out + "</tbody></table>";
}

}  // namespace

Diff diff_html(std::string_view from, std::string_view to, const DiffOptions& shown) {
    need_libgit2();
    Diff diff;
    Collected collected{{}, 0, &diff};
    git_diff_options options;
    git_diff_options_init(&options, GIT_DIFF_OPTIONS_VERSION);
    options.flags = GIT_DIFF_FORCE_TEXT;
    options.context_lines = shown.context;
    if (git_diff_buffers(from.data(), from.size(), nullptr, to.data(), to.size(), nullptr, &options, nullptr, nullptr,
                         on_hunk, on_line, &collected) != 0) {
        throw std::bad_alloc{};
    }
    if (collected.lines.empty() && !diff.cut) {
        if (from != to) throw std::bad_alloc{};  // libgit2 does not say so when it has no memory for many lines
        return diff;
    }
    put_remarks_behind(collected.lines);
    mark_words(collected.lines);
    diff.html = remarks(from, to);
    ShownTexts texts{ShownText{from, shown.before}, ShownText{to, shown.after}};
    diff.html +=
        shown.style == DiffStyle::split ? split_table(collected.lines, texts) : inline_table(collected.lines, texts);
    return diff;
}

}  // namespace snippetd::pages
