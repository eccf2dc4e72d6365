#include "pages/code.hpp"

#include "highlight/embedded.hpp"
#include "pages/coloured_pieces.hpp"
#include "pages/odd_characters.hpp"
#include "pages/terminal_output.hpp"
#include "pages/text.hpp"

#include <algorithm>
#include <array>
#include <cstring>

#include <fmt/format.h>

namespace snippetd::pages {

namespace {

using highlight::Run;

constexpr std::size_t kLinesPerChunk = 100;

bool is_ascii(std::string_view text) {
    return std::all_of(text.begin(), text.end(), [](char c) { return c >= 0; });
}

/// Lines one after the other, each with its colours, or with its marks when it is not as it looks.
class LineWriter {
  public:
    explicit LineWriter(std::span<const Run> runs, bool by_themselves = false) : pieces_{runs, by_themselves} {}

    /// `line` with what ends it.
    void append(std::string& out, std::string_view line) {
        const std::size_t end = line.ends_with('\n') ? line.size() - 1 : line.size();
        // Whatever is odd is not ASCII.
        if (is_ascii(line) || !count_odd_characters(line).any()) {
            marker_.skip(line);
            pieces_.append(out, line.substr(0, end));
            out += line.substr(end);
            pieces_.skip(line.size() - end);
        } else {
            marker_.append(out, line);
            pieces_.skip(line.size());
        }
    }

  private:
    ColouredPieces pieces_;
    OddMarker marker_;
};

/// Takes the next line off, with its line feed.
std::string_view take_line(std::string_view& text) {
    const std::string_view line = text.substr(0, std::min(text.find('\n'), text.size() - 1) + 1);
    text.remove_prefix(line.size());
    return line;
}

}  // namespace

std::size_t count_lines(std::string_view text) {
    const auto feeds = static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
    return feeds + (!text.empty() && text.back() != '\n' ? 1 : 0);
}

std::string numbered_html(std::string_view text, std::size_t reserved, const AppendLine& append_line) {
    std::string out;
    if (count_lines(text) > kNumberedLinesMax) {
        out = "<span class=\"c\">";
        OddMarker{}.append(out, text);
        return out + "</span>";
    }
    out.reserve(text.size() + text.size() / 4 + count_lines(text) * 40 + reserved);
    for (std::size_t line = 1; !text.empty(); ++line) {
        if (line % kLinesPerChunk == 1) out += line == 1 ? "<span class=\"c\">" : "</span><span class=\"c\">";
        fmt::format_to(std::back_inserter(out), "<span id=\"L{0}\" data-n=\"{0}\">", line);
        append_line(out, take_line(text));
        out += "</span>";
    }
    if (!out.empty()) out += "</span>";
    return out;
}

std::string code_html(std::string_view text, std::span<const Run> runs) {
    LineWriter writer{runs};
    return numbered_html(text, runs.size() * 24,
                         [&writer](std::string& out, std::string_view line) { writer.append(out, line); });
}

std::string coloured_html(std::string_view text, std::span<const Run> runs) {
    std::string out;
    LineWriter writer{runs};
    while (!text.empty()) writer.append(out, take_line(text));
    return out;
}

std::string self_coloured_html(std::string_view text, std::span<const Run> runs) {
    std::string out;
    LineWriter writer{runs, true};
    while (!text.empty()) writer.append(out, take_line(text));
    return out;
}

std::vector<Run> shortened(std::vector<Run> runs) {
    if (runs.size() <= kRunsMax) return runs;
    Run rest{0, highlight::Colour::none};
    for (std::size_t i = kRunsMax - 1; i < runs.size(); ++i) rest.bytes += runs[i].bytes;
    runs.resize(kRunsMax - 1);
    runs.push_back(rest);
    return runs;
}

bool can_be_coloured(std::string_view text, std::string_view language) {
    if (text.empty() || text.size() > kColouredBytesMax || is_terminal_output(text, language)) return false;
    const auto languages = highlight::embedded_languages();
    const auto found = std::lower_bound(languages.begin(), languages.end(), language,
                                        [](const auto& one, std::string_view name) { return one.first < name; });
    return found != languages.end() && found->first == language;
}

std::string written(std::span<const Run> runs) {
    constexpr std::size_t kBytes = sizeof(Run::bytes) + sizeof(Run::colour);
    std::string out;
    out.reserve(runs.size() * kBytes);
    for (const Run& run : runs) {
        char bytes[kBytes];
        std::memcpy(bytes, &run.bytes, sizeof run.bytes);
        std::memcpy(bytes + sizeof run.bytes, &run.colour, sizeof run.colour);
        out.append(bytes, kBytes);
    }
    return out;
}

std::optional<std::vector<Run>> read_runs(std::string_view written, std::size_t bytes) {
    constexpr std::size_t kBytes = sizeof(Run::bytes) + sizeof(Run::colour);
    if (written.size() % kBytes != 0) return std::nullopt;
    std::vector<Run> runs(written.size() / kBytes);
    std::size_t sum = 0;
    for (Run& run : runs) {
        std::memcpy(&run.bytes, written.data(), sizeof run.bytes);
        std::memcpy(&run.colour, written.data() + sizeof run.bytes, sizeof run.colour);
        written.remove_prefix(kBytes);
        if (static_cast<std::size_t>(run.colour) >= highlight::kColours) return std::nullopt;
        sum += run.bytes;
    }
    if (sum != bytes) return std::nullopt;
    return runs;
}

}  // namespace snippetd::pages
