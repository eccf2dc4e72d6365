#include "highlight/highlight.hpp"

#include "base/utf8.hpp"
#include "highlight/runs.hpp"
#include "highlight/tokenizer.hpp"

#include <algorithm>
#include <string>
#include <unordered_map>

namespace snippetd::highlight {

std::vector<Run> runs_within(std::span<const Run> runs, std::size_t begin, std::size_t end) {
    std::vector<Run> within;
    std::size_t at = 0;
    for (const Run& run : runs) {
        const std::size_t from = std::max(at, begin), to = std::min(at + run.bytes, end);
        if (from < to) within.push_back({static_cast<std::uint32_t>(to - from), run.colour});
        at += run.bytes;
        if (at >= end) break;
    }
    return within;
}

namespace {

/// A line, and what ends it: a line feed, a carriage return, or both; nothing at the end of the text.
struct TextLine {
    std::string_view text, end;
};

TextLine take_line(std::string_view& text) {
    const std::size_t end = std::min(text.find_first_of("\r\n"), text.size());
    const std::size_t end_bytes = text.substr(end).starts_with("\r\n") ? 2 : end < text.size() ? 1 : 0;
    const TextLine line{text.substr(0, end), text.substr(end, end_bytes)};
    text.remove_prefix(end + end_bytes);
    return line;
}

/// Puts a question mark in the place of each byte that belongs to no character.
void make_well_formed(std::string& line) {
    if (base::count_code_points(line)) return;
    for (std::size_t at = 0; at < line.size();) {
        const std::size_t bytes = base::first_code_point(std::string_view{line}.substr(at)).bytes;
        if (bytes == 0) line[at] = '?';
        at += std::max<std::size_t>(bytes, 1);
    }
}

void add_line(Tokenizer& tokenizer, std::string_view text, Runs& runs) {
    if (text.size() > kColouredLineBytesMax) return runs.add(text, Colour::none);
    std::string line{text};
    make_well_formed(line);
    line += '\n';
    std::size_t at = 0;
    for (const Token& token : tokenizer.line(line)) {
        const std::size_t end = std::min(token.end, text.size());
        if (end <= at) continue;
        const std::string_view piece = text.substr(at, end - at);
        runs.add(piece, token.scopes ? colour_of(*token.scopes, piece) : Colour::none);
        at = end;
    }
}

/// TypeScript with elements in it has a grammar of its own, in which `<T>x` is none, and so has PHP in a page.
std::string_view scope_for(std::string_view text, std::string_view language) {
    const bool elements = text.find("</") != text.npos || text.find("/>") != text.npos;
    if (language == "typescript" && elements) return "source.tsx";
    if (language == "php" && text.find("<?") != text.npos) return "text.html.php";
    return scope_of(language);
}

}  // namespace

struct Highlighter::State {
    Grammars grammars;
    Scopes scopes;
    std::unordered_map<std::string_view, std::unique_ptr<Rules>> rules;
};

Highlighter::Highlighter() : state_{std::make_unique<State>()} {}

Highlighter::~Highlighter() = default;

std::optional<std::vector<Run>> Highlighter::colour(std::string_view text, std::string_view language,
                                                    std::chrono::milliseconds time_max) {
    const std::int64_t until_ns = thread_time_ns() + std::chrono::nanoseconds{time_max}.count();
    const std::string_view scope = scope_for(text, language);
    if (scope.empty()) return {};
    if (state_->grammars.memory_bytes() > kKeptGrammarBytesMax) state_ = std::make_unique<State>();
    std::unique_ptr<Rules>& rules = state_->rules[scope];
    if (!rules) rules = std::make_unique<Rules>(state_->grammars, *state_->grammars.find(scope));

    state_->scopes.forget();
    Tokenizer tokenizer{*rules, state_->scopes};
    Runs runs;
    while (!text.empty() && thread_time_ns() < until_ns) {
        const TextLine line = take_line(text);
        add_line(tokenizer, line.text, runs);
        runs.add_unseen(line.end);
    }
    runs.add(text, Colour::none);
    return runs.take();
}

}  // namespace snippetd::highlight
