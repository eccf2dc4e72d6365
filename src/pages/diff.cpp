#include "pages/diff.hpp"

#include "pages/odd_characters.hpp"
#include "pages/text.hpp"

#include <new>
#include <stdexcept>
#include <vector>

#include <fmt/format.h>
#include <git2.h>

// libgit2 has git's own diff (xdiff), which gives up on the smallest difference before that gets expensive.

namespace snippetd::pages {

namespace {

struct Line {
    char origin;  ///< ' ', '-', '+', or '@' for the head of a hunk
    int old_number, new_number;
    std::string text;
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

int on_line(const git_diff_delta*, const git_diff_hunk*, const git_diff_line* line, void* payload) {
    auto& collected = *static_cast<Collected*>(payload);
    switch (line->origin) {
        case GIT_DIFF_LINE_ADDITION: ++collected.diff->added; break;
        case GIT_DIFF_LINE_DELETION: ++collected.diff->removed; break;
        case GIT_DIFF_LINE_CONTEXT: break;
        default: return 0;  // a remark on the end of the file
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

void append_text(std::string& out, OddMarker& marker, std::string_view text, std::string_view kind = {}) {
    out += kind.empty() ? "<td class=\"t\">" : fmt::format("<td class=\"t {}\">", kind);
    marker.append(out, text);
    out += "</td>";
}

void append_head(std::string& out, const Line& line, int columns) {
    fmt::format_to(std::back_inserter(out), "<tr class=\"hunk\"><td colspan=\"{}\">{}</td></tr>", columns, line.text);
}

std::string inline_table(const std::vector<Line>& lines) {
    std::string out = "<table class=\"diff inline\"><tbody>";
    OddMarker marker;
    for (const Line& line : lines) {
        if (line.origin == '@') {
            append_head(out, line, 3);
            continue;
        }
        fmt::format_to(std::back_inserter(out), "<tr class=\"{}\">", class_of(line.origin));
        append_number(out, line.old_number);
        append_number(out, line.new_number);
        append_text(out, marker, line.text);
        out += "</tr>";
    }
    return out + "</tbody></table>";
}

/// Removed lines stand beside the added ones that follow them, as far as there are any.
std::string split_table(const std::vector<Line>& lines) {
    std::string out = "<table class=\"diff split\"><tbody>";
    OddMarker marker;
    const auto append_side = [&out, &marker](const Line* line, bool old_side) {
        const std::string_view kind = line ? class_of(line->origin) : "none";
        append_number(out, !line ? 0 : old_side ? line->old_number : line->new_number, kind);
        append_text(out, marker, line ? std::string_view{line->text} : std::string_view{}, kind);
    };
    const auto append_row = [&](const Line* before, const Line* after) {
        out += "<tr>";
        append_side(before, true);
        append_side(after, false);
        out += "</tr>";
    };
    for (std::size_t i = 0; i < lines.size();) {
        if (lines[i].origin == '@') {
            append_head(out, lines[i++], 4);
        } else if (lines[i].origin == ' ') {
            append_row(&lines[i], &lines[i]);
            ++i;
        } else {
            std::size_t removed = i;
            while (removed < lines.size() && lines[removed].origin == '-') ++removed;
            std::size_t added = removed;
            while (added < lines.size() && lines[added].origin == '+') ++added;
            for (std::size_t row = 0; i + row < removed || removed + row < added; ++row) {
                append_row(i + row < removed ? &lines[i + row] : nullptr,
                           removed + row < added ? &lines[removed + row] : nullptr);
            }
            i = added;
        }
    }
    return out + "</tbody></table>";
}

/// For as long as the program runs.
void need_libgit2() {
    static const int ready = git_libgit2_init();
    if (ready < 0) throw std::runtime_error{"libgit2 does not start"};
}

}  // namespace

Diff diff_html(std::string_view from, std::string_view to, DiffStyle style) {
    need_libgit2();
    Diff diff;
    Collected collected{{}, 0, &diff};
    git_diff_options options;
    git_diff_options_init(&options, GIT_DIFF_OPTIONS_VERSION);
    options.flags = GIT_DIFF_FORCE_TEXT;
    if (git_diff_buffers(from.data(), from.size(), nullptr, to.data(), to.size(), nullptr, &options, nullptr, nullptr,
                         on_hunk, on_line, &collected) != 0) {
        throw std::bad_alloc{};
    }
    if (collected.lines.empty() && !diff.cut) {
        if (from != to) throw std::bad_alloc{};  // libgit2 does not say so when it has no memory for many lines
        return diff;
    }
    diff.html = style == DiffStyle::split ? split_table(collected.lines) : inline_table(collected.lines);
    return diff;
}

}  // namespace snippetd::pages
