#include "highlight/starts.hpp"

#include "base/ascii.hpp"

#include <algorithm>
#include <bit>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace snippetd::highlight {

namespace {

const Kinds kAnyKind = ~Kinds{};

/// Of ASCII.
template <class Is>
Kinds kinds_that(Is is) {
    Kinds made;
    for (std::size_t c = 0; c < kNotAscii; ++c) {
        if (is(static_cast<char>(c))) made.add(c);
    }
    return made;
}

constexpr bool is_lower(char c) {
    return c >= 'a' && c <= 'z';
}
constexpr bool is_upper(char c) {
    return c >= 'A' && c <= 'Z';
}
constexpr bool is_decimal(char c) {
    return c >= '0' && c <= '9';
}
constexpr bool is_hexadecimal(char c) {
    return is_decimal(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}
constexpr bool is_of_word(char c) {
    return is_lower(c) || is_upper(c) || is_decimal(c) || c == '_';
}
constexpr bool is_blank(char c) {
    return c == ' ' || (c >= '\t' && c <= '\r');
}

const Kinds kAscii = kinds_that([](char) { return true; });
const Kinds kLetterKinds = kinds_that([](char c) { return is_lower(c) || is_upper(c); });
const Kinds kDigitKinds = kinds_that(is_decimal);
const Kinds kHexadecimalKinds = kinds_that(is_hexadecimal);
const Kinds kWordKinds = kinds_that(is_of_word);
const Kinds kBlankKinds = kinds_that(is_blank);

/// Characters of which one is matched: perhaps one beyond ASCII, when `others`.
struct Characters {
    Kinds ascii;
    bool others = false;
    bool exact = true;  ///< each of `ascii` is; else some may not be

    Kinds kinds() const { return others ? Kinds{ascii}.add(kNotAscii) : ascii; }
    void add(const Characters& more) {
        ascii |= more.ascii;
        others = others || more.others;
        exact = exact && more.exact;
    }
    /// All others: some of those beyond ASCII are in this one, perhaps not all.
    Characters inverted() const { return {kAscii & ~ascii, true, exact}; }
};

struct Node {
    enum class Kind {
        nothing,     ///< matches without a byte, anywhere
        unknown,     ///< may match anything or nothing
        one,         ///< one character
        row,         ///< one after the other
        choice,      ///< one of them
        optional,    ///< may be left out
        any_number,  ///< may be left out or come often
        repeated,    ///< once or more
        ahead,       ///< it follows
        behind,      ///< it precedes
        not_behind,  ///< it does not
        edge_of_word,
        begin_of_line,
        end_of_line,
        begin_of_text,
    };
    Kind kind = Kind::nothing;
    Characters characters{};
    std::vector<Node> parts{};
};

class PatternParser {
  public:
    explicit PatternParser(std::string_view pattern) : pattern_{pattern} {}

    Node parse() {
        Node made = choice({});
        // A bracket too many: whatever is meant.
        return at_ < pattern_.size() ? Node{Node::Kind::unknown} : made;
    }

  private:
    struct Options {
        bool fold = false, spaced = false, dot_takes_all = false;
    };
    static constexpr int kDepthMax = 100;

    bool more() const { return at_ < pattern_.size(); }
    bool taken(std::string_view text) {
        if (pattern_.substr(at_, text.size()) != text) return false;
        at_ += text.size();
        return true;
    }
    static Node one(Characters characters) { return {Node::Kind::one, characters}; }
    static Node with(Node::Kind kind, Node part) {
        Node made{kind};
        made.parts.push_back(std::move(part));
        return made;
    }

    Node choice(Options options) {
        if (++depth_ > kDepthMax) {
            at_ = pattern_.size();
            return {Node::Kind::unknown};
        }
        Node made{Node::Kind::choice};
        do {
            made.parts.push_back(row(options));
        } while (taken("|"));
        --depth_;
        if (made.parts.size() > 1) return made;
        Node only = std::move(made.parts.front());
        return only;
    }

    Node row(Options options) {
        Node made{Node::Kind::row};
        int characters = 0;
        while (more() && pattern_[at_] != '|' && pattern_[at_] != ')') {
            if (options.spaced && is_blank(pattern_[at_])) {
                ++at_;
            } else if (options.spaced && pattern_[at_] == '#') {
                at_ = std::min(pattern_.size(), pattern_.find('\n', at_));
            } else if (taken("(?#")) {
                at_ = std::min(pattern_.size(), pattern_.find(')', at_) + 1);
            } else {
                made.parts.push_back(quantified(atom(options)));
                // What comes behind two characters that must be there says nothing about the beginning.
                if (is_character(made.parts.back()) && ++characters == 2 && !to_the_end_) skip_row(options);
            }
        }
        return made;
    }

    static bool is_character(const Node& node) {
        if (node.kind == Node::Kind::repeated) return is_character(node.parts.front());
        return node.kind == Node::Kind::one;
    }

    /// Goes to the end of what is tried here, as far as brackets tell.
    void skip_row(Options options) {
        int depth = 0;
        bool all_choices = false;
        while (more()) {
            const char c = pattern_[at_];
            if (depth == 0 && (c == ')' || (c == '|' && !all_choices))) return;
            ++at_;
            if (c == '\\') {
                at_ = std::min(pattern_.size(), at_ + 1);
            } else if (c == '[') {
                at_ = end_of_class(pattern_, at_);
            } else if (c == ')') {
                --depth;
            } else if (options.spaced && c == '#') {
                at_ = std::min(pattern_.size(), pattern_.find('\n', at_));
            } else if (c == '(') {
                // With options for the rest of the group, what is tried instead is within that rest.
                const std::size_t end = pattern_.find_first_not_of("imxsWDSPILC-", at_ + 1);
                if (pattern_.substr(at_, 1) == "?" && pattern_.substr(std::min(end, pattern_.size()), 1) == ")") {
                    all_choices = all_choices || depth == 0;
                }
                ++depth;
            }
        }
    }

    Node quantified(Node node) {
        while (more()) {
            auto kind = Node::Kind::repeated;
            if (taken("*") || taken("?")) {
                kind = pattern_[at_ - 1] == '?' ? Node::Kind::optional : Node::Kind::any_number;
                if (!taken("?")) taken("+");
            } else if (taken("+")) {
                if (!taken("?")) taken("+");
            } else if (const std::optional<bool> interval = taken_interval()) {
                if (*interval) kind = Node::Kind::any_number;
            } else {
                return node;
            }
            node = with(kind, std::move(node));
        }
        return node;
    }

    /// Takes `{2,5}`; whether nothing would be enough. The smaller number may come last (then none is given back).
    std::optional<bool> taken_interval() {
        if (!more() || pattern_[at_] != '{') return {};
        const std::size_t end = pattern_.find('}', at_);
        if (end == pattern_.npos) return {};
        const std::string_view inner = pattern_.substr(at_ + 1, end - at_ - 1);
        const std::size_t comma = std::min(inner.find(','), inner.size());
        const std::string_view least = inner.substr(0, comma), most = inner.substr(std::min(comma + 1, inner.size()));
        const auto is_number = [](std::string_view text) { return std::all_of(text.begin(), text.end(), is_decimal); };
        const auto is_zero = [](std::string_view text) { return text.find_first_not_of('0') == text.npos; };
        if (!is_number(least) || !is_number(most) || (least.empty() && most.empty())) return {};
        at_ = end + 1;
        return taken("?") || is_zero(least) || (!most.empty() && is_zero(most));
    }

    Node group(Options options) {  // behind the opening bracket
        if (!taken("?")) {
            if (more() && pattern_[at_] == '*') return closed({Node::Kind::unknown});
            return closed(choice(options));
        }
        if (taken(":") || taken(">")) return closed(choice(options));
        if (taken("=")) return closed(with(Node::Kind::ahead, choice(options)));
        if (taken("!")) return closed_as_nothing(choice(options));
        if (taken("<=") || taken("<!")) {
            const auto kind = pattern_[at_ - 1] == '=' ? Node::Kind::behind : Node::Kind::not_behind;
            const bool outer = std::exchange(to_the_end_, true);  // its end is what matters
            Node made = with(kind, choice(options));
            to_the_end_ = outer;
            return closed(std::move(made));
        }
        if (taken("<") || taken("'")) {
            const char end = pattern_[at_ - 1] == '<' ? '>' : '\'';
            at_ = std::min(pattern_.size(), pattern_.find(end, at_));
            if (more()) ++at_;
            return closed(choice(options));
        }
        return with_options(options);
    }

    Node with_options(Options options) {
        bool on = true;
        while (more()) {
            const char c = pattern_[at_++];
            if (c == '-')
                on = false;
            else if (c == 'i')
                options.fold = on;
            else if (c == 'x')
                options.spaced = on;
            else if (c == 'm' || c == 's')
                options.dot_takes_all = options.dot_takes_all || on;
            else if (c == ':')
                return closed(choice(options));
            else if (c == ')')
                return choice(options);  // for the rest of the group that this is in
            else if (!is_other_option(c))
                break;
        }
        // An absent operator, a condition, a call: balanced, whatever it does.
        choice(options);
        return closed({Node::Kind::unknown});
    }
    static bool is_other_option(char c) { return std::string_view{"WDSPILC"}.find(c) != std::string_view::npos; }

    Node closed(Node node) {
        if (taken(")")) return node;
        at_ = pattern_.size();
        return {Node::Kind::unknown};
    }
    Node closed_as_nothing(const Node&) { return closed({Node::Kind::nothing}); }

    Node atom(Options options) {
        const char c = pattern_[at_++];
        switch (c) {
            case '(': return group(options);
            case '[': return one(folded(character_class(0), options));
            case '.': {
                return one({options.dot_takes_all ? kAscii : Kinds{kAscii}.remove('\n'), true});
            }
            case '^': return {Node::Kind::begin_of_line};
            case '$': return {Node::Kind::end_of_line};
            case '\\': return escape(options);
            default: --at_; return one(folded(literal(), options));
        }
    }

    /// Whatever it is.
    static Characters every() { return {kAscii, true, false}; }

    /// The character that stands here.
    Characters literal() {
        const char c = pattern_[at_++];
        Characters made;
        if (kind_of(c) == kNotAscii) {
            made.others = true;
            while (more() && is_continuation(pattern_[at_])) ++at_;
        } else {
            made.ascii.add(kind_of(c));
        }
        return made;
    }

    static Characters folded(Characters characters, Options options) {
        if (!options.fold) return characters;
        if (characters.others) characters.ascii |= kLetterKinds;
        // Some letters beyond ASCII are the same as such within it, and the other way round.
        for (char c = 'a'; c <= 'z'; ++c) {
            const auto lower = static_cast<std::size_t>(c), upper = lower - 'a' + 'A';
            if (!characters.ascii.has(lower) && !characters.ascii.has(upper)) continue;
            characters.ascii.add(lower).add(upper);
            characters.others = true;
        }
        characters.exact = false;
        return characters;
    }

    std::optional<Characters> class_escape(char c) {
        switch (c) {
            case 'w': return Characters{kWordKinds, true};
            case 'W': return Characters{kWordKinds, true}.inverted();
            case 'd': return Characters{kDigitKinds, true};
            case 'D': return Characters{kDigitKinds, true}.inverted();
            case 's': return Characters{kBlankKinds, true};
            case 'S': return Characters{kBlankKinds, true}.inverted();
            case 'h': return Characters{kHexadecimalKinds, true};
            case 'H': return Characters{kHexadecimalKinds, true}.inverted();
            default: return {};
        }
    }

    std::optional<Characters> character_escape(char c) {
        Characters made;
        constexpr std::string_view kLetters = "tnrfvae", kMeant = "\t\n\r\f\v\a\x1B";
        if (const std::size_t found = kLetters.find(c); found != std::string_view::npos) {
            made.ascii.add(kind_of(kMeant[found]));
            return made;
        }
        if (c == 'x' || c == 'u') return code_escape(c);
        if (is_of_word(c)) return {};
        --at_;
        return literal();
    }

    /// `\x41`, `\x{41}`, `A`, behind the letter.
    std::optional<Characters> code_escape(char letter) {
        const bool braced = letter == 'x' && taken("{");
        const std::size_t digits_max = braced ? 8 : letter == 'x' ? 2 : 4;
        std::uint32_t code = 0;
        std::size_t digits = 0;
        while (more() && digits < digits_max && is_hexadecimal(pattern_[at_])) {
            const char c = pattern_[at_++];
            code = code * 16 + static_cast<std::uint32_t>(is_decimal(c) ? c - '0' : (base::to_lower(c) - 'a') + 10);
            ++digits;
        }
        if (digits == 0 || (braced && !taken("}"))) return {};
        Characters made;
        if (code < kNotAscii) made.ascii.add(code);
        made.others = code >= kNotAscii;
        return made;
    }

    Node escape(Options options) {
        if (!more()) return {Node::Kind::unknown};
        const char c = pattern_[at_++];
        if (const auto made = class_escape(c)) return one(*made);
        switch (c) {
            case 'b': return {Node::Kind::edge_of_word};
            case 'A': return {Node::Kind::begin_of_text};
            case 'Z':
            case 'z': return {Node::Kind::end_of_line};
            case 'B':
            case 'G':
            case 'K':
            case 'y':
            case 'Y': return {Node::Kind::nothing};
            case 'p':
            case 'P': at_ = std::min(pattern_.size(), pattern_.find('}', at_) + 1); return one(every());
            case 'N':
            case 'O':
            case 'R':
            case 'X': return one(every());
            case 'k':
            case 'g':
                if (taken("<")) at_ = std::min(pattern_.size(), pattern_.find('>', at_) + 1);
                return {Node::Kind::unknown};
            default: break;
        }
        if (const auto made = character_escape(c)) return one(folded(*made, options));
        while (more() && is_decimal(pattern_[at_])) ++at_;
        return {Node::Kind::unknown};
    }

    /// Behind the opening bracket. What is not understood is every character.
    Characters character_class(int depth) {
        const bool inverted = taken("^");
        Characters made, part;
        bool narrowed = false, first = true;
        const auto narrow = [&] {
            made = narrowed ? Characters{made.ascii & part.ascii, made.others && part.others, made.exact && part.exact}
                            : part;
            narrowed = true;
        };
        while (more() && (pattern_[at_] != ']' || first) && depth < kDepthMax) {
            first = false;
            if (taken("&&")) {
                narrow();
                part = {};
                continue;
            }
            if (taken("[:")) {
                part.add(posix());
                continue;
            }
            if (taken("[")) {
                part.add(character_class(depth + 1));
                continue;
            }
            part.add(range());
        }
        if (!taken("]")) at_ = pattern_.size();
        if (narrowed)
            narrow();
        else
            made = part;
        if (unknown_) {
            unknown_ = depth > 0;
            return every();
        }
        return inverted ? made.inverted() : made;
    }

    Characters posix() {
        const bool inverted = taken("^");
        const std::size_t end = pattern_.find(":]", at_);
        if (end == std::string_view::npos) {
            unknown_ = true;
            return {};
        }
        const std::string_view name = pattern_.substr(at_, end - at_);
        at_ = end + 2;
        Characters made{{}, true};
        if (name == "alpha")
            made.ascii = kLetterKinds;
        else if (name == "alnum")
            made.ascii = kLetterKinds | kDigitKinds;
        else if (name == "digit")
            made.ascii = kDigitKinds;
        else if (name == "xdigit")
            made.ascii = kHexadecimalKinds;
        else if (name == "lower")
            made.ascii = kinds_that(is_lower);
        else if (name == "upper")
            made.ascii = kinds_that(is_upper);
        else if (name == "space")
            made.ascii = kBlankKinds;
        else if (name == "blank")
            made.ascii = kinds_that([](char c) { return c == ' ' || c == '\t'; });
        else if (name == "word")
            made.ascii = kWordKinds;
        else
            unknown_ = true;
        return inverted ? made.inverted() : made;
    }

    /// A character or a range of them.
    Characters range() {
        bool single = false;
        const Characters from = class_part(single);
        if (!single || pattern_.substr(at_, 1) != "-" || at_ + 1 >= pattern_.size() || pattern_[at_ + 1] == ']' ||
            pattern_[at_ + 1] == '[') {
            return from;
        }
        ++at_;
        const Characters to = class_part(single);
        if (!single) {  // `[a-\w]`: the dash means itself
            Characters made = from;
            made.add(to);
            made.ascii.add('-');
            return made;
        }
        const auto lowest = [](const Characters& one) {
            std::size_t c = 0;
            while (c < kNotAscii && !one.ascii.has(c)) ++c;
            return c;
        };
        Characters made{{}, from.others || to.others};
        for (std::size_t c = lowest(from); c < kNotAscii && c <= lowest(to); ++c) made.ascii.add(c);
        return made;
    }

    Characters class_part(bool& single) {
        single = true;
        if (pattern_[at_] != '\\') return literal();
        if (++at_ >= pattern_.size()) return {};
        const char c = pattern_[at_++];
        if (const auto made = class_escape(c)) {
            single = false;
            return *made;
        }
        if (c == 'b') {
            Characters made;
            made.ascii.add('\b');
            return made;
        }
        if (const auto made = character_escape(c)) return *made;
        if (c == 'p' || c == 'P') at_ = std::min(pattern_.size(), pattern_.find('}', at_) + 1);
        unknown_ = true;
        single = false;
        return {};
    }

    std::string_view pattern_;
    std::size_t at_ = 0;
    int depth_ = 0;
    bool unknown_ = false;  ///< something in the class that is being read
    bool to_the_end_ = false;
};

const Starts kAnywhere = [] {
    Starts made{kAnyKind, kAnyKind};
    made.pairs.fill(~std::uint64_t{0});
    return made;
}();

Starts any_of(Starts left, const Starts& right) {
    left.next |= right.next;
    left.before |= right.before;
    for (std::size_t i = 0; i < kClasses; ++i) left.pairs[i] |= right.pairs[i];
    return left;
}

Starts both_of(Starts left, const Starts& right) {
    left.next &= right.next;
    left.before &= right.before;
    for (std::size_t i = 0; i < kClasses; ++i) left.pairs[i] &= right.pairs[i];
    return left;
}

/// One of the characters, and behind it one of these classes.
Starts starts_of_one(const Characters& characters, std::uint64_t then) {
    Starts made{characters.kinds(), kAnyKind};
    for (std::uint64_t left = made.next.classes(); left != 0; left &= left - 1) {
        made.pairs[static_cast<std::size_t>(std::countr_zero(left))] = then;
    }
    if (characters.others) made.pairs[class_of(kNotAscii)] = ~std::uint64_t{0};
    return made;
}

const Kinds kBeginOfLine = Kinds{}.add(kNoByte).add('\n'), kEndOfLine = kBeginOfLine,
            kBeginOfText = Kinds{}.add(kNoByte);

/// The next bytes alone of what `starts` says, which are soon told.
Kinds next_of(const Node& node, const Kinds& then);

Kinds next_of_row(const std::vector<Node>& parts, std::size_t from, const Kinds& then) {
    if (from == parts.size()) return then;
    if (parts[from].kind == Node::Kind::one) return parts[from].characters.kinds();
    return next_of(parts[from], next_of_row(parts, from + 1, then));
}

Kinds next_of(const Node& node, const Kinds& then) {
    switch (node.kind) {
        case Node::Kind::unknown: return kAnyKind;
        case Node::Kind::one: return node.characters.kinds();
        case Node::Kind::row: return next_of_row(node.parts, 0, then);
        case Node::Kind::choice: {
            Kinds made;
            for (const Node& part : node.parts) made |= next_of(part, then);
            return made;
        }
        case Node::Kind::optional: return next_of(node.parts.front(), then) | then;
        case Node::Kind::any_number: return next_of(node.parts.front(), kAnyKind) | then;
        case Node::Kind::repeated: return next_of(node.parts.front(), kAnyKind);
        case Node::Kind::ahead: return next_of(node.parts.front(), kAnyKind) & then;
        case Node::Kind::end_of_line: return then & kEndOfLine;
        default: return then;
    }
}

Starts starts(const Node& node, const Starts& then);

Starts starts_of_row(const std::vector<Node>& parts, std::size_t from, const Starts& then) {
    if (from == parts.size()) return then;
    if (parts[from].kind == Node::Kind::one) {
        return starts_of_one(parts[from].characters, next_of_row(parts, from + 1, then.next).classes());
    }
    return starts(parts[from], starts_of_row(parts, from + 1, then));
}

/// What may precede: only what is matched by single characters is told.
std::optional<Kinds> last_kinds(const Node& node) {
    switch (node.kind) {
        case Node::Kind::one: return node.characters.kinds();
        case Node::Kind::begin_of_line: return kBeginOfLine;
        case Node::Kind::begin_of_text: return kBeginOfText;
        case Node::Kind::repeated: return last_kinds(node.parts.front());
        case Node::Kind::row:
            for (auto part = node.parts.rbegin(); part != node.parts.rend(); ++part) {
                if (part->kind != Node::Kind::edge_of_word) return last_kinds(*part);
            }
            return {};
        case Node::Kind::choice: {
            Kinds all;
            for (const Node& part : node.parts) {
                const auto kinds = last_kinds(part);
                if (!kinds) return {};
                all |= *kinds;
            }
            return all;
        }
        default: return {};
    }
}

/// ASCII characters of which none precedes where it is said that this does not precede.
Kinds ruled_out(const Node& node) {
    Kinds all;
    if (node.kind == Node::Kind::one) {
        if (node.characters.exact) all = node.characters.ascii;
    } else if (node.kind == Node::Kind::row && node.parts.size() == 1) {
        all = ruled_out(node.parts.front());
    } else if (node.kind == Node::Kind::choice) {
        for (const Node& part : node.parts) all |= ruled_out(part);
    }
    return all;
}

Starts at_edge_of_word(const Starts& then) {
    Starts made = then;
    if ((then.next & ~kWordKinds).empty()) made.before &= ~kWordKinds;
    if ((then.next & kWordKinds).empty() && !then.next.has(kNotAscii)) made.before &= Kinds{kWordKinds}.add(kNotAscii);
    return made;
}

Starts narrowed(Starts then, const Kinds& next, const Kinds& before) {
    then.next &= next;
    then.before &= before;
    return then;
}

Starts starts_of_many(const Node& node, const Starts& then) {
    if (node.kind != Node::Kind::one) return starts(node, kAnywhere);
    return starts_of_one(node.characters, (node.characters.kinds() | then.next).classes());
}

/// Where `node` may match when behind it comes what may match as `then` says.
Starts starts(const Node& node, const Starts& then) {
    switch (node.kind) {
        case Node::Kind::nothing: return then;
        case Node::Kind::unknown: return kAnywhere;
        case Node::Kind::one: return starts_of_one(node.characters, then.next.classes());
        case Node::Kind::row: return starts_of_row(node.parts, 0, then);
        case Node::Kind::choice: {
            Starts made;
            for (const Node& part : node.parts) made = any_of(made, starts(part, then));
            return made;
        }
        case Node::Kind::optional: return any_of(starts(node.parts.front(), then), then);
        case Node::Kind::any_number: return any_of(starts_of_many(node.parts.front(), then), then);
        case Node::Kind::repeated: return starts_of_many(node.parts.front(), then);
        case Node::Kind::ahead: return both_of(starts(node.parts.front(), kAnywhere), then);
        case Node::Kind::behind: {
            const auto kinds = last_kinds(node.parts.front());
            return kinds ? narrowed(then, kAnyKind, *kinds) : then;
        }
        case Node::Kind::not_behind: return narrowed(then, kAnyKind, ~ruled_out(node.parts.front()));
        case Node::Kind::edge_of_word: return at_edge_of_word(then);
        case Node::Kind::begin_of_line: return narrowed(then, kAnyKind, kBeginOfLine);
        case Node::Kind::begin_of_text: return narrowed(then, kAnyKind, kBeginOfText);
        case Node::Kind::end_of_line: return narrowed(then, kEndOfLine, kAnyKind);
    }
    return kAnywhere;
}

}  // namespace

namespace {

// Letters are 0 to 25. Signs have one each, in the order of ASCII.
constexpr std::size_t kDigitClass = 26, kBlankClass = 27, kLineEndClass = 28, kNotAsciiClass = 29, kControlClass = 30,
                      kSignClass = 31;

}  // namespace

std::size_t class_of(std::size_t kind) {
    static const auto classes = [] {
        std::array<std::uint8_t, kKinds> made{};
        std::size_t sign = kSignClass;
        for (std::size_t c = 0; c < kNotAscii; ++c) {
            const char letter = base::to_lower(static_cast<char>(c));
            std::size_t number = kControlClass;
            if (is_lower(letter))
                number = static_cast<std::size_t>(letter - 'a');
            else if (is_decimal(letter))
                number = kDigitClass;
            else if (letter == ' ' || letter == '\t')
                number = kBlankClass;
            else if (letter == '\n')
                number = kLineEndClass;
            else if (letter > ' ' && letter < 0x7F)
                number = sign++;
            made[c] = static_cast<std::uint8_t>(number);
        }
        made[kNotAscii] = kNotAsciiClass;
        made[kNoByte] = kLineEndClass;
        return made;
    }();
    return classes[kind];
}

std::uint64_t Kinds::classes() const {
    std::uint64_t made = 0;
    // Those from `first` on, to the classes from `number` on.
    const auto add = [&](std::size_t first, std::size_t count, std::size_t number) {
        const std::uint64_t bits = words_[first / 64] >> first % 64 & ((std::uint64_t{1} << count) - 1);
        made |= bits << number;
    };
    const auto add_as_one = [&](std::size_t first, std::size_t count, std::size_t number) {
        const std::uint64_t bits = words_[first / 64] >> first % 64 & ((std::uint64_t{1} << count) - 1);
        made |= std::uint64_t{bits != 0} << number;
    };
    add('A', 26, 0);
    add('a', 26, 0);
    add_as_one('0', 10, kDigitClass);
    add(' ', 1, kBlankClass);
    add('\t', 1, kBlankClass);
    add('\n', 1, kLineEndClass);
    add(kNoByte, 1, kLineEndClass);
    add(kNotAscii, 1, kNotAsciiClass);
    add_as_one(0, '\t', kControlClass);
    add_as_one('\n' + 1, ' ' - '\n' - 1, kControlClass);
    add(0x7F, 1, kControlClass);
    add('!', '0' - '!', kSignClass);
    add(':', '@' - ':', kSignClass + 15);
    add('@', 1, kSignClass + 21);
    add('[', 'a' - '[', kSignClass + 22);
    add('{', 0x7F - '{', kSignClass + 28);
    return made;
}

std::size_t end_of_class(std::string_view pattern, std::size_t at) {
    for (int depth = 0; at <= pattern.size();) {
        // A closing bracket that is the first means itself.
        if (pattern.substr(at, 1) == "^") ++at;
        if (pattern.substr(at, 1) == "]") ++at;
        ++depth;
        for (; at < pattern.size() && pattern[at] != '['; ++at) {
            if (pattern[at] == '\\')
                ++at;
            else if (pattern[at] == ']' && --depth == 0)
                return at + 1;
        }
        ++at;
    }
    return pattern.size();
}

Starts starts_of(std::string_view pattern) {
    return starts(PatternParser{pattern}.parse(), kAnywhere);
}

}  // namespace snippetd::highlight
