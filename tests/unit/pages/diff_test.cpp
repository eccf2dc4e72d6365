#include "pages/diff.hpp"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace snippetd::pages {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(Diff, OfEqualTextsIsNothing) {
    const Diff diff = diff_html("a\nb\n", "a\nb\n");
    EXPECT_EQ(diff.html, "");
    EXPECT_EQ(diff.added + diff.removed, 0u);
}

TEST(Diff, InlineShowsOldAboveNew) {
    const Diff diff = diff_html("one\ntwo\nthree\n", "one\n2\nthree\nfour\n");
    EXPECT_EQ(diff.added, 2u);
    EXPECT_EQ(diff.removed, 1u);
    EXPECT_THAT(diff.html, HasSubstr("<tr class=\"del\"><td class=\"n\" data-n=\"2\"></td><td class=\"n\"></td>"
                                     "<td class=\"t\">two</td></tr><tr class=\"add\"><td class=\"n\"></td>"
                                     "<td class=\"n\" data-n=\"2\"></td><td class=\"t\">2</td></tr>"));
}

TEST(Diff, SplitShowsOldBesideNew) {
    const Diff diff = diff_html("one\ntwo\n", "one\n2\n3\n", {DiffStyle::split});
    EXPECT_THAT(diff.html, HasSubstr("<tr><td class=\"n del\" data-n=\"2\"></td><td class=\"t del\">two</td>"
                                     "<td class=\"n add\" data-n=\"2\"></td><td class=\"t add\">2</td></tr>"));
    EXPECT_THAT(diff.html, HasSubstr("<tr><td class=\"n none\"></td><td class=\"t none\"></td>"
                                     "<td class=\"n add\" data-n=\"3\"></td><td class=\"t add\">3</td></tr>"));
}

TEST(Diff, MarksTheWordsThatDiffer) {
    for (const DiffStyle style : {DiffStyle::inline_, DiffStyle::split}) {
        const Diff diff = diff_html("int a<1> = f();\n", "int b<1> = f();\n", {style});
        EXPECT_THAT(diff.html, HasSubstr("int <b class=\"w\">a</b>&lt;1&gt; = f();"));
        EXPECT_THAT(diff.html, HasSubstr("int <b class=\"w\">b</b>&lt;1&gt; = f();"));
    }
}

TEST(Diff, SaysWhatATableDoesNotShow) {
    const auto html = [](std::string_view from, std::string_view to, DiffStyle style = DiffStyle::inline_) {
        return diff_html(from, to, {style}).html;
    };
    EXPECT_THAT(html("a\nb", "a\nb\n"), HasSubstr("The old text does not end with a line feed."));
    EXPECT_THAT(html("a\nb\n", "a\nb"), HasSubstr("The new text does not end with a line feed."));
    EXPECT_THAT(html("a\nb", "c\nb"), HasSubstr("Neither text ends with a line feed."));
    EXPECT_THAT(html("a\nb", "a\nc"), HasSubstr("Neither text ends with a line feed."));
    EXPECT_THAT(html("a\nb", "a\nc"), Not(HasSubstr("The new text")));
    EXPECT_THAT(html("a\nb\n", "c\nb\n"), Not(HasSubstr("line feed.")));
    EXPECT_THAT(html("a\nb\n", "a\r\nb\r\n"),
                HasSubstr("The ends of lines were LF (Unix) and are CR LF (Windows) now."));
    EXPECT_THAT(html("a\r\nb\n", "a\nb\n"), HasSubstr("The ends of lines were mixed and are LF (Unix) now."));
    EXPECT_THAT(html("a\rb\r", "a\nb\n"), HasSubstr("The ends of lines were CR (old Mac OS) and are LF (Unix) now."));
    EXPECT_THAT(html("a", "a\r\nb"), Not(HasSubstr("The ends of lines")));
    EXPECT_THAT(html("a\n", "\uFEFFa\n"), HasSubstr("The text begins with a byte order mark (BOM) now."));
    EXPECT_THAT(html("\uFEFFa\n", "a\n"), HasSubstr("The text began with a byte order mark (BOM) before."));
    // Both sides of a change stay beside each other.
    EXPECT_THAT(html("one", "one\n", {DiffStyle::split}),
                HasSubstr("<td class=\"t del\">one</td><td class=\"n add\" data-n=\"1\"></td>"
                          "<td class=\"t add\">one</td></tr><tr class=\"hunk\"><td colspan=\"4\">The old text does "));
}

TEST(Diff, HasAsMuchContextAsIsAskedFor) {
    std::string before, after;
    for (int i = 0; i < 100; ++i) {
        before += std::to_string(i) + "\n";
        after += i == 50 ? "changed\n" : std::to_string(i) + "\n";
    }
    const auto lines = [&](std::uint32_t context) {
        const std::string html = diff_html(before, after, {DiffStyle::inline_, context}).html;
        std::size_t count = 0;
        for (std::size_t at = html.find("<tr class=\"ctx\">"); at != html.npos;
             at = html.find("<tr class=\"ctx\">", at + 1)) {
            ++count;
        }
        return count;
    };
    EXPECT_EQ(lines(kContextLines), 6u);
    EXPECT_EQ(lines(25), 50u);
    EXPECT_EQ(lines(kWholeText), 99u);
    EXPECT_EQ(lines(0), 0u);
}

TEST(Diff, TakesMarkupForText) {
    const Diff diff = diff_html("<script>", "<b>&");
    EXPECT_THAT(diff.html, Not(HasSubstr("<script>")));
    EXPECT_THAT(diff.html, HasSubstr("&lt;<b class=\"w\">b</b>&gt;<b class=\"w\">&amp;</b>"));
}

TEST(Diff, HasTheColoursOfBothTexts) {
    using highlight::Colour;
    const std::vector<highlight::Run> before{{2, Colour::comment}, {1, Colour::none}, {3, Colour::keyword}};
    const std::vector<highlight::Run> after{{2, Colour::string}, {1, Colour::none}, {3, Colour::type}};
    DiffOptions options;
    options.before = before;
    options.after = after;
    const std::string same = "<td class=\"t\"><span class=\"hs\">1;</span></td>";
    const std::string html = diff_html("1;\nint x = 1;\n", "1;\nlet x = 1;\n", options).html;
    EXPECT_THAT(html, HasSubstr(same));
    EXPECT_THAT(html, HasSubstr("<b class=\"w\"><span class=\"hk\">int</span></b> x = 1;"));
    EXPECT_THAT(html, HasSubstr("<b class=\"w\"><span class=\"hy\">let</span></b> x = 1;"));
    options.style = DiffStyle::split;
    const std::string split = diff_html("1;\nint x = 1;\n", "1;\nlet x = 1;\n", options).html;
    EXPECT_THAT(split, HasSubstr("<td class=\"t ctx\"><span class=\"hc\">1;</span></td>"));
    EXPECT_THAT(split, HasSubstr("<td class=\"t ctx\"><span class=\"hs\">1;</span></td>"));
}

TEST(Diff, ColoursOfLinesThatAreLeftOutAreLeftOut) {
    std::string before, after;
    std::vector<highlight::Run> runs;
    for (int i = 0; i < 100; ++i) {
        before += "a" + std::to_string(i % 10) + "\n";
        runs.push_back({2, i == 50 ? highlight::Colour::keyword : highlight::Colour::comment});
        runs.push_back({1, highlight::Colour::none});
    }
    after = before;
    after.replace(50 * 3, 2, "b0");
    DiffOptions options;
    options.before = options.after = runs;
    options.context = 1;
    const std::string html = diff_html(before, after, options).html;
    EXPECT_THAT(html, HasSubstr("<span class=\"hk\">a0</span>"));
    EXPECT_THAT(html, HasSubstr("<span class=\"hk\">b0</span>"));
    EXPECT_THAT(html, HasSubstr("<span class=\"hc\">a9</span>"));
    EXPECT_THAT(html, HasSubstr("<span class=\"hc\">a1</span>"));
}

TEST(Diff, OfLongLinesIsCut) {
    const Diff diff = diff_html(std::string(1 << 20, 'a'), std::string(1 << 20, 'b'));
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
    const Diff diff = diff_html(before, after, {DiffStyle::split});
    EXPECT_TRUE(diff.cut);
    EXPECT_EQ(diff.added, 60000u);
    EXPECT_LT(diff.html.size(), 2u * 1024 * 1024);
}

}  // namespace
}  // namespace snippetd::pages
