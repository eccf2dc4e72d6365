#include "store/search_terms.hpp"

#include "base/fold_case.hpp"

#include <algorithm>
#include <random>
#include <stdexcept>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace snippetd::store {
namespace {

model::Snippet with_body(const std::string& body) {
    model::Snippet snippet;
    snippet.body = body;
    snippet.language = "text";
    return snippet;
}

bool has_all(const std::vector<Term>& terms, const std::vector<Term>& wanted) {
    return std::all_of(wanted.begin(), wanted.end(),
                       [&terms](Term term) { return std::binary_search(terms.begin(), terms.end(), term); });
}

TEST(SearchTermsTest, EveryPartOfATextIsAmongItsTerms) {
    const std::string text = base::fold_case("Größe einer Funktion 函数 f(x) → 😀 e\xCC\x81!");
    const std::vector<Term> terms = terms_of(with_body(text));
    EXPECT_TRUE(std::is_sorted(terms.begin(), terms.end()));
    EXPECT_EQ(std::adjacent_find(terms.begin(), terms.end()), terms.end());
    EXPECT_LT(terms.back(), kTermsEnd);
    const auto starts = [&text](std::size_t at) {
        return at == text.size() || (static_cast<unsigned char>(text[at]) & 0xC0) != 0x80;
    };
    for (std::size_t begin = 0; begin < text.size(); ++begin) {
        for (std::size_t end = begin + 1; end <= text.size(); ++end) {
            if (!starts(begin) || !starts(end)) continue;
            const WantedTerms wanted = wanted_terms("", text.substr(begin, end - begin), "", "");
            EXPECT_FALSE(wanted.of_text.empty());
            EXPECT_LE(wanted.of_text.size(), 16u);
            EXPECT_TRUE(has_all(terms, wanted.of_text)) << text.substr(begin, end - begin);
        }
    }
    EXPECT_FALSE(has_all(terms, wanted_terms("", "zzz", "", "").of_text));
}

TEST(SearchTermsTest, TitlesTagsLanguagesOwnersAndWhatIsListedAreTerms) {
    model::Snippet snippet = with_body("b");
    snippet.title = "Title";
    snippet.tags = {"a tag", "B"};
    snippet.owner_id = "ann";
    snippet.visibility = model::Visibility::public_;
    const auto fits = [&](const std::string& owner, const std::string& text, const std::string& tag,
                          const std::string& language) {
        const WantedTerms wanted = wanted_terms(owner, text, tag, language);
        const std::vector<Term> terms = terms_of(snippet);
        return has_all(terms, wanted.always) && has_all(terms, wanted.of_text);
    };
    EXPECT_TRUE(fits("", "", "", ""));
    EXPECT_TRUE(fits("ann", "title", "a tag", "text"));
    EXPECT_TRUE(fits("", "", "B", ""));
    EXPECT_FALSE(fits("", "", "b", ""));
    EXPECT_FALSE(fits("", "", "", "cpp"));
    EXPECT_FALSE(fits("ben", "", "", ""));
    EXPECT_FALSE(fits("", "eb", "", "")) << "no text goes on from the title into the body";
    snippet.burn_after_reading = true;
    EXPECT_FALSE(fits("", "", "", ""));
    EXPECT_TRUE(fits("ann", "", "", ""));
    snippet.burn_after_reading = false;
    snippet.visibility = model::Visibility::unlisted;
    EXPECT_FALSE(fits("", "", "", ""));
}

TEST(SearchTermsTest, ATextWithTooManySaysSo) {
    std::mt19937 random{3};
    std::string body;
    while (body.size() < 1'000'000) body += static_cast<char>(' ' + random() % 95);
    const std::vector<Term> terms = terms_of(with_body(body));
    EXPECT_LT(terms.size(), 10u);
    EXPECT_TRUE(has_all(terms, {wanted_terms("", "x", "", "").not_by_text}));
    EXPECT_FALSE(has_all(terms_of(with_body("short")), {wanted_terms("", "x", "", "").not_by_text}));
}

TEST(SearchTermsTest, TermsAreWhatTheyHaveAlwaysBeen) {
    // They are in databases.
    EXPECT_EQ(wanted_terms("", "abc", "", "").of_text, std::vector<Term>{146319});
    EXPECT_EQ(wanted_terms("", "函数", "", "").of_text, std::vector<Term>{559157});
    EXPECT_EQ(wanted_terms("", "x", "", "").of_text, std::vector<Term>{572564});
    EXPECT_EQ(wanted_terms("owner", "", "tag", "cpp").always, (std::vector<Term>{968310, 1025724, 302197}));
    EXPECT_EQ(wanted_terms("", "", "", "").always, std::vector<Term>{838704});
    EXPECT_EQ(wanted_terms("", "", "", "").not_by_text, 602538u);
}

TEST(SearchTermsTest, PackedTermsComeBack) {
    std::mt19937 random{5};
    for (const std::size_t count : {0u, 1u, 2u, 700u, 30'000u}) {
        std::vector<Term> terms;
        for (std::size_t i = 0; i < count; ++i) terms.push_back(static_cast<Term>(random() % kTermsEnd));
        if (count > 1) terms[0] = 0, terms[1] = kTermsEnd - 1;
        std::sort(terms.begin(), terms.end());
        terms.erase(std::unique(terms.begin(), terms.end()), terms.end());
        const std::string packed = pack_terms(terms);
        EXPECT_LE(packed.size(), 3 * terms.size() + 4);
        EXPECT_TRUE(std::all_of(packed.begin(), packed.end(), [](char c) { return c >= '0' && c <= 'o'; }));
        EXPECT_EQ(unpack_terms(packed), terms);
    }
}

TEST(SearchTermsTest, WhatIsNotPackedIsRefused) {
    for (const char* packed : {"P", "0P", " ", "\xFF", "PPPPP0", "ooooO", "\x01"}) {
        EXPECT_THROW(unpack_terms(packed), std::runtime_error) << packed;
    }
}

}  // namespace
}  // namespace snippetd::store
