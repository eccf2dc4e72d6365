#include "pages/markdown_source.hpp"

#include "base/ascii.hpp"
#include "base/utf8.hpp"

#include <algorithm>
#include <optional>
#include <unordered_map>
#include <utility>

#include <fmt/format.h>

namespace snippetd::pages {

namespace {

constexpr std::string_view kWhite = " \t\r\n";
constexpr std::size_t kFormulaBytesMax = 16 * 1024;  // longer, it is text
constexpr std::size_t kLabelBytesMax = 1000;
constexpr std::size_t kLabelSigns = 3;  // `[^` and `]`
constexpr std::size_t kCodeIndent = 4;
constexpr std::string_view kNothing = "<!-- -->\n";

bool is_blank_line(std::string_view line) {
    return line.find_first_not_of(kWhite) == line.npos;
}

bool is_white(char c) {
    return kWhite.find(c) != kWhite.npos;
}

bool is_alphanumeric(char c) {
    return (c >= '0' && c <= '9') || (base::to_lower(c) >= 'a' && base::to_lower(c) <= 'z');
}

/// Takes the first line off `text`, with its end, which is one of the three that Markdown knows.
std::string_view take_line(std::string_view& text) {
    std::size_t size = std::min(text.find_first_of("\r\n"), text.size() - 1) + 1;
    if (text.substr(size - 1).starts_with("\r\n")) ++size;
    const std::string_view line = text.substr(0, size);
    text.remove_prefix(size);
    return line;
}

std::string_view without_indent(std::string_view line) {
    line.remove_prefix(std::min(line.find_first_not_of(" \t"), line.size()));
    return line;
}

/// Columns that a line is indented by.
std::size_t indent_of(std::string_view line) {
    constexpr std::size_t kTab = 4;
    std::size_t columns = 0;
    for (const char c : line) {
        if (c == ' ') {
            ++columns;
        } else if (c == '\t') {
            columns += kTab - columns % kTab;
        } else {
            break;
        }
    }
    return columns;
}

/// The size of the mark of a list that the line begins with, with the blank behind it; 0 when there is none.
std::size_t list_mark(std::string_view line) {
    std::size_t size = 0;
    while (size < line.size() && size < 9 && line[size] >= '0' && line[size] <= '9') ++size;
    const std::string_view ends = size > 0 ? ".)" : "-*+";
    if (size >= line.size() || ends.find(line[size]) == ends.npos) return 0;
    ++size;
    return size < line.size() && is_white(line[size]) ? size + 1 : 0;
}

/// Whether the line begins something else than a paragraph, and so ends one.
bool begins_block(std::string_view line) {
    const std::string_view content = without_indent(line);
    if (content.empty()) return false;
    const bool rule = content.find_first_not_of("-_*= \t\r\n") == content.npos;
    return rule || content.front() == '#' || content.front() == '>' || content.front() == '<' ||
           content.starts_with("$$") || list_mark(content) > 0;
}

/// The lines of code between fences.
class Fences {
  public:
    bool open() const { return length_ > 0; }

    /// Whether the line is a fence.
    static bool begins(std::string_view line) { return length_of(inside(line)) > 0; }

    /// Whether the line, the next one, is a fence or stands between two.
    bool take(std::string_view line) {
        if (open()) {
            const std::string_view content = inside_quotes(line);
            const std::size_t run = content.find_first_not_of(sign_);
            const bool ends = run != content.npos ? is_blank_line(content.substr(run)) : true;
            if (ends && std::min(run, content.size()) >= length_) length_ = 0;
            return true;
        }
        const std::string_view content = inside(line);
        length_ = length_of(content);
        if (open()) sign_ = content.front();
        return open();
    }

  private:
    static std::string_view inside_quotes(std::string_view line) {
        line.remove_prefix(std::min(line.find_first_not_of(" >\t"), line.size()));
        return line;
    }

    /// What stands in the quotes and lists that begin in the line.
    static std::string_view inside(std::string_view line) {
        line = inside_quotes(line);
        while (const std::size_t mark = list_mark(line)) line = inside_quotes(line.substr(mark));
        return line;
    }

    static std::size_t length_of(std::string_view content) {
        if (content.empty() || (content.front() != '`' && content.front() != '~')) return 0;
        const std::size_t length = std::min(content.find_first_not_of(content.front()), content.size());
        const bool is_span = content.front() == '`' && content.find('`', length) != content.npos;
        return length < 3 || is_span ? 0 : length;
    }

    char sign_ = '`';
    std::size_t length_ = 0;
};

/// Whether the line is a table's second one, such as `|:-|-|`.
bool is_underline(std::string_view line) {
    return line.find('|') != line.npos && line.find('-') != line.npos &&
           line.find_first_not_of("|:- \t\r\n") == line.npos;
}

/// The line, with wide columns if it is a table's second one.
void append_line(std::string& out, std::string_view line, bool code) {
    if (code || !is_underline(line)) {
        out += line;
        return;
    }
    for (std::size_t i = 0; i < line.size(); ++i) {
        const bool begins = line[i] == '-' && (i == 0 || line[i - 1] != '-');
        out += begins ? std::string_view{"---"} : line.substr(i, 1);
    }
}

/// The label of the reference to a note that `text` begins with; empty when it begins with none.
std::string_view label_of(std::string_view text) {
    if (!text.starts_with("[^")) return {};
    const std::string_view label = text.substr(2, std::min(text.find_first_of(" \t\r\n[]", 2), text.size()) - 2);
    const std::size_t end = label.size() + 2;
    return label.size() <= kLabelBytesMax && end < text.size() && text[end] == ']' ? label : std::string_view{};
}

/// The document and its notes, each apart from the others.
class Parts {
  public:
    explicit Parts(std::string_view text) {
        Fences fences;
        while (!text.empty()) {
            const std::string_view line = take_line(text);
            const std::string_view content = without_indent(line);
            const bool may_be_note = !fences.open() && indent_of(line) < kCodeIndent;
            const std::string_view label = may_be_note ? label_of(content) : std::string_view{};
            const std::string_view colon = label.empty() ? label : content.substr(label.size() + kLabelSigns);
            if (!colon.starts_with(':')) {
                const bool code = fences.take(line);
                append_line(document_, line, code);
                continue;
            }
            std::string note = take_note(without_indent(colon.substr(1)), text);
            // Of several the first one counts.
            if (by_label_.try_emplace(base::lower_case(label), notes_.size()).second) notes_.push_back(std::move(note));
            document_ += '\n';
        }
    }

    const std::string& document() const { return document_; }
    const std::vector<std::string>& notes() const { return notes_; }

    std::optional<std::size_t> find(std::string_view label) const {
        const auto found = by_label_.find(base::lower_case(label));
        return found == by_label_.end() ? std::nullopt : std::optional{found->second};
    }

  private:
    /// The note that begins with `first`, as a list's item has it: its other lines are blank or indented. Takes them
    /// off `text`.
    static std::string take_note(std::string_view first, std::string_view& text) {
        if (is_blank_line(first) && !text.empty() && indent_of(text) >= kCodeIndent)
            first = without_indent(take_line(text));
        Fences fences;
        bool code = fences.take(first);
        std::string note;
        if (is_blank_line(first)) {
            note = kNothing;
        } else {
            append_line(note, first, code);
        }
        bool in_paragraph = !code && !is_blank_line(first) && first.front() != '#';
        std::size_t blank_lines = 0;
        while (!text.empty()) {
            std::string_view rest = text;
            const std::string_view line = take_line(rest);
            if (!is_blank_line(line)) {
                const bool indented = indent_of(line) >= kCodeIndent;
                const bool goes_on = in_paragraph && blank_lines == 0 && !begins_block(line) && !Fences::begins(line) &&
                                     label_of(without_indent(line)).empty();
                if (!indented && !goes_on) break;
                note.append(std::exchange(blank_lines, 0), '\n');
                if (!indented) note.append(kCodeIndent, ' ');
                code = fences.take(line);
                append_line(note, line, code);
                in_paragraph = !code && without_indent(line).front() != '#';
            } else {
                ++blank_lines;
            }
            text = rest;
        }
        if (!note.ends_with('\n')) note += '\n';
        return note;
    }

    std::string document_;
    std::vector<std::string> notes_;
    std::unordered_map<std::string, std::size_t> by_label_;
};

/// The runs of backticks and the dollars of a paragraph that may end what an earlier one has begun, so that nobody
/// looks for them twice.
class Ends {
  public:
    explicit Ends(std::string_view text) {
        constexpr std::string_view kSigns = "`$<";
        for (std::size_t at = text.find_first_of(kSigns); at != text.npos; at = text.find_first_of(kSigns, at)) {
            if (text[at] == '`') {
                const std::size_t end = std::min(text.find_first_not_of('`', at), text.size());
                backticks_[end - at].push_back(at);
                at = end;
                continue;
            }
            if (text[at] == '<') {
                if (text.substr(at).starts_with("</")) tags_.push_back(at);
                ++at;
                continue;
            }
            const char before = at > 0 ? text[at - 1] : ' ', after = at + 1 < text.size() ? text[at + 1] : ' ';
            if (!is_white(before) && before != '\\' && before != '$' && after != '$' && !is_alphanumeric(after)) {
                dollars_.push_back(at);
            }
            ++at;
        }
    }

    /// Where the next run of that many backticks is, from `begin` on; npos when there is none.
    std::size_t backticks(std::size_t count, std::size_t begin) const {
        const auto found = backticks_.find(count);
        return found == backticks_.end() ? std::string_view::npos : first_of(found->second, begin);
    }
    std::size_t dollar(std::size_t begin) const { return first_of(dollars_, begin); }
    /// What is within two tags is no formula.
    std::size_t tag(std::size_t begin) const { return first_of(tags_, begin); }

  private:
    static std::size_t first_of(const std::vector<std::size_t>& places, std::size_t begin) {
        const auto found = std::lower_bound(places.begin(), places.end(), begin);
        return found == places.end() ? std::string_view::npos : *found;
    }

    std::unordered_map<std::size_t, std::vector<std::size_t>> backticks_;
    std::vector<std::size_t> dollars_, tags_;
};

class Marker {
  public:
    Marker(const Parts& parts, MarkdownSource& source) : parts_{parts}, source_{source} {}

    void append(std::string_view text) {
        Fences fences;
        while (!text.empty()) {
            std::string_view rest = text;
            const std::string_view line = take_line(rest);
            if (fences.take(line) || is_blank_line(line)) {
                copy(line);
                text = rest;
                continue;
            }
            if (append_display(text)) continue;
            while (!rest.empty()) {
                std::string_view after = rest;
                const std::string_view next = take_line(after);
                if (is_blank_line(next) || begins_block(next) || Fences::begins(next)) break;
                rest = after;
            }
            append_paragraph(text.substr(0, text.size() - rest.size()));
            text = rest;
        }
    }

  private:
    struct Found {
        std::size_t size = 0;  ///< 0: nothing
        MarkdownMark mark;
    };

    void copy(std::string_view text) { source_.text += text; }

    void add(MarkdownMark mark) {
        source_.text += fmt::format("%{0}{1}{0}%", MarkdownSource::kMark, source_.marks.size());
        source_.marks.push_back(std::move(mark));
    }

    static Found math(MarkdownMark::Kind kind, std::string_view text, std::size_t size, std::size_t dollars) {
        const std::string_view formula = base::trimmed(text.substr(dollars, size - 2 * dollars), kWhite);
        if (formula.empty() || size > kFormulaBytesMax) return {};
        return {size, {kind, std::string{text.substr(0, size)}, std::string{formula}, 0}};
    }

    /// Math that has its lines for itself, if `text` begins with it: what stands between its dollars begins no block.
    /// Takes it off `text`.
    bool append_display(std::string_view& text) {
        const std::size_t indent = text.size() - without_indent(text).size();
        const std::string_view content = text.substr(indent, kFormulaBytesMax);
        if (!content.starts_with("$$")) return false;
        const std::size_t close = content.find("$$", 2);
        if (close == content.npos) return false;
        Found found = math(MarkdownMark::Kind::display_math, content, close + 2, 2);
        std::string_view rest = text.substr(indent + close + 2);
        if (found.size == 0 || (!rest.empty() && !is_blank_line(take_line(rest)))) return false;
        for (std::string_view lines = found.mark.source; !lines.empty();) {
            if (is_blank_line(take_line(lines))) return false;
        }
        copy(text.substr(0, indent));
        add(std::move(found.mark));
        source_.text += '\n';
        text = rest;
        return true;
    }

    void append_paragraph(std::string_view text) {
        if (text.find('$') == text.npos && text.find("[^") == text.npos) {
            copy(text);
            return;
        }
        const Ends ends{text};
        std::size_t copied = 0;
        for (std::size_t at = 0; at < text.size();) {
            at = std::min(text.find_first_of("\\`[$", at), text.size());
            if (at == text.size()) break;
            if (text[at] == '\\') {
                at += 2;
                continue;
            }
            if (text[at] == '`') {
                const std::size_t begin = std::min(text.find_first_not_of('`', at), text.size());
                const std::size_t end = ends.backticks(begin - at, begin);
                at = end == text.npos ? begin : end + (begin - at);
                continue;
            }
            Found found = text[at] == '[' ? reference_at(text, at) : math_at(text, at, ends);
            if (found.size == 0) {
                at = text[at] == '$' ? std::min(text.find_first_not_of('$', at), text.size()) : at + 1;
                continue;
            }
            copy(text.substr(copied, at - copied));
            add(std::move(found.mark));
            copied = at += found.size;
        }
        copy(text.substr(copied));
    }

    Found reference_at(std::string_view text, std::size_t at) const {
        const std::string_view label = label_of(text.substr(at, kLabelBytesMax + kLabelSigns));
        if (label.empty()) return {};
        const std::size_t size = label.size() + kLabelSigns;
        const std::optional<std::size_t> note = parts_.find(label);
        const std::string_view after = text.substr(at + size);
        if (after.starts_with('(')) return {};  // a link
        MarkdownMark mark{MarkdownMark::Kind::note, std::string{text.substr(at, size)}, {}, note.value_or(0)};
        if (!note) {
            // A link's definition, if md4c were asked.
            if (!after.starts_with(':')) return {};
            mark.kind = MarkdownMark::Kind::text;
        }
        return {size, std::move(mark)};
    }

    static Found math_at(std::string_view text, std::size_t at, const Ends& ends) {
        const std::string_view from = text.substr(at);
        const bool display = from.starts_with("$$"), quoted = from.starts_with("$`");
        const std::size_t dollars = display || quoted ? 2 : 1;
        std::size_t end = text.npos;
        if (display) {
            end = text.find("$$", at + dollars);
        } else if (quoted) {
            end = ends.backticks(1, at + dollars);
            if (end != text.npos && !text.substr(end).starts_with("`$")) end = text.npos;
        } else if (from.size() > 1 && !is_white(from[1]) && (at == 0 || !is_alphanumeric(text[at - 1]))) {
            end = ends.dollar(at + 2);
        }
        if (end == text.npos || ends.tag(at) < end) return {};
        const MarkdownMark::Kind kind = display ? MarkdownMark::Kind::display_math : MarkdownMark::Kind::inline_math;
        return math(kind, from, end + dollars - at, dollars);
    }

    const Parts& parts_;
    MarkdownSource& source_;
};

/// Without what only we write; what comes as UTF-8 has none of it.
std::string without_marks(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    while (true) {
        const std::size_t at = std::min(text.find(MarkdownSource::kMark), text.size());
        out += text.substr(0, at);
        if (at == text.size()) return out;
        out += base::kReplacementCharacter;
        text.remove_prefix(at + 1);
    }
}

}  // namespace

MarkdownSource read_markdown(std::string_view text) {
    const Parts parts{without_marks(text)};
    MarkdownSource source;
    source.notes = parts.notes().size();
    source.text.reserve(text.size() + text.size() / 8);
    Marker marker{parts, source};
    // Each note is an item of a list, in which nothing of it can go on to what comes next. In a list that a text begins
    // with, md4c 0.4 ends an item at two blank lines.
    if (source.notes > 0) source.text += '\n';
    for (const std::string& note : parts.notes()) {
        source.text += "1.  ";
        marker.append(note);
        source.text += '\n';
    }
    // One more, so that there is a blank line between items, and a paragraph in each.
    if (source.notes > 0) source.text += fmt::format("1.  {0}\n{0}\n", kNothing);
    marker.append(parts.document());
    return source;
}

}  // namespace snippetd::pages
