#include "highlight/tokenizer.hpp"

#include "base/ascii.hpp"

#include <algorithm>
#include <unordered_set>
#include <utility>

namespace snippetd::highlight {

namespace {

constexpr std::size_t kStackFramesMax = 256, kClosingsMax = 256, kInjectionsMax = 62;
constexpr int kGroupsDeepMax = 12;

bool is_digit_of_name(char c) {
    return c >= '0' && c <= '9';
}

/// The group's text; an empty one when there is no such group.
std::string_view group_of(std::string_view text, const std::vector<Span>& spans, std::size_t number) {
    if (number >= spans.size() || spans[number].size() == 0) return {};
    return text.substr(spans[number].begin, spans[number].size());
}

/// Takes a number off the front of `text`. Far too many digits are no number that is meant.
std::size_t take_number(std::string_view& text) {
    std::size_t number = 0;
    while (!text.empty() && is_digit_of_name(text.front())) {
        number = std::min<std::size_t>(number * 10 + static_cast<std::size_t>(text.front() - '0'), 1'000'000);
        text.remove_prefix(1);
    }
    return number;
}

/// `name` with the groups in the place of `$1` and `${1:/downcase}`.
std::string filled(std::string_view name, std::string_view text, const std::vector<Span>& spans) {
    std::string made;
    while (!name.empty()) {
        const std::size_t sign = std::min(name.find('$'), name.size());
        made += name.substr(0, sign);
        name.remove_prefix(sign);
        if (name.empty()) break;
        std::string_view rest = name.substr(1);
        const bool braced = rest.starts_with('{');
        if (braced) rest.remove_prefix(1);
        const bool number_follows = !rest.empty() && is_digit_of_name(rest.front());
        const std::size_t number = take_number(rest);
        const bool lower = rest.starts_with(":/downcase}"), upper = rest.starts_with(":/upcase}");
        if (!number_follows || (braced && !lower && !upper) || number >= spans.size()) {
            made += '$';
            name.remove_prefix(1);
            continue;
        }
        if (braced) rest.remove_prefix(rest.find('}') + 1);
        name = rest;
        std::string_view group = group_of(text, spans, number);
        while (group.starts_with('.')) group.remove_prefix(1);
        const auto to_upper = [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; };
        for (const char c : group) made += braced && lower ? base::to_lower(c) : braced && upper ? to_upper(c) : c;
    }
    return made;
}

}  // namespace

Tokenizer::Tokenizer(Rules& rules, Scopes& scopes) : rules_{rules}, scopes_{scopes} {
    const ScopePath* outermost = within(nullptr, rules.top().name, {}, {});
    stack_.push_back({&rules.top(), nullptr, kNowhere, kNowhere, 0, false, outermost, outermost});
}

const std::vector<Token>& Tokenizer::line(std::string_view line) {
    if (closings_.size() > kClosingsMax) drop_unused_closings();
    tokens_.clear();
    line_.start(line);
    run({line, 0, std::exchange(first_, false), kNowhere, 0}, stack_, true);
    return tokens_;
}

void Tokenizer::take(const ScopePath* scopes, std::size_t end) {
    const std::size_t last = tokens_.empty() ? 0 : tokens_.back().end;
    if (end > last) tokens_.push_back({end, scopes});
}

void Tokenizer::run(Run run, Stack& stack, bool conditions) {
    if (conditions) check_conditions(run, stack);
    while (step(run, stack)) {
    }
}

/// Whether there may be more in the line.
bool Tokenizer::step(Run& run, Stack& stack) {
    Match match{};
    if (line_.is_spent() || !find(run, stack, match)) {
        take(stack.back().content, run.text.size());
        return false;
    }
    const bool goes_on = match.rule ? begin_rule(run, stack, match) : end_rule(run, stack, match);
    if (!goes_on) {
        take(stack.back().content, run.text.size());
        return false;
    }
    if (match.spans.front().end > run.at) {
        run.at = match.spans.front().end;
        run.first = false;
    }
    return true;
}

/// From the bottom of the stack, what goes on only while something is at the beginning of the line: where it is not,
/// that rule ends, and all above it.
void Tokenizer::check_conditions(Run& run, Stack& stack) {
    if (stack.back().took_line) run.anchor = 0;
    for (std::size_t i = 0; i < stack.size(); ++i) {
        Rule& rule = *stack[i].rule;
        if (rule.kind != Rule::Kind::begin_while) continue;
        static const Alternatives kNone;
        Match match{};
        if (!search(run, kNone, stack[i].closing, false, run.text.size(), match)) {
            stack.resize(i);
            return;
        }
        const Span whole = match.spans.front();
        take(stack[i].content, whole.begin);
        rules_.learn_captures(rule);
        Stack below(stack.begin(), stack.begin() + static_cast<std::ptrdiff_t>(i) + 1);
        take_captures(run, below, rule.closing_captures, match.spans);
        take(stack[i].content, whole.end);
        run.anchor = whole.end;
        if (whole.end > run.at) {
            run.at = whole.end;
            run.first = false;
        }
    }
}

bool Tokenizer::find(const Run& run, const Stack& stack, Match& match) {
    const Frame& top = stack.back();
    const bool ends = top.rule->kind == Rule::Kind::begin_end;
    const bool found = search(run, rules_.alternatives(*top.rule), ends ? top.closing : nullptr, top.rule->closing_last,
                              run.text.size(), match);
    if (rules_.injections().empty()) return found;
    return find_injected(run, stack, found, match) || found;
}

/// The leftmost match of them that does not begin behind `limit`.
bool Tokenizer::search(const Run& run, const Alternatives& alternatives, Regex* closing, bool closing_last,
                       std::size_t limit, Match& match) {
    for (std::size_t at = run.at; at <= limit; ++at) {
        if (at < run.text.size() && is_continuation(run.text[at])) continue;
        const std::size_t next = at < run.text.size() ? kind_of(run.text[at]) : kNoByte;
        const std::size_t before = at > 0 ? kind_of(run.text[at - 1]) : kNoByte;
        const std::size_t second = at + 1 < run.text.size() ? kind_of(run.text[at + 1]) : kNoByte;
        const std::size_t class_next = class_of(next), class_second = class_of(second);
        const Regex::Anchors anchors{run.first, at == run.at && at == run.anchor};
        const auto is_there = [&](Regex& regex) {
            return regex.starts().may_match(before, class_next, class_second) && regex.may_match(line_, at) &&
                   !line_.is_spent() && regex.matches(run.text, at, anchors, line_, match.spans);
        };
        const bool closes = closing && closing->starts().next.has(next);
        match.rule = nullptr;
        if (closes && !closing_last && is_there(*closing)) return true;
        for (const std::uint16_t number : alternatives.before(next)) {
            const Alternatives::One& one = alternatives.all[number];
            if (!is_there(*one.regex)) continue;
            match.rule = one.rule;
            return true;
        }
        if (closes && closing_last && is_there(*closing)) return true;
        if (line_.is_spent()) return false;
    }
    return false;
}

/// Whether a rule is injected that matches before `match`, which it takes the place of.
bool Tokenizer::find_injected(const Run& run, const Stack& stack, bool found, Match& match) {
    const std::uint64_t apply = injections_at(*stack.back().content);
    if (apply == 0) return false;
    const std::size_t own = found ? match.spans.front().begin : run.text.size() + 1;
    Match best{};
    std::size_t best_at = run.text.size() + 1;
    bool first = false;
    for (std::size_t i = 0; i < std::min(rules_.injections().size(), kInjectionsMax) && best_at > run.at; ++i) {
        if ((apply >> i & 1) == 0) continue;
        const Injection& injection = rules_.injections()[i];
        Match one{};
        const std::size_t limit = std::min({run.text.size(), own, best_at - 1});
        if (!search(run, rules_.alternatives(*injection.rule), nullptr, false, limit, one)) continue;
        best_at = one.spans.front().begin;
        best = std::move(one);
        first = injection.selector.priority < 0;
    }
    if (best.spans.empty() || best_at > own || (best_at == own && !first)) return false;
    match = std::move(best);
    return true;
}

std::uint64_t Tokenizer::injections_at(const ScopePath& scopes) {
    if (scopes.injections == 0) {
        std::vector<std::string_view> names;
        for (const ScopePath* path = &scopes; path; path = path->outer) names.push_back(scopes_.name_of(path->name));
        std::reverse(names.begin(), names.end());
        scopes.injections = ScopePath::kAsked;
        for (std::size_t i = 0; i < std::min(rules_.injections().size(), kInjectionsMax); ++i) {
            if (rules_.injections()[i].selector.applies(names)) scopes.injections |= std::uint64_t{1} << i;
        }
    }
    return scopes.injections & ~ScopePath::kAsked;
}

bool Tokenizer::end_rule(Run& run, Stack& stack, const Match& match) {
    const Span whole = match.spans.front();
    Rule& rule = *stack.back().rule;
    take(stack.back().content, whole.begin);
    stack.back().content = stack.back().name;
    rules_.learn_captures(rule);
    take_captures(run, stack, rule.closing_captures, match.spans);
    take(stack.back().content, whole.end);
    const Frame popped = stack.back();
    stack.pop_back();
    run.anchor = popped.line == line_.number() ? popped.anchor : kNowhere;
    if (whole.end > run.at || entered(popped) != run.at) return true;
    // It has begun and ended here and would do so again: it goes on instead.
    stack.push_back(popped);
    return false;
}

bool Tokenizer::begin_rule(Run& run, Stack& stack, const Match& match) {
    const Span whole = match.spans.front();
    const bool advances = whole.end > run.at;
    Rule& rule = *match.rule;
    take(stack.back().content, whole.begin);
    const ScopePath* name = within(stack.back().content, rule.name, run.text, match.spans);
    stack.push_back({&rule, nullptr, run.at, run.anchor, line_.number(), whole.end == run.text.size(), name, name});
    rules_.learn_captures(rule);
    take_captures(run, stack, rule.captures, match.spans);
    take(name, whole.end);
    if (rule.kind == Rule::Kind::match || stack.size() > kStackFramesMax) {
        stack.pop_back();
        if (advances) return true;
        if (stack.size() > 1) stack.pop_back();
        return false;
    }
    run.anchor = whole.end;
    Frame& frame = stack.back();
    frame.content = within(name, rule.content_name, run.text, match.spans);
    frame.closing = closing_of(rule, run.text, match.spans);
    if (advances) return true;
    for (std::size_t i = stack.size() - 1; i-- > 0 && entered(stack[i]) == run.at;) {
        if (stack[i].rule != &rule) continue;
        stack.pop_back();  // it would begin in itself here for ever
        return false;
    }
    return true;
}

/// The tokens of the groups of a match, each within the one that holds it.
void Tokenizer::take_captures(const Run& run, Stack& stack, const std::vector<CaptureRule>& captures,
                              const std::vector<Span>& spans) {
    struct Open {
        const ScopePath* scopes;
        std::size_t end;
    };
    std::vector<Open> open;
    const std::size_t end = spans.front().end;
    for (std::size_t i = 0; i < std::min(captures.size(), spans.size()); ++i) {
        const Span span = spans[i];
        if (!captures[i].wanted || span.size() == 0) continue;
        if (span.begin > end) break;
        while (!open.empty() && open.back().end <= span.begin) {
            take(open.back().scopes, open.back().end);
            open.pop_back();
        }
        const ScopePath* around = open.empty() ? stack.back().content : open.back().scopes;
        take(around, span.begin);
        CaptureRule capture = captures[i];
        if (capture.rule) {
            if (run.depth >= kGroupsDeepMax) continue;
            const ScopePath* name = within(stack.back().content, capture.name, run.text, spans);
            const ScopePath* content = within(name, capture.content_name, run.text, spans);
            Stack inner = stack;
            inner.push_back({capture.rule, nullptr, span.begin, kNowhere, line_.number(), false, name, content});
            this->run({run.text.substr(0, span.end), span.begin, run.first && span.begin == 0, kNowhere, run.depth + 1},
                      inner, false);
        } else if (!capture.name.text.empty()) {
            open.push_back({within(around, capture.name, run.text, spans), span.end});
        }
    }
    while (!open.empty()) {
        take(open.back().scopes, open.back().end);
        open.pop_back();
    }
}

const ScopePath* Tokenizer::within(const ScopePath* outer, RuleName& name, std::string_view text,
                                   const std::vector<Span>& spans) {
    if (name.text.empty()) return outer;
    if (name.captures && !spans.empty()) {
        for (const ScopeId scope : scopes_.numbers_of_text(filled(name.text, text, spans))) {
            outer = scopes_.inner(outer, scope);
        }
        return outer;
    }
    if (name.generation != scopes_.generation()) {
        name.scopes = scopes_.numbers_of(name.text);
        name.generation = scopes_.generation();
    }
    for (const ScopeId scope : name.scopes) outer = scopes_.inner(outer, scope);
    return outer;
}

/// The rule's `end` or `while`, with what its beginning has matched.
Regex* Tokenizer::closing_of(Rule& rule, std::string_view text, const std::vector<Span>& spans) {
    if (!rule.closing_refers) return &rules_.regex(rule.closing);
    std::string made;
    std::string_view rest = rule.closing;
    while (!rest.empty()) {
        const std::size_t sign = std::min(rest.find('\\'), rest.size());
        made += rest.substr(0, sign);
        rest.remove_prefix(sign);
        if (rest.empty()) break;
        if (rest.size() < 2 || !is_digit_of_name(rest[1])) {
            made += '\\';
            rest.remove_prefix(1);
            continue;
        }
        rest.remove_prefix(1);
        made += escaped(group_of(text, spans, take_number(rest)));
    }
    std::unique_ptr<Regex>& closing = closings_[made];
    if (!closing) closing = std::make_unique<Regex>(made);
    return closing.get();
}

void Tokenizer::drop_unused_closings() {
    std::unordered_set<const Regex*> used;
    for (const Frame& frame : stack_) used.insert(frame.closing);
    std::erase_if(closings_, [&](const auto& closing) { return !used.contains(closing.second.get()); });
}

}  // namespace snippetd::highlight
