#include "pages/terminal_output.hpp"

#include "pages/code.hpp"
#include "pages/read_page.hpp"
#include "pages/text.hpp"

#include <string>

#include <gtest/gtest.h>

namespace snippetd::pages {
namespace {

using namespace std::string_literals;

/// What is in the elements of lines, without the elements of their sequences.
std::string shown(std::string html) {
    for (std::size_t at = 0; (at = html.find("<span class=\"e\"", at)) != html.npos;) {
        html.erase(at, html.find("</span>", at) + 7 - at);
    }
    return html;
}

std::size_t count(const std::string& text, std::string_view part) {
    std::size_t count = 0;
    for (std::size_t at = 0; (at = text.find(part, at)) != text.npos; at += part.size()) ++count;
    return count;
}

TEST(TerminalOutput, IsTextWithStyles) {
    EXPECT_TRUE(is_terminal_output("\x1B[1mx", "text"));
    EXPECT_TRUE(is_terminal_output("$ ls\n\x1B[1mx", "console"));
    EXPECT_FALSE(is_terminal_output("\x1B[1mx", "bash")) << "a program may have them in its own right";
    EXPECT_FALSE(is_terminal_output("[1mx", "text"));
    EXPECT_FALSE(is_terminal_output("", "text"));
    EXPECT_TRUE(is_terminal_output("\x1B[1mdiff --git a b\x1B[m\n", "diff"));
    EXPECT_TRUE(is_terminal_output("x\n\x1B[31m-a\x1B[m\n", "diff"));
    EXPECT_FALSE(is_terminal_output("-\x1B[31ma\n+b\n", "diff")) << "somebody's change";
    EXPECT_FALSE(can_be_coloured("\x1B[1mdiff --git a b\x1B[m\n", "diff")) << "no grammar knows it";
}

TEST(TerminalOutput, HasItsStylesAndKeepsItsSequences) {
    EXPECT_EQ(terminal_html("\x1B[1;34mbin\x1B[0m\t<a>\n"),
              "<span class=\"c\"><span id=\"L1\" data-n=\"1\"><span class=\"e\"><i>\x1B</i>[1;34m</span>"
              "<span class=\"t f4 bo\">bin</span><span class=\"e\"><i>\x1B</i>[0m</span>\t&lt;a&gt;\n</span></span>");
    EXPECT_EQ(terminal_html("a\a\xC2\x85"),
              "<span class=\"c\"><span id=\"L1\" data-n=\"1\">a<span class=\"e\" data-c=\"^G\"><i>\a</i></span>"
              "<span class=\"e\" data-c=\"U+0085\"><i>\xC2\x85</i></span></span></span>");
}

TEST(TerminalOutput, AStyleEndsWithItsLineAndGoesOnInTheNext) {
    EXPECT_EQ(shown(terminal_html("\x1B[31ma\r\n\nb\x1B[m\n")),
              "<span class=\"c\"><span id=\"L1\" data-n=\"1\"><span class=\"t f1\">a&#13;</span>\n</span>"
              "<span id=\"L2\" data-n=\"2\">\n</span>"
              "<span id=\"L3\" data-n=\"3\"><span class=\"t f1\">b</span>\n</span></span>");
}

TEST(TerminalOutput, WhatIsNotAsItLooksIsMarkedAsAWhole) {
    // A sequence in the middle of a word does not hide that one of its letters is of another alphabet.
    const std::string html = terminal_html("\x1B[31mp\x1B[32m\u0430\x1B[33mypal\x1B[m\n");
    EXPECT_EQ(count(html, "class=\"odd odd-alike\""), 1u) << html;
    EXPECT_EQ(count(html, "class=\"e\""), 4u);
    EXPECT_EQ(count(html, "class=\"t"), 0u) << "as of code, such a line has no colours";
    model::Snippet snippet;
    snippet.body = "\x1B[31mp\x1B[32m\u0430\x1B[33mypal\x1B[m\n";
    snippet.language = "text";
    EXPECT_EQ(count(read_page(snippet, {}), "id=\"odd\""), 1u);
    snippet.body = "\x1B[31mpypal ä\x1B[m\n";
    EXPECT_EQ(count(read_page(snippet, {}), "id=\"odd\""), 0u) << "sequences are none";
}

TEST(TerminalOutput, VeryManySequencesAreLeftAsTheyAre) {
    std::string text;
    for (std::size_t i = 0; i < 3 * kTerminalSpansMax; ++i) text += "\x1B[31mx\x1B[m";
    const std::string html = terminal_html(text);
    EXPECT_LE(count(html, "<span class=\"e\"") + count(html, "<span class=\"t"), kTerminalSpansMax + 1);
    EXPECT_LT(html.size(), text.size() + 2'000'000);
    EXPECT_GT(count(html, "x\x1B[m\x1B[31m"), 2 * kTerminalSpansMax) << "the rest is there";
    // Styles that go on over many lines count too.
    std::string lines = "\x1B[31m";
    for (std::size_t i = 0; i < 2 * kTerminalSpansMax; ++i) lines += "x\n";
    EXPECT_LE(count(terminal_html(lines), "<span class=\"t"), kTerminalSpansMax);
}

TEST(TerminalOutput, APreviewHasStylesAndNoSequences) {
    EXPECT_EQ(terminal_preview_html("\x1B[1mbold\x1B[0m\nrest\x1B[3"),
              "<span class=\"ansi\"><span class=\"t bo\">bold</span>\nrest</span>");
}

TEST(AnsiText, CodeHasItsColoursLineByLine) {
    using highlight::Colour;
    const std::vector<highlight::Run> runs{{2, Colour::keyword}, {1, Colour::none}, {7, Colour::comment}};
    EXPECT_EQ(ansi_text("if /*\r\n\n*/x", "c", runs), "\x1B[35mif\x1B[0m \x1B[2m/*\x1B[0m\r\n\n\x1B[2m*/\x1B[0mx");
    EXPECT_EQ(ansi_text("if", "c", {}), "if");
}

TEST(AnsiText, NothingInItActsUponATerminal) {
    const std::string hostile = "a\x1B]52;c;cm0=\a\u009B31m\u202E\x1B[2J\x1B[31m\n";
    const std::vector<highlight::Run> runs{{static_cast<std::uint32_t>(hostile.size()), highlight::Colour::string}};
    const std::string seen = "a^[]52;c;cm0=^GM-^[31m<U+202E>^[[2J^[[31m";
    EXPECT_EQ(ansi_text(hostile, "c", runs), "\x1B[32m" + seen + "\x1B[0m\n");
    EXPECT_EQ(ansi_text(hostile, "c", {}), seen + "\n");
    // What a terminal has shown has its styles, of which each line has its own.
    EXPECT_EQ(ansi_text(hostile + "red\x1B[7;5;8mx\x1B[0m\r\n", "text", {}),
              "a31m<U+202E>\n\x1B[0;31mred\x1B[0m\x1B[0;7;31mx\x1B[0m\r\n");
}

TEST(AnsiText, HasTheColoursThatWereGiven) {
    for (const std::string style : {"0;1;2;3;4;9;91", "0;38;5;208;48;5;17", "0;38;2;1;2;3", "0;37;100"}) {
        EXPECT_EQ(ansi_text("\x1B[" + style + "mx", "text", {}), "\x1B[" + style + "mx\x1B[0m");
    }
    EXPECT_EQ(ansi_text("\x1B[31;41mx", "text", {}), "\x1B[0;41mx\x1B[0m") << "nothing hides on its ground";
}

TEST(AnsiText, IsBounded) {
    std::string text;
    for (std::size_t i = 0; i < 3 * kTerminalSpansMax; ++i) text += "\x1B[38;2;255;255;255mx";
    EXPECT_LT(ansi_text(text, "text", {}).size(), 2 * text.size());
}

TEST(TerminalOutput, IsCalledByWhatItShows) {
    EXPECT_EQ(title_text("", "\x1B[0m\n\x1B[01;34mbin\x1B[0m\n"), "bin");
    model::Snippet snippet;
    snippet.language = "text";
    snippet.body = "\x1B[0m\x1B[01;34mbin\x1B[0m\n\x1B[01;34mboot\x1B[0m\n";
    EXPECT_EQ(count(read_page(snippet, {}), "<meta name=\"description\" content=\"bin boot\">"), 1u);
}

}  // namespace
}  // namespace snippetd::pages
