#include "highlight/required.hpp"

#include <algorithm>
#include <cstddef>
#include <utility>
#include <vector>

namespace snippetd::highlight {

namespace {

bool is_ascii_letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
bool is_ascii_digit(char c) {
    return c >= '0' && c <= '9';
}

/// Goes once through a pattern. Of a group that may be left out, or in which there is a choice, nothing is kept.
class RequirementFinder {
  public:
    explicit RequirementFinder(std::string_view pattern) : pattern_{pattern} {}

    Required find() {
        while (at_ < pattern_.size()) {
            if (!step()) return {};
        }
        if (groups_.size() != 1 || groups_.front().chooses) return {};
        end_literal();
        return std::move(groups_.front().found);
    }

  private:
    struct Group {
        bool kept = true;  ///< what is in it has to be there
        bool chooses = false;
        bool folds = false, spaced = false;
        Required found{};
        std::string literal{};  ///< that is being read
    };

    Group& group() { return groups_.back(); }
    bool taken(std::string_view text) {
        if (pattern_.substr(at_, text.size()) != text) return false;
        at_ += text.size();
        return true;
    }
    void skip_behind(std::string_view text) {
        const std::size_t found = pattern_.find(text, at_);
        at_ = found == pattern_.npos ? pattern_.size() : found + text.size();
    }

    static void keep(Required& into, std::string_view literal) {
        for (const char c : literal) into.bytes.add(kind_of(c));
        if (literal.size() > into.literal.size()) into.literal = literal;
    }
    void end_literal() {
        keep(group().found, group().literal);
        group().literal.clear();
    }

    bool step() {
        const char c = pattern_[at_++];
        switch (c) {
            case '(': return open();
            case ')': return close();
            case '|':
                group().chooses = true;
                group().literal.clear();
                return true;
            case '[': return character_class();
            case '\\': return escape();
            case '.':
            case '^':
            case '$': return something();
            default: break;
        }
        if (group().spaced && (c == ' ' || (c >= '\t' && c <= '\r'))) return true;
        if (group().spaced && c == '#') {
            skip_behind("\n");
            return true;
        }
        return literal(c);
    }

    bool literal(char c) {
        if (kind_of(c) == kNotAscii || (group().folds && is_ascii_letter(c))) {
            while (at_ < pattern_.size() && is_continuation(pattern_[at_])) ++at_;
            return something();
        }
        std::size_t least = 1;
        if (!quantifier(least)) {
            group().literal += c;
            return true;
        }
        if (least > 0) group().literal += c;
        end_literal();
        return true;
    }

    /// What has been read may be anything.
    bool something() {
        end_literal();
        std::size_t least = 1;
        quantifier(least);
        return true;
    }

    /// Whether there is one; `least` becomes 0 when what is before it may be left out.
    bool quantifier(std::size_t& least) {
        bool any = false;
        while (at_ < pattern_.size()) {
            const char c = pattern_[at_];
            if (c == '?' || c == '*') {
                least = 0;
                ++at_;
            } else if (c == '+') {
                ++at_;
                // `++` and `+?`; whether the sign behind `+` means that, it is no less than once.
                if (!taken("?")) taken("+");
            } else if (c == '{' && !interval(least)) {
                return any;
            } else if (c != '{') {
                return any;
            }
            any = true;
        }
        return any;
    }

    bool interval(std::size_t& least) {
        const std::size_t end = pattern_.find('}', at_);
        if (end == pattern_.npos) return false;
        const std::string_view inner = pattern_.substr(at_ + 1, end - at_ - 1);
        if (inner.empty() || inner.find_first_not_of("0123456789,") != inner.npos) return false;
        at_ = end + 1;
        least = 0;  // hardly ever is it more, and what it is matters little
        return true;
    }

    bool open() {
        end_literal();
        if (taken("?#")) {
            skip_behind(")");
            return true;
        }
        Group inner{};
        inner.folds = group().folds;
        inner.spaced = group().spaced;
        if (taken("*")) return false;
        if (taken("?")) {
            if (taken("!") || taken("<=") || taken("<!")) {
                inner.kept = false;
            } else if (taken("<")) {
                skip_behind(">");
            } else if (!taken(":") && !taken("=") && !taken(">")) {
                bool on = true;
                while (at_ < pattern_.size()) {
                    const char c = pattern_[at_++];
                    if (c == '-')
                        on = false;
                    else if (c == 'i')
                        inner.folds = on;
                    else if (c == 'x')
                        inner.spaced = on;
                    else if (c == ':')
                        break;
                    else if (c == ')') {
                        group().folds = inner.folds;
                        group().spaced = inner.spaced;
                        return true;
                    } else if (!is_ascii_letter(c))
                        return false;
                }
            }
        }
        groups_.push_back(std::move(inner));
        return true;
    }

    bool close() {
        if (groups_.size() == 1) return false;
        end_literal();
        const Group closed = std::move(groups_.back());
        groups_.pop_back();
        std::size_t least = 1;
        quantifier(least);
        if (!closed.kept || closed.chooses || least == 0) return true;
        group().found.bytes |= closed.found.bytes;
        if (closed.found.literal.size() > group().found.literal.size()) group().found.literal = closed.found.literal;
        return true;
    }

    bool character_class() {
        at_ = std::min(pattern_.size(), end_of_class(pattern_, at_));
        return something();
    }

    bool escape() {
        if (at_ >= pattern_.size()) return false;
        const char c = pattern_[at_++];
        if (!is_ascii_letter(c) && !is_ascii_digit(c)) return literal(c);
        if (taken("{"))
            skip_behind("}");
        else if ((c == 'k' || c == 'g') && taken("<"))
            skip_behind(">");
        else if (c == 'x' || c == 'u' || is_ascii_digit(c)) {
            // Hexadecimal digits, or decimal ones; what is behind them is not required then.
            while (at_ < pattern_.size() && (is_ascii_digit(pattern_[at_]) || is_ascii_letter(pattern_[at_]))) ++at_;
        } else if (c == 'c' || c == 'C' || c == 'M') {
            return false;
        }
        return something();
    }

    std::string_view pattern_;
    std::size_t at_ = 0;
    std::vector<Group> groups_{1};
};

}  // namespace

Required required_by(std::string_view pattern) {
    return RequirementFinder{pattern}.find();
}

}  // namespace snippetd::highlight
