#include "pages/text.hpp"

#include "pages/code.hpp"

#include <random>
#include <string>
#include <vector>

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

TEST(PageText, SaysHowLongAgo) {
    constexpr base::UnixMillis kNow = 1'795'516'129'000, kMinute = 60'000, kHour = 60 * kMinute, kDay = 24 * kHour;
    const std::pair<base::UnixMillis, const char*> cases[] = {
        {0, "just now"},
        {-59'999, "just now"},
        {-kMinute, "1 minute ago"},
        {-119 * kMinute, "119 minutes ago"},
        {-2 * kHour, "2 hours ago"},
        {-47 * kHour, "47 hours ago"},
        {-13 * kDay, "13 days ago"},
        {-14 * kDay, "2 weeks ago"},
        {-800 * kDay, "2 years ago"},
        {1, "in less than a minute"},
        {kMinute, "in 1 minute"},
        {3 * kDay + kHour, "in 3 days"},
    };
    for (const auto& [after, text] : cases) EXPECT_EQ(age_text(kNow + after, kNow), text) << after;
}

TEST(PageText, CallsWhatHasNoTitleSomething) {
    EXPECT_EQ(title_text(""), "Untitled snippet");
    EXPECT_EQ(title_text("main.cpp"), "main.cpp");
    EXPECT_EQ(title_text("main.cpp", "a text"), "main.cpp");
    EXPECT_EQ(title_text("  ", "a text"), "a text");
    EXPECT_EQ(title_text("", "\r\n  \n \t first \t \r\nsecond"), "first");
    EXPECT_EQ(title_text("", "//\n// ---\n// common.h\n"), "// common.h");
    EXPECT_EQ(title_text("", "{\n\u00E9"), "\u00E9");
    EXPECT_EQ(title_text("", "a\tb\x01"), "a b ") << "control characters act upon nothing";
    for (const char* nothing : {"", "\n", "{}", " \t\r\n\v\f", "\u202E\u200B"})
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

TEST(PageCode, HasItsColoursWithinItsLines) {
    using highlight::Colour;
    const std::vector<highlight::Run> runs{{2, Colour::keyword}, {1, Colour::none}, {7, Colour::comment}};
    EXPECT_EQ(
        code_html("if <a\r\nb>x", runs),
        "<span class=\"c\"><span id=\"L1\" data-n=\"1\"><span class=\"hk\">if</span> <span class=\"hc\">&lt;a&#13;"
        "</span>\n</span><span id=\"L2\" data-n=\"2\"><span class=\"hc\">b&gt;x</span></span></span>");
    EXPECT_EQ(coloured_html("if x", runs), "<span class=\"hk\">if</span> <span class=\"hc\">x</span>");
    EXPECT_EQ(self_coloured_html("if", runs), "<span style=\"color:#a33fc4\">if</span>");
}

TEST(PageCode, ALineThatIsNotAsItLooksHasMarksAndNoColours) {
    const std::string text = "ab\na\u202Eb\nab";
    const std::vector<highlight::Run> runs{{static_cast<std::uint32_t>(text.size()), highlight::Colour::string}};
    const std::string html = code_html(text, runs);
    EXPECT_EQ(text_content(html), text);
    EXPECT_NE(html.find("<span class=\"hs\">ab</span>\n"), html.npos);
    EXPECT_NE(html.find("data-n=\"2\">a<b class=\"odd"), html.npos);
    EXPECT_NE(html.find("data-n=\"3\"><span class=\"hs\">ab</span>"), html.npos);
}

TEST(PageCode, KeepsItsTextWhateverTheRunsAre) {
    std::mt19937 random{11};
    const std::string alphabet = "ab<&\n\r\t\xC3\xA9";
    for (int round = 0; round < 2000; ++round) {
        std::string text;
        for (std::size_t n = random() % 60; n > 0; --n) text += alphabet[random() % alphabet.size()];
        std::vector<highlight::Run> runs;
        // Also of another text: then the colours are wrong, and the text is right.
        for (std::size_t n = random() % 20; n > 0; --n) {
            runs.push_back({static_cast<std::uint32_t>(random() % 9 + 1),
                            static_cast<highlight::Colour>(random() % highlight::kColours)});
        }
        EXPECT_EQ(text_content(code_html(text, runs)), text);
    }
}

TEST(PageCode, RunsAreReadAsTheyWereWritten) {
    using highlight::Colour;
    const std::vector<highlight::Run> runs{{1, Colour::none}, {70'000, Colour::tag}, {3, Colour::deleted}};
    const auto read = read_runs(written(runs), 70'004);
    ASSERT_TRUE(read);
    ASSERT_EQ(read->size(), 3u);
    for (std::size_t i = 0; i < 3; ++i) {
        EXPECT_EQ((*read)[i].bytes, runs[i].bytes);
        EXPECT_EQ((*read)[i].colour, runs[i].colour);
    }
    EXPECT_FALSE(read_runs(written(runs), 70'003)) << "of another text";
    EXPECT_FALSE(read_runs(written(runs).substr(1), 70'004));
    std::string unknown = written(runs);
    unknown[4] = '\x7F';
    EXPECT_FALSE(read_runs(unknown, 70'004)) << "a colour that there is not";
    EXPECT_EQ(read_runs("", 0)->size(), 0u);
}

TEST(PageCode, VeryManyRunsAreShortened) {
    std::vector<highlight::Run> runs;
    for (std::size_t i = 0; i < 3 * kRunsMax; ++i) {
        runs.push_back({2, i % 2 == 0 ? highlight::Colour::number : highlight::Colour::none});
    }
    const std::vector<highlight::Run> kept = shortened(runs);
    EXPECT_EQ(kept.size(), kRunsMax);
    EXPECT_TRUE(read_runs(written(kept), 6 * kRunsMax)) << "they are of the whole text still";
    EXPECT_EQ(kept.back().colour, highlight::Colour::none);
}

TEST(PageCode, KnowsWhatCanBeColoured) {
    EXPECT_TRUE(can_be_coloured("x", "go"));
    EXPECT_FALSE(can_be_coloured("x", "text"));
    EXPECT_FALSE(can_be_coloured("x", "no such language"));
    EXPECT_FALSE(can_be_coloured("", "go"));
    EXPECT_TRUE(can_be_coloured(std::string(kColouredBytesMax, 'x'), "go"));
    EXPECT_FALSE(can_be_coloured(std::string(kColouredBytesMax + 1, 'x'), "go"));
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
