#pragma once

#include "highlight/grammars.hpp"
#include "highlight/scopes.hpp"
#include "highlight/selector.hpp"

#include <array>
#include <cstdint>
#include <deque>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace snippetd::highlight {

struct Rule;

/// The names of the scopes that a rule puts what it matches in.
struct RuleName {
    std::string_view text;
    bool captures = false;  ///< `entity.name.$1`: parts of the text are put in
    std::vector<ScopeId> scopes{};
    std::uint32_t generation = 0;  ///< of the scopes
};

/// What becomes of a group of a match.
struct CaptureRule {
    RuleName name, content_name;
    Rule* rule = nullptr;  ///< looks through the group's text
    bool wanted = false;
};

/// The rules that are tried side by side, by the byte that stands at a place.
struct Alternatives {
    struct One {
        Regex* regex;
        Rule* rule;
    };
    std::vector<One> all{};
    std::array<std::uint32_t, kKinds + 1> begins{};  ///< of the part of `by_kind` for a kind of byte
    std::vector<std::uint16_t> by_kind{};            ///< numbers in `all`, in order

    std::span<const std::uint16_t> before(std::size_t kind) const {
        return std::span{by_kind}.subspan(begins[kind], begins[kind + 1] - begins[kind]);
    }
};

/// Where the names that a rule includes are looked up: its own repository, then those around it.
struct Repository {
    const Repository* outer;
    const boost::json::object* rules;
    const Grammar* grammar;
};

/// A rule of a grammar.
struct Rule {
    enum class Kind { match, container, begin_end, begin_while };

    Kind kind;
    const boost::json::object* written;
    const Repository* repository;
    RuleName name, content_name;
    std::string_view pattern{};   ///< `match` or `begin`
    std::string_view closing{};   ///< `end` or `while`
    bool closing_refers = false;  ///< it has references to groups of `begin`
    bool closing_last = false;    ///< the rules within come before `end`

    // Filled in when they are first asked for.
    bool captures_known = false;
    std::vector<CaptureRule> captures{}, closing_captures{};
    std::unique_ptr<Alternatives> alternatives{};
};

/// Rules that are tried wherever their selector applies.
struct Injection {
    Selector selector;
    Rule* rule;
};

/// The rules of a language: those of its grammar and of what it includes, each made when it is first needed, so that a
/// text costs no more than what it has in it. Not thread-safe.
class Rules {
  public:
    /// `grammars` outlives this.
    Rules(Grammars& grammars, const Grammar& grammar);

    Rule& top() { return *top_; }
    std::span<const Injection> injections() const { return injections_; }
    /// What is tried within a rule, besides its end.
    const Alternatives& alternatives(Rule& rule);
    /// Makes the captures of a rule known.
    void learn_captures(Rule& rule);
    Regex& regex(std::string_view pattern) { return grammars_.regex(pattern); }

  private:
    struct Place {
        const boost::json::object* written = nullptr;
        const Repository* repository = nullptr;
    };

    const Repository& repository_of(const Grammar& grammar);
    Place resolve(const boost::json::object& pattern, const Repository& repository);
    bool leads_anywhere(const boost::json::object& pattern, const Repository& repository);
    bool is_hollow(const boost::json::object& written, const Repository& repository);
    template <class Do>
    void for_each_part(const boost::json::object& written, Do act);
    Rule& rule_of(const boost::json::object& written, const Repository& repository);
    std::string_view expression(std::string_view written);
    void learn(const boost::json::object* written, const Repository& repository, std::vector<CaptureRule>& captures);
    void gather(Rule& rule, std::vector<const Rule*>& seen, Alternatives& into);

    Grammars& grammars_;
    std::deque<Repository> repositories_;
    std::unordered_map<const Grammar*, const Repository*> by_grammar_;
    std::unordered_map<const boost::json::object*, Rule> rules_;
    std::unordered_map<const boost::json::object*, bool> hollow_;
    std::deque<std::string> rewritten_;
    const Grammar& grammar_;
    Rule* top_;
    std::vector<Injection> injections_;
};

}  // namespace snippetd::highlight
