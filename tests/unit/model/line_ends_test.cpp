#include "model/line_ends.hpp"

#include <random>
#include <string>

#include <gtest/gtest.h>

namespace snippetd::model {
namespace {

/// What a browser sends of `text` (HTML standard, "normalize newlines").
std::string through_a_form(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '\r' && i + 1 < text.size() && text[i + 1] == '\n') continue;
        if (text[i] == '\r' || text[i] == '\n') {
            out += "\r\n";
        } else {
            out += text[i];
        }
    }
    return out;
}

TEST(LineEnds, WhatIsNotEditedComesBackAsItWas) {
    for (const char* text : {"", "x", "\n", "\r", "\r\n", "a\nb", "a\r\nb\rc\n\r\n\r", "\r\r\n\n\r"}) {
        EXPECT_EQ(restore_line_ends(through_a_form(text), text), text) << testing::PrintToString(text);
    }
    std::minstd_rand random{7};
    for (int round = 0; round < 2000; ++round) {
        std::string text;
        for (int i = 0; i < 12; ++i) text += "ab\r\n"[random() % 4];
        EXPECT_EQ(restore_line_ends(through_a_form(text), text), text) << testing::PrintToString(text);
    }
}

TEST(LineEnds, WhateverIsEditedSaysTheSameLines) {
    std::minstd_rand random{11};
    for (int round = 0; round < 2000; ++round) {
        std::string stored, edited;
        for (int i = 0; i < 12; ++i) {
            stored += "ab\r\n"[random() % 4];
            edited += "ab\n"[random() % 3];
        }
        const std::string sent = through_a_form(edited);
        EXPECT_EQ(through_a_form(restore_line_ends(sent, stored)), sent) << testing::PrintToString(stored);
    }
}

TEST(LineEnds, LinesKeepTheirEndsAndNewOnesHaveTheCommonestEnd) {
    EXPECT_EQ(restore_line_ends("a\r\nb\r\nx\r\nc", "a\r\nb\nc"), "a\r\nb\nx\nc");
    EXPECT_EQ(restore_line_ends("x\r\na\r\n", "a\r\nb\r\nc\n"), "x\r\na\r\n");
    EXPECT_EQ(restore_line_ends("a\r\na\r\nb", "a\ra\nc\r\nd\r\n"), "a\ra\nb");
    EXPECT_EQ(restore_line_ends("a\r\nb", "a"), "a\nb");
    EXPECT_EQ(restore_line_ends("x\r\n\r\n\r\nb", "x\ra\n\nb"), "x\r\r\n\nb") << "two ends stay two";
    EXPECT_EQ(restore_line_ends("", "a\r\n"), "");
}

TEST(LineEnds, ALargeTextTakesNoLongerThanItIsLarge) {
    std::string stored, edited;
    for (int i = 0; i < 200'000; ++i) {
        stored += i % 2 == 0 ? "\r\n" : "x\n";
        edited += "x\r\n\r\n";
    }
    EXPECT_EQ(through_a_form(restore_line_ends(edited, stored)), edited);
}

}  // namespace
}  // namespace snippetd::model
