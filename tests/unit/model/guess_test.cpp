#include "model/guess.hpp"

#include "model/languages.hpp"

#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace snippetd::test {

/// tests/pastes, whose README says what they are; embedded at build time.
std::span<const std::pair<std::string_view, std::string_view>> pastes();

}  // namespace snippetd::test

namespace snippetd::model {
namespace {

using testing::ElementsAre;
using namespace std::string_literals;

struct Tally {
    int all = 0, right = 0, wrong = 0;
    std::string which;  ///< are not right

    void add(std::string_view language, std::size_t number, std::string_view guessed) {
        ++all;
        if (guessed == language) {
            ++right;
            return;
        }
        if (guessed != kPlainText) ++wrong;
        which += fmt::format("{} {}: {}\n", language, number, guessed);
    }
};

std::vector<std::string_view> cut(std::string_view text) {
    constexpr std::string_view kBetween = "\n=====\n";
    std::vector<std::string_view> all;
    while (true) {
        const std::size_t end = text.find(kBetween);
        all.push_back(text.substr(0, end));
        if (end == std::string_view::npos) return all;
        text.remove_prefix(end + kBetween.size());
    }
}

TEST(GuessBySigns, OfShortPastesNineInTenAreRightAndHardlyOneIsWrong) {
    Tally seen, kept_back;
    int languages = 0;
    for (const auto& [language, text] : test::pastes()) {
        ASSERT_EQ(canonical_language(language), language);
        ++languages;
        const std::vector<std::string_view> all = cut(text);
        for (std::size_t i = 0; i < all.size(); ++i) {
            (i % 2 == 0 ? seen : kept_back).add(language, i, guess_by_signs(all[i]));
        }
    }
    EXPECT_GE(languages, 40);
    EXPECT_GE(seen.all + kept_back.all, 400);
    for (const Tally& tally : {seen, kept_back}) {
        EXPECT_GE(tally.right, tally.all * 0.9) << tally.which;
        EXPECT_LE(tally.wrong, tally.all * 0.03) << tally.which;
    }
}

TEST(GuessBySigns, KnowsWhatBeginnersPaste) {
    for (const auto& [language, text] : std::vector<std::pair<std::string_view, std::string_view>>{
             {"python", "import requests\n\nr = requests.get('https://example.org')\nprint(r.json())\n"},
             {"cpp", "#include <iostream>\n\nint main() {\n    std::cout << \"Hello\";\n}\n"},
             {"javascript", "export default function App() {\n  return (\n    <h1 className=\"a\">Hi</h1>\n  );\n}\n"},
             {"html", "<div class=\"card\">\n  <a href=\"/\">home</a>\n  <p>Hello</p>\n</div>\n"},
             {"css", ".card:hover {\n  color: red;\n  margin: 0 auto;\n}\n"},
             {"json", "{\n  \"a\": 1,\n  \"b\": [true, null]\n}\n"},
         }) {
        EXPECT_EQ(guess_by_signs(text), language) << text;
    }
}

TEST(GuessBySigns, WhatDoesNotTellIsPlainText) {
    for (const std::string& text :
         {""s, "\n\n"s, "x"s, "hello, world"s,
          "Call me when the class is over, and return the books. If not, I import tea."s, std::string(100'000, '('),
          std::string(100'000, '\\'), std::string(100'000, '\n'), "\xEF\xBB\xBF"s, "\x01\x02\x7F"s}) {
        EXPECT_EQ(guess_by_signs(text), kPlainText) << text.substr(0, 40);
    }
}

TEST(GuessBySigns, LooksAtTheBeginningAlone) {
    const std::string go = "package main\n\nimport \"fmt\"\n\nfunc main() {\n\tfmt.Println(\"a\")\n}\n";
    ASSERT_EQ(guess_by_signs(go), "go");
    EXPECT_EQ(guess_by_signs(std::string(kSignsLookedAtBytes, '\n') + go), kPlainText);
    EXPECT_EQ(guess_by_signs(go + std::string(1'000'000, 'x')), "go");
}

TEST(GuessLanguage, WhatTheNameOrTheInterpreterTellsCountsMore) {
    const std::string python = "def f(self):\n    return None\n";
    ASSERT_EQ(guess_language("", python), "python");
    EXPECT_EQ(guess_language("a.rb", python), "ruby");
    EXPECT_EQ(guess_language("notes.txt", python), kPlainText);
    EXPECT_EQ(guess_language("", "#!/usr/bin/env node\n" + python), "javascript");
    EXPECT_EQ(guess_language("a name that tells nothing", python), "python");
}

TEST(SignTokens, AreWordsNumbersOperatorsAndTheEndsOfLines) {
    EXPECT_THAT(sign_tokens("a1 := 0x1F + 2.5\n\n\tb->c;\n  d"),
                ElementsAre("\\A", "\\0", "a1", ":=", "\\d", "+", "\\d", "\\$", "\\t", "b", "->", "c", ";", "\\$",
                            "\\^", "d", "\\$"));
    EXPECT_THAT(sign_tokens(""), ElementsAre("\\A"));
    EXPECT_THAT(sign_tokens("größe=π"), ElementsAre("\\A", "\\0", "größe", "=", "π", "\\$"));
}

TEST(SignTokens, StringsEndOnTheirLine) {
    EXPECT_THAT(sign_tokens(R"(f("a \" b", 'c', `d`))"),
                ElementsAre("\\A", "\\0", "f", "(", R"("")", ",", "''", ",", "``", ")", "\\$"));
    EXPECT_THAT(sign_tokens("\"open\nnext"), ElementsAre("\\A", "\\0", "\"", "open", "\\$", "\\0", "next", "\\$"));
    EXPECT_THAT(sign_tokens("don't it's"), ElementsAre("\\A", "\\0", "don", "'", "t", "it", "'", "s", "\\$"));
    EXPECT_THAT(sign_tokens("'''a\nb''' c"), ElementsAre("\\A", "\\0", "'''", "c", "\\$"));
    EXPECT_THAT(sign_tokens("\"\\"), ElementsAre("\\A", "\\0", "\"", "\\", "\\$"));
}

TEST(SignTokens, OfACommentIsOnlyItsBeginning) {
    EXPECT_THAT(sign_tokens("x // why\n# so\n#include\n-- it\n--flag"),
                ElementsAre("\\A", "\\0", "x", "//", "\\$", "\\0", "#", "\\$", "\\0", "#", "include", "\\$", "\\0",
                            "--", "\\$", "\\0", "--", "flag", "\\$"));
    EXPECT_THAT(sign_tokens("/* a\nb */ c <!-- d --> (* e *) f"),
                ElementsAre("\\A", "\\0", "/*", "c", "<!--", "(*", "f", "\\$"));
    EXPECT_THAT(sign_tokens("http://a"), ElementsAre("\\A", "\\0", "http", ":", "//", "a", "\\$"));
    EXPECT_THAT(sign_tokens("/* never closed"), ElementsAre("\\A", "\\0", "/*", "\\$"));
}

}  // namespace
}  // namespace snippetd::model
