#include "store/search_terms.hpp"

#include "base/fold_case.hpp"
#include "base/utf8.hpp"

#include <algorithm>
#include <array>
#include <stdexcept>

namespace snippetd::store {

namespace {

constexpr int kTermBits = 20;
static_assert(kTermsEnd == 1u << kTermBits);
/// Of a long text that is asked for not all terms are looked up: few are enough to leave little.
constexpr std::size_t kWantedMax = 16;

/// The finalizer of SplitMix64 (Steele, Lea and Flood, "Fast Splittable Pseudorandom Number Generators", 2014).
Term hashed(std::uint64_t key) {
    key = (key ^ (key >> 30)) * 0xBF58476D1CE4E5B9ULL;
    key = (key ^ (key >> 27)) * 0x94D049BB133111EBULL;
    key ^= key >> 31;
    return static_cast<Term>(key >> (64 - kTermBits));
}

/// Up to three characters, the last one first; 0 for none. A code point and one more fits into 21 bits.
Term term_of(char32_t last, char32_t before = 0, char32_t first = 0) {
    return hashed(std::uint64_t{last} | std::uint64_t{before} << 21 | std::uint64_t{first} << 42);
}

/// FNV-1a (Fowler, Noll and Vo), with what it is of before it.
Term term_of(char kind, std::string_view text) {
    std::uint64_t hash = 0xCBF29CE484222325ULL;
    const auto add = [&hash](char c) { hash = (hash ^ static_cast<std::uint8_t>(c)) * 0x100000001B3ULL; };
    add(kind);
    for (const char c : text) add(c);
    return hashed(hash);
}

Term of_owner(std::string_view id) {
    return term_of('o', id);
}
Term of_tag(std::string_view tag) {
    return term_of('t', tag);
}
Term of_language(std::string_view language) {
    return term_of('l', language);
}
Term of_listed() {
    return term_of('p', "");
}
Term of_not_by_text() {
    return term_of('w', "");
}

/// Takes the next character off; each byte that is no UTF-8 is one. One more than its code point, so that none is 0.
char32_t take_character(std::string_view& text) {
    const auto first = static_cast<std::uint8_t>(text.front());
    if (first < 0x80) {
        text.remove_prefix(1);
        return char32_t{first} + 1;
    }
    const base::CodePoint point = base::first_code_point(text);
    text.remove_prefix(std::max<std::size_t>(1, point.bytes));
    return (point.bytes == 0 ? char32_t{first} : point.value) + 1;
}

/// A set of terms that takes a million of the same in no time.
class TermSet {
  public:
    void add(Term term) {
        std::uint64_t& word = words_[term / 64];
        const std::uint64_t bit = std::uint64_t{1} << (term % 64);
        size_ += (word & bit) == 0 ? 1 : 0;
        word |= bit;
    }
    std::size_t size() const { return size_; }
    std::vector<Term> list() const {
        std::vector<Term> terms;
        terms.reserve(size_);
        for (std::size_t i = 0; i < words_.size(); ++i) {
            for (std::uint64_t rest = words_[i]; rest != 0; rest &= rest - 1) {
                terms.push_back(static_cast<Term>(i * 64 + static_cast<std::size_t>(__builtin_ctzll(rest))));
            }
        }
        return terms;
    }

  private:
    std::vector<std::uint64_t> words_ = std::vector<std::uint64_t>(kTermsEnd / 64);
    std::size_t size_ = 0;
};

/// False, and some are missing, when there are more than `kTermsMax`.
bool add_text(TermSet& terms, std::string_view folded) {
    char32_t first = 0, before = 0;
    while (!folded.empty()) {
        const char32_t last = take_character(folded);
        terms.add(term_of(last));
        if (before != 0) terms.add(term_of(last, before));
        if (first != 0) terms.add(term_of(last, before, first));
        first = before;
        before = last;
        if (terms.size() > kTermsMax) return false;
    }
    return true;
}

std::vector<Term> terms_of_text(const model::Snippet& snippet) {
    TermSet terms;
    const bool all = add_text(terms, base::fold_case(snippet.title)) && add_text(terms, base::fold_case(snippet.body));
    return all ? terms.list() : std::vector{of_not_by_text()};
}

/// Those of the longest runs of characters there are in `folded`, at most `kWantedMax`, from all over it.
std::vector<Term> wanted_of_text(std::string_view folded) {
    std::vector<char32_t> characters;
    while (!folded.empty()) characters.push_back(take_character(folded));
    const std::size_t run = std::min<std::size_t>(3, characters.size());
    if (run == 0) return {};
    std::vector<Term> terms;
    for (std::size_t end = run; end <= characters.size(); ++end) {
        const auto at = [&characters, end](std::size_t back) { return characters[end - back]; };
        terms.push_back(run == 1 ? term_of(at(1)) : run == 2 ? term_of(at(1), at(2)) : term_of(at(1), at(2), at(3)));
    }
    return some_of(terms, kWantedMax);
}

// Printable, and none that SQL or JSON would have to escape with a quotation mark.
constexpr char kFirstDigit = '0';
constexpr std::uint32_t kDigitBits = 5, kMore = 1u << kDigitBits;
constexpr std::uint32_t kDigitsMax = (kTermBits + kDigitBits - 1) / kDigitBits;

}  // namespace

std::vector<Term> terms_of(const model::Snippet& snippet) {
    std::vector<Term> terms = terms_of_text(snippet);
    terms.push_back(of_language(snippet.language));
    for (const std::string& tag : snippet.tags) terms.push_back(of_tag(tag));
    if (!snippet.owner_id.empty()) terms.push_back(of_owner(snippet.owner_id));
    if (snippet.visibility == model::Visibility::public_ && !snippet.burn_after_reading) terms.push_back(of_listed());
    std::sort(terms.begin(), terms.end());
    terms.erase(std::unique(terms.begin(), terms.end()), terms.end());
    return terms;
}

std::vector<Term> some_of(const std::vector<Term>& terms, std::size_t count) {
    if (terms.size() <= count) return terms;
    std::vector<Term> some;
    for (std::size_t i = 0; i < count; ++i) some.push_back(terms[i * (terms.size() - 1) / (count - 1)]);
    return some;
}

WantedTerms wanted_terms(const std::string& owner_id, std::string_view folded, const std::string& tag,
                         const std::string& language) {
    WantedTerms wanted;
    wanted.not_by_text = of_not_by_text();
    wanted.always.push_back(owner_id.empty() ? of_listed() : of_owner(owner_id));
    if (!tag.empty()) wanted.always.push_back(of_tag(tag));
    if (!language.empty()) wanted.always.push_back(of_language(language));
    wanted.of_text = wanted_of_text(folded);
    return wanted;
}

std::string pack_terms(const std::vector<Term>& terms) {
    std::string packed;
    packed.reserve(terms.size() * 3);
    Term before = 0;
    for (const Term term : terms) {
        for (std::uint32_t step = term - before;;) {
            const std::uint32_t digit = step % kMore;
            step /= kMore;
            packed += static_cast<char>(static_cast<std::uint32_t>(kFirstDigit) + digit + (step == 0 ? 0 : kMore));
            if (step == 0) break;
        }
        before = term;
    }
    return packed;
}

std::vector<Term> unpack_terms(std::string_view packed) {
    std::vector<Term> terms;
    std::uint32_t before = 0, step = 0, digits = 0;
    for (const char c : packed) {
        const auto digit = static_cast<std::uint32_t>(static_cast<std::uint8_t>(c)) - kFirstDigit;
        if (digit >= 2 * kMore || digits == kDigitsMax) throw std::runtime_error{"these are no packed terms"};
        step |= (digit % kMore) << (kDigitBits * digits);
        ++digits;
        if (digit >= kMore) continue;
        before += step;
        terms.push_back(before);
        step = digits = 0;
    }
    if (digits != 0 || before >= kTermsEnd) throw std::runtime_error{"these are no packed terms"};
    return terms;
}

}  // namespace snippetd::store
