#include "highlight/selector.hpp"

#include <algorithm>
#include <cstddef>
#include <string>
#include <utility>

namespace snippetd::highlight {

namespace {

using ScopeNames = std::vector<std::string_view>;
using ScopeTest = std::function<bool(const ScopeNames&)>;

bool begins_with_parts(std::string_view scope, std::string_view beginning) {
    return scope.starts_with(beginning) && (scope.size() == beginning.size() || scope[beginning.size()] == '.');
}

/// Whether the scopes hold these, one within the other.
bool has_in_order(const ScopeNames& scopes, const std::vector<std::string>& wanted) {
    std::size_t next = 0;
    for (const std::string_view scope : scopes) {
        if (next < wanted.size() && begins_with_parts(scope, wanted[next])) ++next;
    }
    return next == wanted.size();
}

class SelectorParser {
  public:
    explicit SelectorParser(std::string_view text) : rest_{text} { step(); }

    std::vector<Selector> parse() {
        std::vector<Selector> made;
        while (!token_.empty()) {
            int priority = 0;
            if (token_ == "L:" || token_ == "R:") {
                priority = token_ == "L:" ? -1 : 1;
                step();
            }
            made.push_back({all(), priority});
            if (token_ != ",") break;
            step();
        }
        return made;
    }

  private:
    static bool is_name_part(char c, bool first) {
        const bool word = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
        return word || c == '.' || c == ':' || (c == '-' && !first);
    }
    bool at_name() const { return !token_.empty() && is_name_part(token_.front(), true); }

    void step() {
        constexpr std::string_view kSigns = ",|-()";
        while (!rest_.empty() && !is_name_part(rest_.front(), true) && kSigns.find(rest_.front()) == rest_.npos) {
            rest_.remove_prefix(1);
        }
        std::size_t end = 0;
        if (rest_.starts_with("L:") || rest_.starts_with("R:")) {
            end = 2;
        } else {
            while (end < rest_.size() && is_name_part(rest_[end], end == 0)) ++end;
            if (end == 0 && !rest_.empty()) end = 1;
        }
        token_ = rest_.substr(0, end);
        rest_.remove_prefix(end);
    }

    ScopeTest operand() {
        if (token_ == "-") {
            step();
            ScopeTest inner = operand();
            return [inner](const ScopeNames& scopes) { return inner && !inner(scopes); };
        }
        if (token_ == "(") {
            step();
            ScopeTest inner = any();
            if (token_ == ")") step();
            return inner;
        }
        if (!at_name()) return {};
        std::vector<std::string> names;
        for (; at_name(); step()) names.emplace_back(token_);
        return [names](const ScopeNames& scopes) { return has_in_order(scopes, names); };
    }

    ScopeTest all() {
        std::vector<ScopeTest> tests;
        for (ScopeTest one = operand(); one; one = operand()) tests.push_back(std::move(one));
        return [tests](const ScopeNames& scopes) {
            return std::all_of(tests.begin(), tests.end(), [&](const ScopeTest& test) { return test(scopes); });
        };
    }

    ScopeTest any() {
        std::vector<ScopeTest> tests{all()};
        while (token_ == "|" || token_ == ",") {
            while (token_ == "|" || token_ == ",") step();
            tests.push_back(all());
        }
        return [tests](const ScopeNames& scopes) {
            return std::any_of(tests.begin(), tests.end(), [&](const ScopeTest& test) { return test(scopes); });
        };
    }

    std::string_view rest_, token_;
};

}  // namespace

std::vector<Selector> parse_selectors(std::string_view text) {
    return SelectorParser{text}.parse();
}

}  // namespace snippetd::highlight
