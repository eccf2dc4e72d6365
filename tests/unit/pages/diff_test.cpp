#include "pages/diff.hpp"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace snippetd::pages {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(Diff, OfEqualTextsIsNothing) {
    const Diff diff = diff_html("a\nb\n", "a\nb\n", DiffStyle::inline_);
    EXPECT_EQ(diff.html, "");
    EXPECT_EQ(diff.added + diff.removed, 0u);
}

TEST(Diff, InlineShowsOldAboveNew) {
    const Diff diff = diff_html("one\ntwo\nthree\n", "one\n2\nthree\nfour\n", DiffStyle::inline_);
    EXPECT_EQ(diff.added, 2u);
    EXPECT_EQ(diff.removed, 1u);
    EXPECT_THAT(diff.html, HasSubstr("<tr class=\"del\"><td class=\"n\" data-n=\"2\"></td><td class=\"n\"></td>"
                                     "<td class=\"t\">two</td></tr><tr class=\"add\"><td class=\"n\"></td>"
                                     "<td class=\"n\" data-n=\"2\"></td><td class=\"t\">2</td></tr>"));
}

TEST(Diff, SplitShowsOldBesideNew) {
    const Diff diff = diff_html("one\ntwo\n", "one\n2\n3\n", DiffStyle::split);
    EXPECT_THAT(diff.html, HasSubstr("<tr><td class=\"n del\" data-n=\"2\"></td><td class=\"t del\">two</td>"
                                     "<td class=\"n add\" data-n=\"2\"></td><td class=\"t add\">2</td></tr>"));
    EXPECT_THAT(diff.html, HasSubstr("<tr><td class=\"n none\"></td><td class=\"t none\"></td>"
                                     "<td class=\"n add\" data-n=\"3\"></td><td class=\"t add\">3</td></tr>"));
}

TEST(Diff, TakesMarkupForText) {
    const Diff diff = diff_html("<script>", "<b>&", DiffStyle::inline_);
    EXPECT_THAT(diff.html, Not(HasSubstr("<script>")));
    EXPECT_THAT(diff.html, HasSubstr("&lt;b&gt;&amp;"));
}

TEST(Diff, OfLongLinesIsCut) {
    const Diff diff = diff_html(std::string(1 << 20, 'a'), std::string(1 << 20, 'b'), DiffStyle::inline_);
    EXPECT_TRUE(diff.cut);
    EXPECT_EQ(diff.added + diff.removed, 2u);
    EXPECT_LT(diff.html.size(), 1024u);
}

TEST(Diff, IsBounded) {
    std::string before, after;
    for (int i = 0; i < 60000; ++i) {
        before += "a" + std::to_string(i) + "\n";
        after += "b" + std::to_string(i) + "\n";
    }
    const Diff diff = diff_html(before, after, DiffStyle::split);
    EXPECT_TRUE(diff.cut);
    EXPECT_EQ(diff.added, 60000u);
    EXPECT_LT(diff.html.size(), 2u * 1024 * 1024);
}

}  // namespace
}  // namespace snippetd::pages
