#include "base/visible.hpp"

#include <string>

#include <gtest/gtest.h>

namespace snippetd::base {
namespace {

TEST(Visible, ShowsAllThereIsAndActsOnNothing) {
    EXPECT_EQ(visible("tab\t, two\nlines\r\n, ä😀"), "tab\t, two\nlines\r\n, ä😀");
    EXPECT_EQ(visible("\x1b]52;c;cm0=\x07"), "^[]52;c;cm0=^G");
    EXPECT_EQ(visible("over\rwritten\x08\x7f"), "over^Mwritten^H^?");
    EXPECT_EQ(visible("\xc2\x9b"
                      "31m"),
              "M-^[31m");
    EXPECT_EQ(visible("a\u202eb\u2066c\u061cd\u2028"), "a<U+202E>b<U+2066>c<U+061C>d<U+2028>");
    EXPECT_EQ(visible("👩\u200d💻 می\u200cخواهم"), "👩\u200d💻 می\u200cخواهم") << "joiners have their reasons";
    EXPECT_EQ(visible("a\xff"), "a\xEF\xBF\xBD");
}

TEST(Visible, StylesStayWhereTheyAreWantedAndNothingElseDoes) {
    EXPECT_EQ(visible_in_styles("\x1B[1;31mred\x1B[m \x1B]0;title\a\x1B[2J\r\n"),
              "\x1B[1;31mred\x1B[m ^[]0;title^G^[[2J\r\n\x1B[m");
    EXPECT_EQ(visible_in_styles("\x1B[31"), "^[[31");
    EXPECT_EQ(visible_in_styles("plain\x1B[?1m"), "plain^[[?1m");
    EXPECT_EQ(visible_in_styles("\x1B[" + std::string(1000, '1') + "m").find('\x1B'), std::string::npos);
}

}  // namespace
}  // namespace snippetd::base
