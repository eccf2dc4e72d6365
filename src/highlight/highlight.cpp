#include "highlight/highlight.hpp"

#include "base/utf8.hpp"
#include "highlight/tokenizer.hpp"

#include <algorithm>
#include <string>
#include <unordered_map>

namespace snippetd::highlight {

namespace {

/// Runs that grow at their end.
class Runs {
  public:
    void add(std::size_t bytes, Colour colour) {
        if (bytes == 0) return;
        if (made_.empty() || made_.back().colour != colour) made_.push_back({0, colour});
        made_.back().bytes += static_cast<std::uint32_t>(bytes);
    }
    /// What nobody sees: it is as what is before it.
    void add_unseen(std::size_t bytes) { add(bytes, made_.empty() ? Colour::none : made_.back().colour); }

    std::vector<Run> take() { return std::move(made_); }

  private:
    std::vector<Run> made_;
};

/// The line without what ends it, and how many bytes that takes: a line feed, a carriage return, or both.
struct TextLine {
    std::string_view text;
    std::size_t end_bytes;
};

TextLine take_line(std::string_view& text) {
    const std::size_t end = std::min(text.find_first_of("\r\n"), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(end);
    const std::size_t end_bytes = text.starts_with("\r\n") ? 2 : text.empty() ? 0 : 1;
    text.remove_prefix(end_bytes);
    return {line, end_bytes};
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

/// TypeScript with elements in it has a grammar of its own, in which `<T>x` is none.
std::string_view scope_for(std::string_view text, std::string_view language) {
    const bool elements = text.find("</") != text.npos || text.find("/>") != text.npos;
    if (language == "typescript" && elements) return "source.tsx";
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

std::optional<std::vector<Run>> Highlighter::colour(std::string_view text, std::string_view language) {
    const std::string_view scope = scope_for(text, language);
    if (scope.empty()) return {};
    std::unique_ptr<Rules>& rules = state_->rules[scope];
    if (!rules) rules = std::make_unique<Rules>(state_->grammars, *state_->grammars.find(scope));

    state_->scopes.forget();
    Tokenizer tokenizer{*rules, state_->scopes};
    Runs runs;
    std::string line;
    while (!text.empty()) {
        const TextLine taken = take_line(text);
        if (taken.text.size() > kColouredLineBytesMax) {
            runs.add(taken.text.size(), Colour::none);
        } else {
            line.assign(taken.text);
            make_well_formed(line);
            line += '\n';
            std::size_t at = 0;
            for (const Token& token : tokenizer.line(line)) {
                const std::size_t end = std::min(token.end, taken.text.size());
                runs.add(end - std::min(at, end), token.scopes ? token.scopes->colour : Colour::none);
                at = std::max(at, end);
            }
        }
        runs.add_unseen(taken.end_bytes);
    }
    return runs.take();
}

}  // namespace snippetd::highlight
