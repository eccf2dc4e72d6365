#include "pages/odd_characters.hpp"

#include "pages/code.hpp"

#include <string>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace snippetd::pages {
namespace {

using testing::HasSubstr;

std::string marked(std::string_view text) {
    std::string out;
    OddMarker{}.append(out, text);
    return out;
}

/// Of each kind.
std::string counts(std::string_view text) {
    const OddCharacters odd = count_odd_characters(text);
    return fmt::format("{} {} {}", odd.bidirectional, odd.invisible, odd.look_alike);
}

TEST(OddCharacters, WhatChangesTheOrderIsMarkedWithItsName) {
    // CVE-2021-42574's first example.
    EXPECT_EQ(marked("if (level != \"user\u202E \u2066// Check\u2069 \u2066\") {"),
              "if (level != \"user"
              "<b class=\"odd odd-bidi\" data-u=\"202E\" title=\"U+202E, right-to-left override\">\u202E</b> "
              "<b class=\"odd odd-bidi\" data-u=\"2066\" title=\"U+2066, left-to-right isolate\">\u2066</b>// Check"
              "<b class=\"odd odd-bidi\" data-u=\"2069\" title=\"U+2069, end of isolate\">\u2069</b> "
              "<b class=\"odd odd-bidi\" data-u=\"2066\" title=\"U+2066, left-to-right isolate\">\u2066</b>\") {");
    EXPECT_EQ(counts("\u202A\u202B\u202C\u202D\u202E\u2066\u2067\u2068\u2069"), "9 0 0");
}

TEST(OddCharacters, WhatIsNotSeenIsMarkedAndARowOfItIsOneMark) {
    EXPECT_EQ(
        marked("pass\u200B\u2060word"),
        "pass<b class=\"odd odd-hidden\" data-u=\"200B\" title=\"U+200B, zero width space\">\u200B\u2060</b>word");
    EXPECT_EQ(counts("a\u00ADb\u3164c\U000E0041"), "0 3 0");
    EXPECT_THAT(marked("x\U000E0041"), HasSubstr("data-u=\"E0041\" title=\"U+E0041, hidden character\""));
}

TEST(OddCharacters, LettersThatLookLatinInAWordThatCouldBe) {
    // Cyrillic a in a Latin word.
    EXPECT_EQ(marked("p\u0430ypal"),
              "p<b class=\"odd odd-alike\" data-u=\"0430\" title=\"U+0430, looks like a\">\u0430</b>ypal");
    EXPECT_EQ(counts("is\u0410dmin; \u0441md2"), "0 0 2");
    EXPECT_EQ(counts("v\u03BFid"), "0 0 1") << "a Greek omicron";
}

TEST(OddCharacters, WhatPeopleWriteIsNotOdd) {
    for (const char* text : {"plain ASCII\t\r\n", "Größe, naïve, Œuvre, ſ", "Привет, мир: сор и рос", "СССР и США",
                             "Ελλάδα", "int Δx = λy + μs;", "中文，日本語「はい」한국어", "שלום עולם", "السلام عليكم",
                             "می\u200Cخواهم", "\U0001F468\u200D\U0001F469\u200D\U0001F467 ❤\uFE0F", "HTTPсервер",
                             "SQL-запрос", "C++ный", "x² ≤ π… “a” – b"}) {
        EXPECT_EQ(counts(text), "0 0 0") << text;
        EXPECT_EQ(marked(text).find("<b"), std::string::npos) << text;
    }
    EXPECT_EQ(counts("\uFEFFa byte order mark"), "0 0 0");
    EXPECT_EQ(marked("\uFEFFa"), "\uFEFFa");
    EXPECT_EQ(counts("within\uFEFFa text"), "0 1 0");
    EXPECT_EQ(counts("user\u200Did"), "0 1 0") << "a joiner that joins nothing";
}

TEST(OddCharacters, TheFirstLineThatHasOneIsKnown) {
    EXPECT_EQ(count_odd_characters("a\nb\n\nc\u202E\nd\u200B").first_line, 4u);
    EXPECT_EQ(count_odd_characters("a\nb").first_line, 0u);
    EXPECT_EQ(count_odd_characters("").first_line, 0u);
}

TEST(OddCharacters, WhatIsNoUtf8IsShownAsItIs) {
    EXPECT_EQ(marked("a\xFF\xE2\x80<"), "a\xFF\xE2\x80&lt;");
    EXPECT_EQ(counts("\xFF\xE2\x80"), "0 0 0");
}

TEST(OddCharacters, AreMarkedUpToABound) {
    std::string text;
    for (std::size_t i = 0; i < 2 * OddMarker::kMarksMax; ++i) text += "a\u200B";
    const std::string html = code_html(text);
    std::size_t marks = 0;
    for (std::size_t at = html.find("<b "); at != std::string::npos; at = html.find("<b ", at + 1)) ++marks;
    EXPECT_EQ(marks, OddMarker::kMarksMax);
    EXPECT_EQ(count_odd_characters(text).invisible, 2 * OddMarker::kMarksMax);
}

}  // namespace
}  // namespace snippetd::pages
