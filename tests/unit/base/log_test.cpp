#include "base/log.hpp"

#include <string>

#include <gtest/gtest.h>

namespace snippetd::log {
namespace {

std::string value(std::string_view text) {
    std::string out;
    append_text_value(out, text);
    return out;
}

TEST(AppendTextValue, PlainTextStandsAsItIs) {
    for (const char* text : {"/s/abc", "a-b_c.d:e", "größe", "漢字"}) EXPECT_EQ(value(text), text);
}

TEST(AppendTextValue, WhatCouldBeTakenForSomethingElseIsQuoted) {
    EXPECT_EQ(value(""), "\"\"");
    EXPECT_EQ(value("a b"), "\"a b\"");
    EXPECT_EQ(value("größe 2"), "\"größe 2\"");
    EXPECT_EQ(value("a=b"), "\"a=b\"");
    EXPECT_EQ(value("a\"b\\c"), "\"a\\\"b\\\\c\"");
}

TEST(AppendTextValue, NothingActsOnATerminalOrChangesTheLine) {
    EXPECT_EQ(value("a\nlevel=error\r"), "\"a\\nlevel=error\\r\"");
    EXPECT_EQ(value("\x1b]0;owned\x07\x7f"), "\"\\u001b]0;owned\\u0007\\u007f\"");
    EXPECT_EQ(value("\xc2\x9b"
                    "31m"),
              "\"\\u009b31m\"");
    EXPECT_EQ(value("a\u202eb\u2066c\u061cd\u200ee\u2028f"), "\"a\\u202eb\\u2066c\\u061cd\\u200ee\\u2028f\"");
    EXPECT_EQ(value("\x9b\xff"), "\"\\ufffd\\ufffd\"") << "bytes that are no UTF-8";
}

}  // namespace
}  // namespace snippetd::log
