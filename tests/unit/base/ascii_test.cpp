#include "base/ascii.hpp"

#include <gtest/gtest.h>

namespace snippetd::base {
namespace {

TEST(Ascii, OnlyItsLettersHaveCases) {
    EXPECT_EQ(lower_case("AZaz09[]{}@`"), "azaz09[]{}@`");
    EXPECT_EQ(lower_case("\xC3\x84"), "\xC3\x84") << "Ä is for base/fold_case.hpp";
    EXPECT_TRUE(equals_without_case("Gzip", "gZIP"));
    EXPECT_FALSE(equals_without_case("gzip", "gzip "));
    EXPECT_FALSE(equals_without_case("[", "{")) << "they differ in one bit, as letters do";
    EXPECT_TRUE(equals_without_case("", ""));
    EXPECT_TRUE(starts_without_case("HTTP://x", "http://"));
    EXPECT_FALSE(starts_without_case("http:/", "http://"));
    EXPECT_TRUE(starts_without_case("x", ""));
}

TEST(Ascii, TrimsBothEnds) {
    EXPECT_EQ(trimmed(" \ta b\t "), "a b");
    EXPECT_EQ(trimmed("\ra\n"), "\ra\n");
    EXPECT_EQ(trimmed(" \t "), "");
    EXPECT_EQ(trimmed(""), "");
    EXPECT_EQ(trimmed("\ta ", " "), "\ta");
    const std::string_view blank = "  ";
    EXPECT_EQ(trimmed(blank).data(), blank.data() + 2) << "what is empty lies where the text ended";
}

}  // namespace
}  // namespace snippetd::base
