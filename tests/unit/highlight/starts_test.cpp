#include "highlight/starts.hpp"

#include "highlight/required.hpp"

#include <string>
#include <string_view>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace snippetd::highlight {
namespace {

/// Which of ASCII's signs that can be seen a match may begin with.
std::string begins(std::string_view pattern) {
    const Starts starts = starts_of(pattern);
    std::string out;
    for (char c = '!'; c < 0x7F; ++c) {
        if (starts.next.has(kind_of(c))) out += c;
    }
    return out;
}

/// Whether a match may stand before `text`, behind `before`.
bool may_stand(std::string_view pattern, char before, std::string_view text) {
    const Starts starts = starts_of(pattern);
    const auto kind_at = [&](std::size_t at) { return at < text.size() ? kind_of(text[at]) : kNoByte; };
    return starts.next.has(kind_at(0)) && starts.may_match(kind_of(before), class_of(kind_at(0)), class_of(kind_at(1)));
}

TEST(Starts, TellWhatAMatchBeginsWith) {
    EXPECT_EQ(begins("abc|d"), "ad");
    EXPECT_EQ(begins("(?i)ab"), "Aa");
    EXPECT_EQ(begins("a?b*c+d"), "abc");
    EXPECT_EQ(begins("(?:x|(y|z)?)w"), "wxyz");
    EXPECT_EQ(begins("[a-c&&[^b]]"), "ac");
    EXPECT_EQ(begins("[^[!-~]]|[]x]"), "]x");
    EXPECT_EQ(begins("(?=[ab])\\w"), "ab");
    EXPECT_EQ(begins("(?x) a # b\n|c"), "ac");
    EXPECT_EQ(begins("\\x41|\\x{42}|\\u0043"), "ABC");
    EXPECT_EQ(begins("a(?i)b|c"), "a");  // the option takes all choices that follow into the group
    EXPECT_EQ(begins("a{0,2}b{1,0}c"), "abc");
    EXPECT_EQ(begins("a$|$"), "a");
    EXPECT_EQ(begins("\\k<x>").size(), 94u);
    EXPECT_EQ(begins("(a").size(), 94u);
}

TEST(Starts, TellWhatStandsBeforeAndSecond) {
    EXPECT_TRUE(may_stand("\\bif\\b", ' ', "if"));
    EXPECT_FALSE(may_stand("\\bif\\b", 'x', "if"));
    EXPECT_FALSE(may_stand("\\b(if|else)\\b", ' ', "in"));
    EXPECT_TRUE(may_stand("\\b(?i)(if|else)\\b", ' ', "EL"));
    EXPECT_FALSE(may_stand("(?<![$\\w])a", '$', "a"));
    EXPECT_FALSE(may_stand("(?<=\\bswitch\\b)\\s*x", 't', "x"));
    EXPECT_TRUE(may_stand("(?<=\\bswitch\\b)\\s*x", 'h', " x"));
    EXPECT_FALSE(may_stand("^a", 'b', "a"));
    EXPECT_TRUE(may_stand("(?<!\\p{L})a", 'b', "a"));  // it is not known what that is
}

TEST(Required, TellsWhatMustBeOnALine) {
    EXPECT_EQ(required_by("(a|b)\\s*operator\\s*(==)?").literal, "operator");
    EXPECT_EQ(required_by("ab?c+d").literal, "a");
    EXPECT_EQ(required_by("x(?:foo)?(?=.*->)").literal, "->");
    EXPECT_EQ(required_by("foo|bar").literal, "");
    EXPECT_EQ(required_by("(?i)foo(?-i)b").literal, "b");
    EXPECT_EQ(required_by("(?!foo)(?<=bar)[>[^]x]]").literal, "");
    EXPECT_EQ(required_by("(?<n>foo){0}\\g<n>").literal, "");
    EXPECT_TRUE(required_by("\\(a\\)").bytes.has(kind_of(')')));
}

}  // namespace
}  // namespace snippetd::highlight
