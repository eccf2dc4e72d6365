#include "highlight/starts.hpp"

#include "base/ascii.hpp"

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace snippetd::highlight {

namespace {

const Kinds kAnyKind = ~Kinds{};

template <class Is>
Kinds kinds_that(Is is) {
    Kinds made;
    for (std::size_t c = 0; c < kNotAscii; ++c) made[c] = is(static_cast<char>(c));
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

/// Characters of which one is matched: perhaps one beyond ASCII, when `others`.
struct Characters {
    Kinds ascii;
    bool others = false;
    bool exact = true;  ///< each of `ascii` is; else some may not be

    Kinds kinds() const {
        Kinds made = ascii;
        made[kNotAscii] = others;
        return made;
    }
    void add(const Characters& more) {
        ascii |= more.ascii;
        others = others || more.others;
        exact = exact && more.exact;
    }
    /// All others: some of those beyond ASCII are in this one, perhaps not all.
    Characters inverted() const {
        Characters made{~ascii, true, exact};
        made.ascii[kNotAscii] = made.ascii[kNoByte] = false;
        return made;
    }
};

struct Node {
    enum class Kind {
        nothing,      ///< matches without a byte, anywhere
        unknown,      ///< may match anything or nothing
        one,          ///< one character
        row,          ///< one after the other
        choice,       ///< one of them
        optional,     ///< may be left out
        any_number,   ///< may be left out or come often
        repeated,     ///< once or more
        ahead,        ///< it follows
        behind,       ///< it precedes
        not_behind,   ///< it does not
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
                skip_class();
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

    void skip_class() {  // behind the opening bracket
        taken("^");
        taken("]");
        for (int depth = 1; more() && depth > 0;) {
            const char c = pattern_[at_++];
            if (c == '\\') at_ = std::min(pattern_.size(), at_ + 1);
            if (c == '[') ++depth;
            if (c == ']') --depth;
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
            if (c == '-') on = false;
            else if (c == 'i') options.fold = on;
            else if (c == 'x') options.spaced = on;
            else if (c == 'm' || c == 's') options.dot_takes_all = options.dot_takes_all || on;
            else if (c == ':') return closed(choice(options));
            else if (c == ')') return choice(options);  // for the rest of the group that this is in
            else if (!is_other_option(c)) break;
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
                Characters all{kinds_that([&](char k) { return options.dot_takes_all || k != '\n'; }), true};
                return one(all);
            }
            case '^': return {Node::Kind::begin_of_line};
            case '$': return {Node::Kind::end_of_line};
            case '\\': return escape(options);
            default: --at_; return one(folded(literal(), options));
        }
    }

    /// Whatever it is.
    static Characters every() {
        return {kinds_that([](char) { return true; }), true, false};
    }

    /// The character that stands here.
    Characters literal() {
        const char c = pattern_[at_++];
        Characters made;
        if (kind_of(c) == kNotAscii) {
            made.others = true;
            while (more() && is_continuation(pattern_[at_])) ++at_;
        } else {
            made.ascii[kind_of(c)] = true;
        }
        return made;
    }

    static Characters folded(Characters characters, Options options) {
        if (!options.fold) return characters;
        bool letters = false;
        for (char c = 'a'; c <= 'z'; ++c) {
            const auto lower = static_cast<std::size_t>(c), upper = lower - 'a' + 'A';
            if (!characters.ascii[lower] && !characters.ascii[upper]) continue;
            characters.ascii[lower] = characters.ascii[upper] = letters = true;
        }
        // Some letters beyond ASCII are the same as such within it, and the other way round.
        if (letters) characters.others = true;
        if (characters.others) characters.ascii |= kinds_that([](char c) { return is_lower(c) || is_upper(c); });
        characters.exact = false;
        return characters;
    }

    std::optional<Characters> class_escape(char c) {
        const auto made = [](auto is) { return Characters{kinds_that(is), true}; };
        switch (c) {
            case 'w': return made(is_of_word);
            case 'W': return made([](char k) { return !is_of_word(k); });
            case 'd': return made(is_decimal);
            case 'D': return made([](char k) { return !is_decimal(k); });
            case 's': return made(is_blank);
            case 'S': return made([](char k) { return !is_blank(k); });
            case 'h': return made(is_hexadecimal);
            case 'H': return made([](char k) { return !is_hexadecimal(k); });
            default: return {};
        }
    }

    std::optional<Characters> character_escape(char c) {
        Characters made;
        constexpr std::string_view kLetters = "tnrfvae", kMeant = "\t\n\r\f\v\a\x1B";
        if (const std::size_t found = kLetters.find(c); found != std::string_view::npos) {
            made.ascii[kind_of(kMeant[found])] = true;
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
        if (code < kNotAscii) made.ascii[code] = true;
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
            case 'P':
                at_ = std::min(pattern_.size(), pattern_.find('}', at_) + 1);
                return one(every());
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
        if (narrowed) narrow();
        else made = part;
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
        if (name == "alpha") made.ascii = kinds_that([](char c) { return is_lower(c) || is_upper(c); });
        else if (name == "alnum") made.ascii = kinds_that([](char c) { return is_of_word(c) && c != '_'; });
        else if (name == "digit") made.ascii = kinds_that(is_decimal);
        else if (name == "xdigit") made.ascii = kinds_that(is_hexadecimal);
        else if (name == "lower") made.ascii = kinds_that(is_lower);
        else if (name == "upper") made.ascii = kinds_that(is_upper);
        else if (name == "space") made.ascii = kinds_that(is_blank);
        else if (name == "blank") made.ascii = kinds_that([](char c) { return c == ' ' || c == '\t'; });
        else if (name == "word") made.ascii = kinds_that(is_of_word);
        else unknown_ = true;
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
            made.ascii['-'] = true;
            return made;
        }
        const auto lowest = [](const Characters& one) {
            std::size_t c = 0;
            while (c < kNotAscii && !one.ascii[c]) ++c;
            return c;
        };
        Characters made{{}, from.others || to.others};
        for (std::size_t c = lowest(from); c < kNotAscii && c <= lowest(to); ++c) made.ascii[c] = true;
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
            made.ascii['\b'] = true;
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

constexpr std::uint64_t class_bit(std::size_t number) {
    return std::uint64_t{1} << number;
}

std::uint64_t classes_of(const Kinds& kinds) {
    std::uint64_t made = 0;
    for (std::size_t kind = kinds._Find_first(); kind < kKinds; kind = kinds._Find_next(kind)) {
        made |= class_bit(class_of(kind));
    }
    return made;
}

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

/// One of the characters, and behind it what may be before `then`.
Starts starts_of_one(const Characters& characters, std::uint64_t then) {
    Starts made{characters.kinds(), kAnyKind};
    for (std::size_t kind = made.next._Find_first(); kind < kKinds; kind = made.next._Find_next(kind)) {
        made.pairs[class_of(kind)] |= kind == kNotAscii ? ~std::uint64_t{0} : then;
    }
    return made;
}

Starts starts(const Node& node, const Starts& then);

Starts starts_of_row(const std::vector<Node>& parts, std::size_t from, const Starts& then) {
    if (from == parts.size()) return then;
    return starts(parts[from], starts_of_row(parts, from + 1, then));
}

/// What may precede: only what is matched by single characters is told.
std::optional<Kinds> last_kinds(const Node& node) {
    switch (node.kind) {
        case Node::Kind::one: return node.characters.kinds();
        case Node::Kind::begin_of_line: return Kinds{}.set(kNoByte).set('\n');
        case Node::Kind::begin_of_text: return Kinds{}.set(kNoByte);
        case Node::Kind::row:
            if (node.parts.empty()) return {};
            return last_kinds(node.parts.back());
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
    static const Kinds kWord = kinds_that(is_of_word);
    Starts made = then;
    if ((then.next & ~kWord).none()) made.before &= ~kWord;
    if ((then.next & kWord).none() && !then.next[kNotAscii]) made.before &= Kinds{kWord}.set(kNotAscii);
    return made;
}

Starts narrowed(Starts then, const Kinds& next, const Kinds& before) {
    then.next &= next;
    then.before &= before;
    return then;
}

Starts starts_of_many(const Node& node, const Starts& then) {
    if (node.kind != Node::Kind::one) return starts(node, kAnywhere);
    return starts_of_one(node.characters, classes_of(node.characters.kinds() | then.next));
}

/// Where `node` may match when behind it comes what may match as `then` says.
Starts starts(const Node& node, const Starts& then) {
    switch (node.kind) {
        case Node::Kind::nothing: return then;
        case Node::Kind::unknown: return kAnywhere;
        case Node::Kind::one: return starts_of_one(node.characters, classes_of(then.next));
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
        case Node::Kind::begin_of_line: return narrowed(then, kAnyKind, Kinds{}.set(kNoByte).set('\n'));
        case Node::Kind::begin_of_text: return narrowed(then, kAnyKind, Kinds{}.set(kNoByte));
        case Node::Kind::end_of_line: return narrowed(then, Kinds{}.set(kNoByte).set('\n'), kAnyKind);
    }
    return kAnywhere;
}

}  // namespace

std::size_t class_of(std::size_t kind) {
    static const auto classes = [] {
        // Letters are 0 to 25, and all signs have one each.
        constexpr std::uint8_t kDigit = 26, kBlank = 27, kLineEnd = 28, kBeyond = 29, kControl = 30, kSigns = 31;
        std::array<std::uint8_t, kKinds> made{};
        std::uint8_t sign = kSigns;
        for (std::size_t kind = 0; kind < kNotAscii; ++kind) {
            const char c = static_cast<char>(kind);
            if (is_lower(c) || is_upper(c)) made[kind] = static_cast<std::uint8_t>(base::to_lower(c) - 'a');
            else if (is_decimal(c)) made[kind] = kDigit;
            else if (c == ' ' || c == '\t') made[kind] = kBlank;
            else if (c == '\n') made[kind] = kLineEnd;
            else if (c < ' ' || c == 0x7F) made[kind] = kControl;
            else made[kind] = sign++;
        }
        made[kNotAscii] = kBeyond;
        made[kNoByte] = kLineEnd;
        return made;
    }();
    return classes[kind];
}

Starts starts_of(std::string_view pattern) {
    return starts(PatternParser{pattern}.parse(), kAnywhere);
}

}  // namespace snippetd::highlight
