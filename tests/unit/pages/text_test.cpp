#include "pages/text.hpp"

#include "pages/code.hpp"

#include <gtest/gtest.h>

namespace snippetd::pages {
namespace {

std::string escaped(std::string_view text) {
    std::string out = "x";
    append_escaped(out, text);
    return out;
}

/// What a browser makes of it: the text without tags and with the entities taken back.
std::string text_content(std::string html) {
    std::string out;
    for (std::size_t i = 0; i < html.size(); ++i) {
        if (html[i] == '<') {
            i = html.find('>', i);
        } else if (html[i] == '&') {
            const std::size_t end = html.find(';', i);
            const std::string entity = html.substr(i + 1, end - i - 1);
            out += entity == "amp" ? '&' : entity == "lt" ? '<' : entity == "gt" ? '>' : entity == "#13" ? '\r' : '?';
            i = end;
        } else {
            out += html[i];
        }
    }
    return out;
}

TEST(PageText, EscapesWhatIsMarkupAndNothingElse) {
    EXPECT_EQ(escaped("<b>&amp;</b>"), "x&lt;b&gt;&amp;amp;&lt;/b&gt;");
    EXPECT_EQ(escaped("it's \"quoted\" – ünï 🎉\n\t"), "xit's \"quoted\" – ünï 🎉\n\t");
    EXPECT_EQ(escaped("a\r\nb\rc"), "xa&#13;\nb&#13;c") << "a parser would make line feeds of them";
    EXPECT_EQ(escaped(""), "x");
}

TEST(PageText, XmlHasNoCharactersThatItMayNotHave) {
    EXPECT_EQ(xml_text("a\t\n\r<\x7F\xC2\x80"), "a\t\n\r<\x7F\xC2\x80");
    EXPECT_EQ(xml_text("\x01\x1F-\xEF\xBF\xBE\xEF\xBF\xBF"), "\xEF\xBF\xBD\xEF\xBF\xBD-\xEF\xBF\xBD\xEF\xBF\xBD");
    EXPECT_EQ(xml_text("\xEF\xBF\xBD\xF0\x9F\xBF\xBE"), "\xEF\xBF\xBD\xF0\x9F\xBF\xBE");
}

TEST(PageText, SaysSizesAndCountsAsPeopleDo) {
    EXPECT_EQ(size_text(0), "0 bytes");
    EXPECT_EQ(size_text(1), "1 byte");
    EXPECT_EQ(size_text(1023), "1023 bytes");
    EXPECT_EQ(size_text(1024), "1 KiB");
    EXPECT_EQ(size_text(1536), "1.5 KiB");
    EXPECT_EQ(size_text(1024 * 1024), "1 MiB");
    EXPECT_EQ(count_text(1, "line", "lines"), "1 line");
    EXPECT_EQ(count_text(0, "line", "lines"), "0 lines");
    EXPECT_EQ(count_text(2, "line", "lines"), "2 lines");
}

TEST(PageText, SaysTimesInUtc) {
    EXPECT_EQ(time_text(1795516129000), "24 Nov 2026, 10:28 UTC");
    EXPECT_EQ(time_text(0), "1 Jan 1970, 00:00 UTC");
}

TEST(PageText, CallsWhatHasNoTitleSomething) {
    EXPECT_EQ(title_text(""), "Untitled snippet");
    EXPECT_EQ(title_text("main.cpp"), "main.cpp");
    EXPECT_EQ(title_text("main.cpp", "a text"), "main.cpp");
    EXPECT_EQ(title_text("", "\r\n  \n \t first \t \r\nsecond"), "first");
    EXPECT_EQ(title_text("", "a\tb\x01"), "a b ") << "control characters act upon nothing";
    for (const char* nothing : {"", "\n", " \t\r\n\v\f", "\u202E\u200B"})
        EXPECT_EQ(title_text("", nothing), "Untitled snippet");
    EXPECT_EQ(title_text("", std::string(80, 'x')), std::string(80, 'x'));
    EXPECT_EQ(title_text("", std::string(81, 'x')), std::string(80, 'x') + "…");
    EXPECT_EQ(title_text("", "x" + std::string(40, 'y') + std::string(39, 'z') + "é"),
              "x" + std::string(40, 'y') + std::string(39, 'z') + "…");
}

TEST(PageCode, CountsLines) {
    EXPECT_EQ(count_lines("a"), 1u);
    EXPECT_EQ(count_lines("a\n"), 1u);
    EXPECT_EQ(count_lines("a\n\n"), 2u);
    EXPECT_EQ(count_lines("\n\nb"), 3u);
}

TEST(PageCode, NumbersEachLineAndKeepsItsEnd) {
    EXPECT_EQ(code_html("a<b\n\nc"),
              "<span class=\"c\"><span id=\"L1\" data-n=\"1\">a&lt;b\n</span><span id=\"L2\" data-n=\"2\">\n</span>"
              "<span id=\"L3\" data-n=\"3\">c</span></span>");
}

TEST(PageCode, ItsTextIsExactlyTheSnippets) {
    std::string many;
    for (int i = 0; i < 250; ++i) many += std::string(static_cast<std::size_t>(i % 7), '<') + "&\r\n";
    for (const std::string& text : {std::string{"x"}, std::string{"x\n"}, std::string{"\n"}, std::string{"\n\n\nx"},
                                    std::string{"\r\n\r"}, many, std::string(2 * kNumberedLinesMax, '\n') + "end"}) {
        EXPECT_EQ(text_content(code_html(text)), text);
    }
}

TEST(PageCode, ComesInChunksOfAHundredLines) {
    const auto chunks = [](std::size_t lines) {
        const std::string html = code_html(std::string(lines, '\n'));
        std::size_t count = 0;
        for (std::size_t at = 0; (at = html.find("<span class=\"c\">", at)) != html.npos; ++at) ++count;
        return count;
    };
    EXPECT_EQ(chunks(1), 1u);
    EXPECT_EQ(chunks(100), 1u);
    EXPECT_EQ(chunks(101), 2u);
    EXPECT_EQ(chunks(1000), 10u);
}

TEST(PageCode, VeryManyLinesAreNotManyTimesTheirSize) {
    const std::string text(1024 * 1024, '\n');
    EXPECT_LT(code_html(text).size(), 2 * text.size());
}

}  // namespace
}  // namespace snippetd::pages
