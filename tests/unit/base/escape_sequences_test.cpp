#include "base/escape_sequences.hpp"

#include <string>

#include <gtest/gtest.h>

namespace snippetd::base {
namespace {

using namespace std::string_literals;

TEST(EscapeSequences, TextAndItsLineEndsAreNone) {
    for (const std::string_view text : {"a", "\tb", "\nc", "\r\nd", "ä", "\xC2\xA0", "\xC2", "\xFF"}) {
        EXPECT_EQ(first_control(text).bytes, 0u) << text;
    }
}

TEST(EscapeSequences, AreAsLongAsTheyAre) {
    // What is behind the blank is text.
    for (const std::string& sequence :
         {"\x1B[m"s, "\x1B[01;34m"s, "\x1B[38:2::1:2:3m"s, "\x1B[?2004h"s, "\x1B[2 q"s, "\x1B[K"s, "\x1B(B"s, "\x1B="s,
          "\x1B]0;a title\a"s, "\x1B]8;;https://example.org/\x1B\\"s, "\x1BPq#0\x1B\\"s, "\x1B_x\x1B\\"s, "\a"s, "\b"s,
          "\x7F"s, "\0"s, "\xC2\x9B"s}) {
        EXPECT_EQ(first_control(sequence + " text").bytes, sequence.size()) << sequence.substr(1);
    }
}

TEST(EscapeSequences, WithoutAnEndTakeNoTextAlong) {
    for (const std::string& text :
         {"\x1B[31"s, "\x1B[31\n"s, "\x1B[3ä"s, "\x1B"s, "\x1B]0;title"s, "\x1B]0;title\nnext line\a"s,
          "\x1B]0;one \x1B]0;two\a"s, "\x1B("s, "\x1B(\n"s, "\x1B]" + std::string(kControlBytesMax, 'x') + "\a"}) {
        EXPECT_EQ(first_control(text).bytes, 1u) << text.substr(1, 20);
    }
}

TEST(EscapeSequences, ThoseThatSetAStyleAreKnown) {
    const Control styled = first_control("\x1B[01;34mx");
    EXPECT_TRUE(styled.sets_style);
    EXPECT_EQ(styled.parameters, "01;34");
    EXPECT_TRUE(first_control("\x1B[m").sets_style);
    for (const std::string_view other : {"\x1B[K", "\x1B[>4;2m", "\x1B[?4m", "\x1B[1 m", "\x1Bm", "\a"}) {
        EXPECT_FALSE(first_control(other).sets_style) << other.substr(1);
    }
    EXPECT_TRUE(sets_styles("a\nb \x1B[K \x1B[1mc"));
    EXPECT_FALSE(sets_styles("\x1B[K [1m \x1B"));
    EXPECT_FALSE(sets_styles(""));
}

TEST(EscapeSequences, AreTakenOutOfAText) {
    EXPECT_EQ(without_controls("\x1B[1mbold\x1B[0m,\t\x1B]8;;u\x1B\\link\x1B]8;;\x1B\\\a\r\n\xC2\x85ä"),
              "bold,\tlink\r\nä");
    EXPECT_EQ(without_controls("\x1B]no end"), "]no end");
}

}  // namespace
}  // namespace snippetd::base
