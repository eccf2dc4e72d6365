#include "highlight/rules.hpp"

#include "base/numbers.hpp"

#include <algorithm>
#include <utility>

#include <boost/json/array.hpp>
#include <boost/json/value.hpp>

namespace snippetd::highlight {

namespace {

namespace json = boost::json;

constexpr std::size_t kCapturesMax = 1000;

bool has_digit_behind(std::string_view text, char sign, std::string_view also) {
    for (std::size_t at = text.find(sign); at != text.npos; at = text.find(sign, at + 1)) {
        const std::string_view next = text.substr(at + 1, 1);
        if (next.empty()) return false;
        if ((next.front() >= '0' && next.front() <= '9') || also.find(next.front()) != also.npos) return true;
    }
    return false;
}

RuleName name_of(const json::object& written, std::string_view key) {
    const std::string_view text = text_of(written, key);
    return {text, has_digit_behind(text, '$', "{")};
}

}  // namespace

Rules::Rules(Grammars& grammars, const Grammar& grammar) : grammars_{grammars}, grammar_{grammar} {
    const Repository& repository = repository_of(grammar);
    top_ = &rule_of(grammar.top(), repository);
    top_->name = name_of(grammar.top(), "scopeName");
    const json::object* injections = object_of(grammar.top(), "injections");
    if (!injections) return;
    for (const auto& [selectors, written] : *injections) {
        if (!written.is_object()) continue;
        Rule& rule = rule_of(written.get_object(), repository);
        for (Selector& selector : parse_selectors(selectors)) injections_.push_back({std::move(selector), &rule});
    }
    std::stable_sort(injections_.begin(), injections_.end(), [](const Injection& left, const Injection& right) {
        return left.selector.priority < right.selector.priority;
    });
}

const Repository& Rules::repository_of(const Grammar& grammar) {
    const Repository*& known = by_grammar_[&grammar];
    if (!known) known = &repositories_.emplace_back(Repository{nullptr, grammar.repository(), &grammar});
    return *known;
}

/// The rule that a pattern is or includes; nothing when there is none.
Rules::Place Rules::resolve(const json::object& pattern, const Repository& repository) {
    const std::string_view include = text_of(pattern, "include");
    if (include.empty()) return {&pattern, &repository};
    if (include == "$self") return {&repository.grammar->top(), &repository_of(*repository.grammar)};
    if (include == "$base") return {&grammar_.top(), &repository_of(grammar_)};
    const std::size_t sharp = include.find('#');
    if (sharp == 0) {
        for (const Repository* around = &repository; around; around = around->outer) {
            const json::object* found = around->rules ? object_of(*around->rules, include.substr(1)) : nullptr;
            if (found) return {found, &repository};  // from where it is included the same names are known to it
        }
        return {};
    }
    const Grammar* other = grammars_.find(include.substr(0, sharp));
    if (!other) return {};
    const Repository& others = repository_of(*other);
    if (sharp == include.npos) return {&other->top(), &others};
    const json::object* found =
        other->repository() ? object_of(*other->repository(), include.substr(sharp + 1)) : nullptr;
    return found ? Place{found, &others} : Place{};
}

template <class Do>
void Rules::for_each_part(const json::object& written, Do act) {
    const json::value* patterns = written.if_contains("patterns");
    if (!patterns) {
        if (written.if_contains("include")) act(written);
        return;
    }
    if (!patterns->is_array()) return;
    for (const json::value& pattern : patterns->get_array()) {
        if (pattern.is_object()) act(pattern.get_object());
    }
}

/// Whether there is something to be tried: a rule whose parts are all of grammars that are not here is left out, so
/// that the one behind it has its turn.
bool Rules::leads_anywhere(const json::object& pattern, const Repository& repository) {
    const std::string_view include = text_of(pattern, "include");
    if (!include.empty() && include.front() != '#' && include.front() != '$') {
        return Grammars::has(include.substr(0, include.find('#')));  // which need not be read for this
    }
    const Place place = resolve(pattern, repository);
    return place.written && !is_hollow(*place.written, *place.repository);
}

bool Rules::is_hollow(const json::object& written, const Repository& repository) {
    if (!text_of(written, "match").empty()) return false;
    const auto [known, added] = hollow_.try_emplace(&written, false);
    if (!added) return known->second;
    const Repository* inner = &repository;
    if (const json::object* own = object_of(written, "repository"); own && own != repository.grammar->repository()) {
        inner = &repositories_.emplace_back(Repository{&repository, own, repository.grammar});
    }
    bool any = false, anywhere = false;
    for_each_part(written, [&](const json::object& part) {
        any = true;
        anywhere = anywhere || leads_anywhere(part, *inner);
    });
    return hollow_[&written] = any && !anywhere;
}

/// `\z` means the end of the text, which is that of the line here, before its line feed.
std::string_view Rules::expression(std::string_view written) {
    std::string made;
    std::size_t taken = 0;
    for (std::size_t at = 0; at + 1 < written.size(); ++at) {
        if (written[at] != '\\') continue;
        if (written[++at] != 'z') continue;
        made += written.substr(taken, at - 1 - taken);
        made += R"($(?!\n)(?<!\n))";
        taken = at + 1;
    }
    if (taken == 0) return written;
    made += written.substr(taken);
    return rewritten_.emplace_back(std::move(made));
}

Rule& Rules::rule_of(const json::object& written, const Repository& repository) {
    const auto [known, added] = rules_.try_emplace(&written);
    Rule& rule = known->second;
    if (!added) return rule;
    rule.written = &written;
    rule.repository = &repository;
    rule.name = name_of(written, "name");
    rule.content_name = name_of(written, "contentName");
    const std::string_view match = text_of(written, "match");
    if (!match.empty()) {
        rule.kind = Rule::Kind::match;
        rule.pattern = expression(match);
    } else if (!written.if_contains("begin")) {
        rule.kind = Rule::Kind::container;
        const json::object* own = object_of(written, "repository");
        if (own && own != repository.grammar->repository()) {
            rule.repository = &repositories_.emplace_back(Repository{&repository, own, repository.grammar});
        }
    } else {
        rule.pattern = expression(text_of(written, "begin"));
        const std::string_view condition = text_of(written, "while");
        rule.kind = condition.empty() ? Rule::Kind::begin_end : Rule::Kind::begin_while;
        rule.closing = expression(condition.empty() ? text_of(written, "end") : condition);
        rule.closing_refers = has_digit_behind(rule.closing, '\\', "");
        rule.closing_last = written.if_contains("applyEndPatternLast") != nullptr;
    }
    return rule;
}

void Rules::learn(const json::object* written, const Repository& repository, std::vector<CaptureRule>& captures) {
    if (!written) return;
    for (const auto& [key, value] : *written) {
        const auto number = base::parse_number<std::size_t>(key);
        if (!number || *number > kCapturesMax || !value.is_object()) continue;
        if (captures.size() <= *number) captures.resize(*number + 1);
        const json::object& capture = value.get_object();
        Rule* rule = capture.if_contains("patterns") ? &rule_of(capture, repository) : nullptr;
        captures[*number] = {name_of(capture, "name"), name_of(capture, "contentName"), rule, true};
    }
}

void Rules::learn_captures(Rule& rule) {
    if (rule.captures_known) return;
    rule.captures_known = true;
    const json::object& written = *rule.written;
    const json::object* both = object_of(written, "captures");
    if (rule.kind == Rule::Kind::match) return learn(both, *rule.repository, rule.captures);
    const json::object* own = object_of(written, "beginCaptures");
    learn(own ? own : both, *rule.repository, rule.captures);
    own = object_of(written, rule.kind == Rule::Kind::begin_end ? "endCaptures" : "whileCaptures");
    learn(own ? own : both, *rule.repository, rule.closing_captures);
}

void Rules::gather(Rule& rule, std::vector<const Rule*>& seen, Alternatives& into) {
    for_each_part(*rule.written, [&](const json::object& part) {
        if (!leads_anywhere(part, *rule.repository)) return;
        const Place place = resolve(part, *rule.repository);
        if (!place.written) return;
        Rule& inner = rule_of(*place.written, *place.repository);
        if (std::find(seen.begin(), seen.end(), &inner) != seen.end()) return;  // it has had its place before
        seen.push_back(&inner);
        if (inner.kind == Rule::Kind::container) return gather(inner, seen, into);
        into.all.push_back({&regex(inner.pattern), &inner});
    });
}

const Alternatives& Rules::alternatives(Rule& rule) {
    if (rule.alternatives) return *rule.alternatives;
    auto made = std::make_unique<Alternatives>();
    std::vector<const Rule*> seen;
    gather(rule, seen, *made);
    for (std::size_t kind = 0; kind < kKinds; ++kind) {
        made->begins[kind] = static_cast<std::uint32_t>(made->by_kind.size());
        for (std::size_t i = 0; i < made->all.size(); ++i) {
            if (made->all[i].regex->starts().next.has(kind)) made->by_kind.push_back(static_cast<std::uint16_t>(i));
        }
    }
    made->begins[kKinds] = static_cast<std::uint32_t>(made->by_kind.size());
    rule.alternatives = std::move(made);
    return *rule.alternatives;
}

}  // namespace snippetd::highlight
