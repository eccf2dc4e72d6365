#include "pages/terminal_output.hpp"

#include "base/escape_sequences.hpp"
#include "base/visible.hpp"
#include "model/languages.hpp"
#include "pages/code.hpp"
#include "pages/odd_characters.hpp"
#include "pages/terminal_style.hpp"
#include "pages/text.hpp"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include <fmt/format.h>

namespace snippetd::pages {

namespace {

constexpr std::string_view kReset = "\x1B[0m";

/// In the terminal's own sixteen colours, which whoever uses it has chosen.
constexpr std::array<std::string_view, highlight::kColours> kSequences{"",         "\x1B[2m",  "\x1B[35m", "\x1B[32m",
                                                                       "\x1B[33m", "\x1B[33m", "\x1B[94m", "\x1B[36m",
                                                                       "\x1B[33m", "\x1B[31m", "\x1B[32m", "\x1B[31m"};

/// Takes the next line off, and what ends it.
std::pair<std::string_view, std::string_view> take_line_and_end(std::string_view& text) {
    const std::size_t feed = text.find('\n');
    std::string_view line = text.substr(0, feed), end = feed == text.npos ? std::string_view{} : text.substr(feed, 1);
    if (!end.empty() && line.ends_with('\r')) {
        line.remove_suffix(1);
        end = text.substr(feed - 1, 2);
    }
    text.remove_prefix(line.size() + end.size());
    return {line, end};
}

/// A row of characters in one style, or a sequence.
struct Piece {
    std::string_view bytes;
    bool control = false;
    TerminalStyle style{};
};

/// What the style sheet shows for a sequence that does not begin with the escape character.
std::string name_of(std::string_view control) {
    const auto c = static_cast<unsigned char>(control.front());
    if (control.size() > 1) return fmt::format("U+{:04X}", static_cast<unsigned char>(control[1]));
    return fmt::format("^{}", static_cast<char>(c ^ 0x40));
}

std::string control_html(std::string_view control) {
    std::string html = "<span class=\"e\"";
    if (control.front() != '\x1B') html += fmt::format(" data-c=\"{}\"", name_of(control));
    // No font has a picture of the character itself.
    const std::size_t unseen = control.front() == '\x1B' ? 1 : control.size();
    html += "><i>";
    html += control.substr(0, unseen);
    html += "</i>";
    append_escaped(html, control.substr(unseen));
    return html + "</span>";
}

/// Lines one after the other: a style goes on until another one comes.
class TerminalLines {
  public:
    explicit TerminalLines(bool keep_controls) : keep_controls_{keep_controls} {}

    /// `line` with what ends it.
    void append(std::string& out, std::string_view line) {
        const std::size_t end = line.ends_with('\n') ? line.size() - 1 : line.size();
        const std::vector<Piece> pieces = take_apart(line.substr(0, end));
        std::string shown;
        for (const Piece& piece : pieces) {
            if (!piece.control) shown += piece.bytes;
        }
        shown += line.substr(end);
        if (count_odd_characters(shown).any()) {
            append_marked(out, pieces, shown);
            return;
        }
        marker_.skip(line);
        for (const Piece& piece : pieces) append_piece(out, piece);
        out += line.substr(end);
    }

    /// The same for a terminal.
    void append_ansi(std::string& out, std::string_view line) {
        for (const Piece& piece : take_apart(line)) {
            if (piece.control) continue;
            const std::string sequence = sequence_of(piece.style);
            out += sequence;
            // Of what is beyond the bound no sequence has been taken off.
            out += base::visible(piece.bytes);
            if (!sequence.empty()) out += kReset;
        }
    }

  private:
    std::vector<Piece> take_apart(std::string_view line) {
        std::vector<Piece> pieces;
        std::size_t begin = 0;
        const auto add_text = [&](std::size_t end) {
            if (end == begin) return;
            if (!style_.plain()) ++spans_;
            pieces.push_back({line.substr(begin, end - begin), false, style_});
        };
        for (std::size_t at = 0; at < line.size();) {
            if (spans_ >= kTerminalSpansMax) style_ = {};
            const base::Control control = base::first_control(line.substr(at));
            if (control.bytes == 0 || spans_ >= kTerminalSpansMax) {
                ++at;
                continue;
            }
            add_text(at);
            pieces.push_back({line.substr(at, control.bytes), true});
            ++spans_;
            if (control.sets_style) apply(style_, control.parameters);
            begin = at += control.bytes;
        }
        add_text(line.size());
        return pieces;
    }

    void append_piece(std::string& out, const Piece& piece) const {
        if (piece.control) {
            if (keep_controls_) out += control_html(piece.bytes);
            return;
        }
        const std::string classes = classes_of(piece.style);
        if (!classes.empty()) fmt::format_to(std::back_inserter(out), "<span class=\"t {}\">", classes);
        append_escaped(out, piece.bytes);
        if (!classes.empty()) out += "</span>";
    }

    /// A line that is not as it looks has its marks and no colours.
    void append_marked(std::string& out, const std::vector<Piece>& pieces, std::string_view shown) {
        std::vector<Inset> insets;
        std::size_t at = 0;
        for (const Piece& piece : pieces) {
            if (piece.control && keep_controls_) insets.push_back({at, control_html(piece.bytes)});
            if (!piece.control) at += piece.bytes.size();
        }
        marker_.append(out, shown, insets);
    }

    const bool keep_controls_;
    OddMarker marker_;
    TerminalStyle style_;
    std::size_t spans_ = 0;
};

/// Without a sequence at its end that has been cut off.
std::string_view without_cut_sequence(std::string_view text) {
    const std::size_t last = text.rfind('\x1B');
    return last != text.npos && base::first_control(text.substr(last)).bytes == 1 ? text.substr(0, last) : text;
}

}  // namespace

bool is_terminal_output(std::string_view text, std::string_view language) {
    if (language == "diff") return text.starts_with("\x1B[") || text.find("\n\x1B[") != text.npos;
    return (language == model::kPlainText || language == "console") && base::sets_styles(text);
}

std::string terminal_html(std::string_view text) {
    TerminalLines lines{true};
    return numbered_html(text, text.size(),
                         [&lines](std::string& out, std::string_view line) { lines.append(out, line); });
}

std::string terminal_preview_html(std::string_view text) {
    text = without_cut_sequence(text);
    std::string out = "<span class=\"ansi\">";
    TerminalLines lines{false};
    while (!text.empty()) {
        const std::string_view line = text.substr(0, std::min(text.find('\n'), text.size() - 1) + 1);
        text.remove_prefix(line.size());
        lines.append(out, line);
    }
    return out + "</span>";
}

std::string ansi_text(std::string_view text, std::string_view language, std::span<const highlight::Run> runs) {
    std::string out;
    out.reserve(text.size() + text.size() / 4);
    if (is_terminal_output(text, language)) {
        TerminalLines lines{false};
        while (!text.empty()) {
            const auto [line, end] = take_line_and_end(text);
            lines.append_ansi(out, line);
            out += end;
        }
        return out;
    }
    if (runs.empty()) return base::visible(text);
    for (const highlight::Run& run : runs) {
        std::string_view piece = text.substr(0, run.bytes);
        text.remove_prefix(piece.size());
        while (!piece.empty()) {
            const auto [line, end] = take_line_and_end(piece);
            const std::string_view sequence = kSequences[static_cast<std::size_t>(run.colour)];
            if (!line.empty()) out += sequence;
            out += base::visible(line);
            if (!line.empty() && !sequence.empty()) out += kReset;
            out += end;
        }
    }
    return out + base::visible(text);
}

}  // namespace snippetd::pages
