#include "model/guess.hpp"

#include "base/ascii.hpp"
#include "base/assert.hpp"
#include "base/escape_sequences.hpp"
#include "base/numbers.hpp"
#include "model/languages.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <unordered_map>
#include <utility>

namespace snippetd::model {

/// language_signs.txt, which says how it is written; embedded at build time.
std::span<const std::pair<std::string_view, std::string_view>> language_signs_data();

namespace {

constexpr double kSure = 7, kLead = 1.25, kAgain = 0.3, kOwn = 4;
constexpr int kCountedMax = 3;

constexpr std::string_view kTextBegins = "\\A", kLineBegins = "\\^", kFlush = "\\0", kTabbed = "\\t", kLineEnds = "\\$",
                           kAnyWord = "\\w", kNumber = "\\d";
constexpr std::array kClasses{kTextBegins, kLineBegins, kFlush, kTabbed, kLineEnds, kAnyWord, kNumber};
constexpr std::array<std::string_view, 3> kStrings{R"("")", "''", "``"};

constexpr bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

constexpr bool is_word(char c) {
    return is_digit(c) || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_' ||
           static_cast<unsigned char>(c) >= 0x80;
}

/// What is no word is cut into these, and single characters.
class Operators {
  public:
    /// Longer ones first.
    void add(std::string_view one) { by_first_[static_cast<unsigned char>(one.front())].push_back(one); }

    std::string_view at(std::string_view text, std::size_t position) const {
        for (const std::string_view one : by_first_[static_cast<unsigned char>(text[position])]) {
            if (text.substr(position, one.size()) == one) return one;
        }
        return text.substr(position, 1);
    }

  private:
    std::array<std::vector<std::string_view>, 256> by_first_;
};

/// Cuts a text into tokens. `Take` is called with each.
template <class Take>
class Cutter {
  public:
    Cutter(std::string_view text, const Operators& operators, Take take)
        : text_{text}, operators_{operators}, take_{std::move(take)} {}

    void cut() {
        take_(kTextBegins);
        std::size_t line = 0;
        while (at_ < text_.size()) {
            const char c = text_[at_];
            if (c == '\n') {
                end_line();
                line = ++at_;
            } else if (c == ' ' || c == '\t' || c == '\r') {
                ++at_;
            } else {
                const bool first = !started_;
                if (first) take_(text_[line] == '\t' ? kTabbed : at_ == line ? kFlush : kLineBegins);
                started_ = true;
                if (is_word(c)) {
                    word();
                } else if (!comment(first) && !string()) {
                    pass_over(operators_.at(text_, at_), 0);
                }
            }
        }
        end_line();
    }

  private:
    bool is_blank(std::size_t at) const {
        constexpr std::string_view kBlanks = " \t\r\n";
        return at >= text_.size() || kBlanks.find(text_[at]) != std::string_view::npos;
    }

    void end_line() {
        if (started_) take_(kLineEnds);
        started_ = false;
    }

    /// A token, and so many bytes after it.
    bool pass_over(std::string_view token, std::size_t bytes) {
        take_(token);
        at_ = std::min(text_.size(), at_ + token.size() + bytes);
        return true;
    }
    /// A token, and what comes up to and with `until`.
    bool pass_until(std::string_view token, std::string_view until) {
        const std::size_t from = at_ + token.size(), found = std::min(text_.size(), text_.find(until, from));
        return pass_over(token, found - from + until.size());
    }
    bool pass_line(std::string_view token) {
        const std::size_t from = at_ + token.size();
        return pass_over(token, std::min(text_.size(), text_.find('\n', from)) - from);
    }

    void word() {
        const std::size_t begin = at_;
        const bool number = is_digit(text_[begin]);
        const auto goes_on = [&] {
            if (at_ >= text_.size()) return false;
            if (is_word(text_[at_])) return true;
            return number && text_[at_] == '.' && at_ + 1 < text_.size() && is_digit(text_[at_ + 1]);
        };
        while (goes_on()) ++at_;
        take_(number ? kNumber : text_.substr(begin, at_ - begin));
    }

    bool comment(bool first) {
        const std::string_view c = text_.substr(at_, 1);
        if (first && (c == ";" || c == "%" || c == "'") && is_blank(at_ + 1)) return pass_line(c);
        if (c == "#" && (first || is_blank(at_ - 1))) {
            const bool interpreter = first && text_.substr(at_ + 1, 1) == "!";
            if (is_blank(at_ + 1) || interpreter) return pass_line(c);
        }
        const std::string_view token = operators_.at(text_, at_);
        if (token == "```" || token == R"(""")" || token == "'''") return pass_until(token, token);
        if (token == "/*") return pass_until(token, "*/");
        if (token == "<!--") return pass_until(token, "-->");
        if (token == "//") return (at_ == 0 || text_[at_ - 1] != ':') && pass_line(token);
        if (!is_blank(at_ + 2)) return false;
        if (token == "--") return pass_line(token);
        if (token == "(*") return pass_until(token, "*)");
        return token == "{-" && pass_until(token, "-}");
    }

    bool string() {
        const char c = text_[at_];
        const bool within_word = at_ > 0 && is_word(text_[at_ - 1]);
        if (c != '"' && c != '`' && (c != '\'' || within_word)) return false;
        std::size_t end = at_ + 1;
        while (end < text_.size() && text_[end] != c && text_[end] != '\n') end += text_[end] == '\\' ? 2 : 1;
        if (end >= text_.size() || text_[end] != c) return false;
        take_(c == '"' ? kStrings[0] : c == '\'' ? kStrings[1] : kStrings[2]);
        at_ = end + 1;
        return true;
    }

    std::string_view text_;
    const Operators& operators_;
    Take take_;
    std::size_t at_ = 0;
    bool started_ = false;  ///< something of this line has come
};

/// Tokens that signs have, by their numbers.
class Numbers {
  public:
    static constexpr std::uint16_t kOther = 0;

    std::uint16_t make(std::string_view token) {
        return numbers_.try_emplace(std::string{token}, numbers_.size() + 1).first->second;
    }
    std::uint16_t find(std::string_view token) const {
        const auto found = numbers_.find(token);
        return found == numbers_.end() ? kOther : found->second;
    }

  private:
    struct Hash {
        using is_transparent = void;
        std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
    };
    std::unordered_map<std::string, std::uint16_t, Hash, std::equal_to<>> numbers_;
};

/// The table, as a tree of the rows of tokens that are signs.
class Signs {
  public:
    Signs();

    const Operators& operators() const { return operators_; }
    std::string_view guess(std::string_view text) const;

  private:
    struct Sign {
        std::uint16_t language;
        std::int16_t weight;
        std::uint8_t parts;
    };
    struct Node {
        std::vector<std::pair<std::uint16_t, std::uint16_t>> next{};  ///< by token, sorted
        std::vector<std::pair<std::uint16_t, std::uint8_t>> ends{};   ///< which part of which sign
    };
    struct Token {
        std::uint16_t exact, folded;  ///< their numbers
        bool word;
        bool begins_line;  ///< of any kind
        bool as_begin;     ///< it is a particular one, and `\\^` fits it too
    };
    /// How far a sign of several parts has come.
    struct Reached {
        int line = -1;
        int part = 0;
        std::size_t end = 0;
    };
    struct Search {
        std::span<const Token> tokens;
        std::vector<std::uint8_t> counts;
        std::vector<Reached> reached;
        int line = 0;
    };

    std::size_t index_of(std::string_view language) const;
    void add_row(std::string_view row, std::uint16_t root);
    void add_sign(std::string_view sign, std::int16_t weight, std::uint16_t root);
    std::uint16_t step_to(std::uint16_t node, std::string_view token);
    std::uint16_t next(std::uint16_t node, std::uint16_t token) const;
    std::vector<Token> tokens_of(std::string_view text) const;
    void walk(Search& search, std::uint16_t node, std::size_t at, std::size_t begin, bool fold) const;
    void found(Search& search, std::uint16_t sign, int part, std::size_t begin, std::size_t end) const;

    static constexpr std::uint16_t kExact = 0, kFolded = 1;  ///< nodes: the roots

    Operators operators_;
    Numbers numbers_;
    std::vector<Node> nodes_{2};
    std::vector<Sign> signs_;
    std::vector<std::string_view> languages_;
    std::vector<std::pair<std::size_t, std::size_t>> extensions_;  ///< a language, and the one that it is more than
    std::uint16_t any_word_, line_begins_;
};

/// Takes what stands before the next `end` off `text`, and that too; all of it when there is none.
std::string_view take_until(std::string_view& text, std::string_view end) {
    const std::string_view taken = text.substr(0, text.find(end));
    text.remove_prefix(std::min(text.size(), taken.size() + end.size()));
    return taken;
}

Signs::Signs() : any_word_{numbers_.make(kAnyWord)}, line_begins_{numbers_.make(kLineBegins)} {
    for (const std::string_view name : kClasses) numbers_.make(name);
    std::string_view table = language_signs_data().front().second, heading;
    std::uint16_t root = kExact;
    while (!table.empty()) {
        std::string_view line = take_until(table, "\n");
        if (line.starts_with('#') || base::trimmed(line).empty()) continue;
        if (!line.starts_with(' ')) {
            heading = take_until(line, " ");
            root = line == "i" ? kFolded : kExact;
            if (heading == "operators") continue;
            const std::string_view name = canonical_language(heading);
            SNIPPETD_ASSERT(name == heading, heading);
            const std::string_view flag = take_until(line, " ");
            if (flag == "of") extensions_.emplace_back(languages_.size(), index_of(line));
            languages_.push_back(name);
            continue;
        }
        line = base::trimmed(line);
        if (heading != "operators") {
            add_row(line, root);
            continue;
        }
        while (!line.empty()) operators_.add(take_until(line, " "));
    }
    for (Node& node : nodes_) std::sort(node.next.begin(), node.next.end());
}

std::size_t Signs::index_of(std::string_view language) const {
    const auto found = std::find(languages_.begin(), languages_.end(), language);
    SNIPPETD_ASSERT(found != languages_.end(), language);
    return static_cast<std::size_t>(found - languages_.begin());
}

void Signs::add_row(std::string_view row, std::uint16_t root) {
    const std::string_view number = take_until(row, " ");
    const std::optional<std::int16_t> weight = base::parse_number<std::int16_t>(number);
    SNIPPETD_ASSERT(weight, number);
    while (!row.empty()) add_sign(take_until(row, " | "), *weight, root);
}

void Signs::add_sign(std::string_view sign, std::int16_t weight, std::uint16_t root) {
    const auto id = static_cast<std::uint16_t>(signs_.size());
    std::uint8_t parts = 0;
    while (!sign.empty()) {
        std::string_view part = take_until(sign, " … ");
        std::uint16_t node = root;
        while (!part.empty()) {
            std::string_view piece = take_until(part, " ");
            const auto is_piece = [piece](std::string_view name) { return name == piece; };
            if (std::any_of(kClasses.begin(), kClasses.end(), is_piece) ||
                std::any_of(kStrings.begin(), kStrings.end(), is_piece)) {
                node = step_to(node, piece);
                continue;
            }
            if (piece == "\\|" || piece == "\\\\") piece.remove_prefix(1);
            while (!piece.empty()) {
                std::size_t end = 0;
                while (end < piece.size() && is_word(piece[end])) ++end;
                if (end == 0) end = operators_.at(piece, 0).size();
                node = step_to(node, piece.substr(0, end));
                piece.remove_prefix(end);
            }
        }
        nodes_[node].ends.emplace_back(id, parts++);
    }
    signs_.push_back({static_cast<std::uint16_t>(languages_.size() - 1), weight, parts});
}

std::uint16_t Signs::step_to(std::uint16_t node, std::string_view token) {
    const std::uint16_t number = numbers_.make(token);
    for (const auto& [known, next] : nodes_[node].next) {
        if (known == number) return next;
    }
    const auto next = static_cast<std::uint16_t>(nodes_.size());
    nodes_[node].next.emplace_back(number, next);
    nodes_.emplace_back();
    return next;
}

std::uint16_t Signs::next(std::uint16_t node, std::uint16_t token) const {
    const auto& all = nodes_[node].next;
    const auto found = std::lower_bound(all.begin(), all.end(), std::pair{token, std::uint16_t{0}});
    return found != all.end() && found->first == token ? found->second : kExact;
}

std::vector<Signs::Token> Signs::tokens_of(std::string_view text) const {
    std::vector<Token> tokens;
    std::string folded;
    const auto take = [&](std::string_view token) {
        const bool as_begin = token == kFlush || token == kTabbed;
        const bool word = is_word(token.front());
        const std::uint16_t exact = numbers_.find(token);
        std::uint16_t lower = exact;
        if (word) {
            folded.assign(token);
            std::transform(folded.begin(), folded.end(), folded.begin(), base::to_lower);
            if (folded != token) lower = numbers_.find(folded);
        }
        tokens.push_back({exact, lower, word, as_begin || token == kLineBegins, as_begin});
    };
    Cutter{text, operators_, take}.cut();
    return tokens;
}

void Signs::found(Search& search, std::uint16_t sign, int part, std::size_t begin, std::size_t end) const {
    Reached& reached = search.reached[sign];
    if (part > 0 && (reached.line != search.line || reached.part != part - 1 || reached.end > begin)) return;
    if (part + 1 < signs_[sign].parts) {
        reached = {search.line, part, end};
    } else if (search.counts[sign] < kCountedMax) {
        ++search.counts[sign];
    }
}

/// From `node`, which what stands from `begin` up to `at` has led to.
void Signs::walk(Search& search, std::uint16_t node, std::size_t at, std::size_t begin, bool fold) const {
    for (const auto& [sign, part] : nodes_[node].ends) found(search, sign, part, begin, at);
    if (at == search.tokens.size()) return;
    const Token& token = search.tokens[at];
    const auto step = [&](std::uint16_t number) {
        const std::uint16_t to = next(node, number);
        if (to != kExact) walk(search, to, at + 1, begin, fold);
    };
    if (const std::uint16_t number = fold ? token.folded : token.exact; number != Numbers::kOther) step(number);
    if (token.as_begin) {
        step(line_begins_);
    } else if (token.word) {
        step(any_word_);
    }
}

std::string_view Signs::guess(std::string_view text) const {
    const std::vector<Token> tokens = tokens_of(text.substr(0, kSignsLookedAtBytes));
    Search search{tokens, std::vector<std::uint8_t>(signs_.size()), std::vector<Reached>(signs_.size())};
    for (std::size_t at = 0; at < tokens.size(); ++at) {
        if (tokens[at].begins_line) ++search.line;
        for (const std::uint16_t root : {kExact, kFolded}) walk(search, root, at, at, root == kFolded);
    }
    std::vector<double> weights(languages_.size());
    for (std::size_t sign = 0; sign < signs_.size(); ++sign) {
        if (search.counts[sign] == 0) continue;
        weights[signs_[sign].language] += signs_[sign].weight * (1 + kAgain * (search.counts[sign] - 1));
    }
    for (const auto& [language, of] : extensions_) {
        if (weights[language] >= kOwn) {
            weights[language] += std::max(0.0, weights[of]);
            weights[of] = 0;
        } else {
            weights[language] = 0;
        }
    }
    const auto best = std::max_element(weights.begin(), weights.end());
    const double weight = std::exchange(*best, 0);
    const double second = *std::max_element(weights.begin(), weights.end());
    return weight < kSure || weight < second * kLead ? kPlainText : languages_[best - weights.begin()];
}

const Signs& signs() {
    static const Signs instance;
    return instance;
}

}  // namespace

std::string_view guess_by_signs(std::string_view text) {
    // What a terminal has shown is no program, whatever program it shows.
    if (base::sets_styles(text.substr(0, kSignsLookedAtBytes))) return kPlainText;
    return signs().guess(text);
}

std::string_view guess_language(std::string_view title, std::string_view body) {
    const std::optional<std::string_view> told = told_language(title, body);
    return told ? *told : guess_by_signs(body);
}

std::vector<std::string> sign_tokens(std::string_view text) {
    std::vector<std::string> tokens;
    Cutter{text, signs().operators(), [&tokens](std::string_view token) { tokens.emplace_back(token); }}.cut();
    return tokens;
}

}  // namespace snippetd::model
