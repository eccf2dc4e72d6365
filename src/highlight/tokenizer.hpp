#pragma once

#include "highlight/rules.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace snippetd::highlight {

/// A piece of a line, from where the one before ends.
struct Token {
    std::size_t end;
    const ScopePath* scopes;
};

/// Cuts a text into tokens, line by line, as microsoft/vscode-textmate does, whose ways the grammars are written for:
/// which of two rules goes first, what `\G` is, when a rule that does not get on is given up.
///
/// The state is a stack of rules that have begun and not ended. At each place of the line the rules within the topmost
/// are tried, and its end; the first that matches at the leftmost place decides. What the stack holds, how long a line
/// takes and how deep groups are looked through is bounded; beyond that the line goes on as it is.
class Tokenizer {
  public:
    /// Begins a text. `rules` and `scopes` outlive this.
    Tokenizer(Rules& rules, Scopes& scopes);

    /// The tokens of the next line, which ends with its line feed and has no other, and is UTF-8. They are good until
    /// the next call.
    const std::vector<Token>& line(std::string_view line);
    /// The scopes of what comes next.
    const ScopePath* scopes() const { return stack_.back().content; }

  private:
    struct Frame {
        Rule* rule;
        Regex* closing;  ///< its `end` or `while`
        std::size_t entered, anchor;
        std::uint64_t line;  ///< the two above are places in that one
        bool took_line;      ///< its beginning took the line feed
        const ScopePath *name, *content;
    };
    using Stack = std::vector<Frame>;
    struct Match {
        Rule* rule;  ///< null: the end of the topmost
        std::vector<Span> spans;
    };
    /// A line that is gone through, or the beginning of one up to the end of a group.
    struct Run {
        std::string_view text;
        std::size_t at;
        bool first;  ///< of the text, and nothing of it has been taken
        std::size_t anchor;
        int depth;
    };

    void run(Run run, Stack& stack, bool check_conditions);
    bool step(Run& run, Stack& stack);
    void check_conditions(Run& run, Stack& stack);
    bool find(const Run& run, const Stack& stack, Match& match);
    bool search(const Run& run, const Alternatives& alternatives, Regex* closing, bool closing_last, std::size_t limit,
                Match& match);
    bool find_injected(const Run& run, const Stack& stack, bool found, Match& match);
    std::uint64_t injections_at(const ScopePath& scopes);
    bool end_rule(Run& run, Stack& stack, const Match& match);
    bool begin_rule(Run& run, Stack& stack, const Match& match);
    void take_captures(const Run& run, Stack& stack, const std::vector<CaptureRule>& captures,
                       const std::vector<Span>& spans);
    const ScopePath* within(const ScopePath* outer, RuleName& name, std::string_view text,
                            const std::vector<Span>& spans);
    Regex* closing_of(Rule& rule, std::string_view text, const std::vector<Span>& spans);
    void drop_unused_closings();
    void take(const ScopePath* scopes, std::size_t end);
    std::size_t entered(const Frame& frame) const { return frame.line == line_.number() ? frame.entered : kNowhere; }

    static constexpr std::size_t kNowhere = std::string_view::npos;

    Rules& rules_;
    Scopes& scopes_;
    Stack stack_;
    std::vector<Token> tokens_;
    Line line_;
    bool first_ = true;  ///< no line has come
    /// Those that hold what their beginning has matched.
    std::unordered_map<std::string, std::unique_ptr<Regex>> closings_;
};

}  // namespace snippetd::highlight
