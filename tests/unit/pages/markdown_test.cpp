#include "pages/markdown.hpp"

#include <chrono>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace snippetd::pages {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(Markdown, RendersWhatPeopleWrite) {
    EXPECT_THAT(markdown_html("# Title\n\ntext *and* `code`"), HasSubstr("<h1 id=\"md-title\">Title</h1>"));
    EXPECT_THAT(markdown_html("```cpp\nint x;\n```"),
                HasSubstr("<pre><code class=\"language-cpp\">int x;\n</code></pre>"));
    EXPECT_THAT(markdown_html("|a|b|\n|-|-|\n|1|2|\n"), HasSubstr("<td>1</td>"));
    EXPECT_THAT(markdown_html("a|b\n:-|--:\n1|2"), HasSubstr("<td align=\"right\">2</td>"));
    EXPECT_THAT(markdown_html("```\na|b\n-|-\n```"), HasSubstr("a|b\n-|-\n")) << "code stays as it is";
    EXPECT_THAT(markdown_html("~~gone~~"), HasSubstr("<del>gone</del>"));
    EXPECT_THAT(markdown_html("see https://example.org/x"),
                HasSubstr("<a href=\"https://example.org/x\" rel=\"nofollow ugc noopener\">"));
}

TEST(Markdown, BoxesOfTasksSayWhatTheyMean) {
    const std::string html = markdown_html("- [x] this\n- [ ] that\n\n`<input type=\"checkbox\" disabled=\"\" />`");
    EXPECT_THAT(html, HasSubstr("aria-label=\"done\">☑</span> this"));
    EXPECT_THAT(html, HasSubstr("aria-label=\"to do\">☐</span> that"));
    EXPECT_THAT(html, HasSubstr("<code>&lt;input")) << "what is shown as code stays";
    EXPECT_THAT(html, Not(HasSubstr("<input")));
}

TEST(Markdown, OfRawHtmlAFewTagsStayAndAllWords) {
    for (const std::string text :
         {"<script>alert(1)</script>", "a <img src=x onerror=alert(1)> b", "<iframe src=//evil></iframe>",
          "<a href='javascript:alert(1)'>x</a>", "<p onclick=alert(1) style=x>a", "a <kbd onclick=b> c",
          "<details ontoggle=a open>"}) {
        const std::string html = markdown_html(text);
        for (const char* bad :
             {"<script", "<img", "<iframe", "onerror", "javascript", "onclick", "style", "ontoggle"}) {
            EXPECT_THAT(html, Not(HasSubstr(bad))) << text;
        }
    }
    EXPECT_EQ(markdown_html("press <kbd>Ctrl</kbd> H<sub>2</sub>O x<SUP class='y'>2</sup><br>z"),
              "<p>press <kbd>Ctrl</kbd> H<sub>2</sub>O x<sup>2</sup><br />z</p>\n");
    EXPECT_EQ(markdown_html("<details open>\n<summary>More &amp; more</summary>\n\n*this*\n\n</details>\n"),
              "<details open=\"\">\n<summary>More &amp; more</summary>\n<p><em>this</em></p>\n</details>\n");
    EXPECT_EQ(markdown_html("<p align=\"center\">\n  in the <b>middle</b> & <!-- not this --> so\n</p>\n"),
              "<p align=\"center\">\n  in the middle &amp;  so\n</p>\n");
    EXPECT_THAT(markdown_html("<div>\nstays\n</div>\n"), HasSubstr("stays"));
    EXPECT_THAT(markdown_html("<p align=\"expression(1)\">x"), HasSubstr("<p>x"));
}

TEST(Markdown, WhatIsOpenedIsEnded) {
    EXPECT_EQ(markdown_html("<details><summary>a\n"), "<details><summary>a\n</summary></details>");
    EXPECT_EQ(markdown_html("a</kbd></details>\n"), "<p>a</p>\n");
    const std::string deep = markdown_html("<div>" + [] {
        std::string all;
        for (int i = 0; i < 10'000; ++i) all += "<kbd>";
        return all;
    }() + "\n");
    EXPECT_LE(deep.size(), 2000u);
}

TEST(Markdown, HeadingsAreWhereATableOfContentsLeads) {
    const std::string html = markdown_html(
        "[a](#getting-started--faq) [b](#größe) [c](#gr%C3%B6%C3%9Fe) [d](#)\n\n"
        "## Getting Started & `FAQ`!\n\n# größe\n\n# x\n\n# x\n\nx\n==\n");
    for (const char* part :
         {"<a href=\"#md-getting-started--faq\">a</a>", "<h2 id=\"md-getting-started--faq\">", "<h1 id=\"md-größe\">",
          "<h1 id=\"md-x\">", "<h1 id=\"md-x-1\">", "<h1 id=\"md-x-2\">", "<a href=\"#\">d</a>"}) {
        EXPECT_THAT(html, HasSubstr(part));
    }
    EXPECT_THAT(html, HasSubstr("<a href=\"#md-gr%C3%B6%C3%9Fe\">b</a> <a href=\"#md-gr%C3%B6%C3%9Fe\">c</a>"));
}

TEST(Markdown, NotesStandAtTheEndAndLeadBack) {
    EXPECT_EQ(
        markdown_html("a[^n] b[^N] c[^other]\n\n[^n]: one\nof it\n\n    two *x*\n\n[^other]: see [^n]\n"),
        "\n<p>a<sup><a href=\"#fn-1\" id=\"fnref-1\" aria-label=\"Footnote 1\">1</a></sup>"
        " b<sup><a href=\"#fn-1\" id=\"fnref-1-2\" aria-label=\"Footnote 1\">1</a></sup>"
        " c<sup><a href=\"#fn-2\" id=\"fnref-2\" aria-label=\"Footnote 2\">2</a></sup></p>\n"
        "<section class=\"footnotes\" aria-label=\"Footnotes\">\n<ol>\n"
        "<li id=\"fn-1\">\n<p>one\nof it</p>\n<p>two <em>x</em>"
        " <a href=\"#fnref-1\" class=\"back\" aria-label=\"Back to reference 1\">↩</a>"
        " <a href=\"#fnref-1-2\" class=\"back\" aria-label=\"Back to reference 1-2\">↩<sup>2</sup></a>"
        " <a href=\"#fnref-1-3\" class=\"back\" aria-label=\"Back to reference 1-3\">↩<sup>3</sup></a></p>\n</li>\n"
        "<li id=\"fn-2\">\n<p>see <sup><a href=\"#fn-1\" id=\"fnref-1-3\" aria-label=\"Footnote 1\">1</a></sup>"
        " <a href=\"#fnref-2\" class=\"back\" aria-label=\"Back to reference 2\">↩</a></p>\n</li>\n"
        "</ol>\n</section>\n");
}

TEST(Markdown, ANoteIsWhatGitHubTakesForOne) {
    constexpr const char* kNotes = "class=\"footnotes\"";
    EXPECT_EQ(markdown_html("a[^none]"), "<p>a[^none]</p>\n") << "without a definition it is text";
    EXPECT_THAT(markdown_html("a\n\n[^1]: nobody asks"), Not(HasSubstr("nobody asks")));
    EXPECT_THAT(markdown_html("[^1]\n\n[^1]: first\n[^1]: second"), Not(HasSubstr("second")));
    EXPECT_THAT(markdown_html("text\n[^1]: ends a paragraph\n\n[^1]"), HasSubstr(kNotes));
    EXPECT_THAT(markdown_html("[^1]\n\n[^1]: a [link][r]\n\n[r]: /u\n"), HasSubstr("<a href=\"/u\">link</a>"));
    EXPECT_THAT(markdown_html("[^1]\n\n[^1]: ```\n    $code$\n\nafter\n"), HasSubstr("<p>after</p>\n<section"))
        << "what a note leaves open ends with it";
    EXPECT_THAT(markdown_html("a[^1] b[^2]\n\n[^1]: one\n\n\n\n    more\n\n[^2]:\n"), HasSubstr("<p>more <a"));
    EXPECT_THAT(markdown_html("[^1]\n\n[^1]: <details>more\n\nafter\n"), HasSubstr("more\n</details> <a"));
    for (const std::string text : {"`[^1]`", "\\[^1]", "[^1\\]", "[^1](/u)", "    [^1]", "```\n[^1]\n```",
                                   "<p>[^1]</p>", "[x](/u \"[^1]\")", "<kbd class='[^1]'>x"}) {
        EXPECT_THAT(markdown_html(text + "\n\n[^1]: note"), Not(HasSubstr(kNotes))) << text;
    }
    EXPECT_THAT(markdown_html("[x](/[^1] \"[^1]\")\n\n[^1]: n"), HasSubstr("<a href=\"/%5B%5E1%5D\" title=\"[^1]\">"));
    EXPECT_THAT(markdown_html("```\n[^1]: code\n```\n[^1]"), Not(HasSubstr(kNotes)));
    EXPECT_THAT(markdown_html("> [^1]: stays\n\n[^1]"), HasSubstr("<p>[^1]: stays</p>"));
    EXPECT_THAT(markdown_html("[a [^1]](/u)\n\n[^1]: n"), HasSubstr("<a href=\"/u\">a [^1]</a>"));
    EXPECT_THAT(markdown_html("1. one[^1]\n\n[^1]: note\n"), HasSubstr("<ol>\n<li>one<sup>")) << "lists stay apart";
    EXPECT_THAT(markdown_html("# T[^1]\n\n[^1]: note\n"), HasSubstr("<h1 id=\"md-t\">T<sup>"));
}

TEST(Markdown, NobodyForgesAMark) {
    const std::string sign = "\xFF";
    for (const std::string& text : std::vector<std::string>{
             "%" + sign + "0" + sign + "% [^1]", sign + "0" + sign, "[x](/u \"&#255;0&#xFF;\")",
             "[x](/" + sign + "0" + sign + " \"" + sign + "0" + sign + "\")", "`%" + sign + "7" + sign + "%`",
             "```\n" + sign + "0" + sign + "\n```", "<kbd>" + sign + "0" + sign + "</kbd>",
             "$" + sign + "0" + sign + "$", "`$`" + sign + "0" + sign + "$x$"}) {
        const std::string html = markdown_html(text + "\n\n[^1]: note");
        EXPECT_THAT(html, Not(HasSubstr(sign))) << text;
        EXPECT_THAT(html, Not(HasSubstr("fnref-1-2"))) << text;
    }
}

TEST(Markdown, MathIsCodeForAScriptToDraw) {
    EXPECT_EQ(markdown_html("$a_1 * b_2 * c$, ($x<y$)"),
              "<p><code class=\"language-math\">a_1 * b_2 * c</code>, "
              "(<code class=\"language-math\">x&lt;y</code>)</p>\n");
    EXPECT_EQ(markdown_html("$$\na\n+ b\n- c\n$$\n"),
              "<p><code class=\"language-math display\">a\n+ b\n- c</code></p>\n");
    EXPECT_THAT(markdown_html("x $$y$$ z"), HasSubstr("<code class=\"language-math display\">y</code>"));
    EXPECT_THAT(markdown_html("$`a$b`$"), HasSubstr("<code class=\"language-math\">a$b</code>"));
    EXPECT_THAT(markdown_html("```math\nx\n```"), HasSubstr("<pre><code class=\"language-math\">x\n</code></pre>"));
    EXPECT_THAT(markdown_html("|a|\n|-|\n|$|x|$|"), HasSubstr("<td><code class=\"language-math\">|x|</code></td>"));
    for (const std::string text :
         {"costs $5 and $10", "set $HOME to $PATH.", "\\$5 and 6$", "`$a$`", "H$_2$O", "a $ b $ c", "$$\n\nb$$",
          "- costs $5\n- or 6$ more", "<kbd>$</kbd> <kbd>$</kbd>", "    $a$", "```\n$a$\n```", "$", "$$", "$$$"}) {
        EXPECT_THAT(markdown_html(text), Not(HasSubstr("language-math"))) << text;
    }
    EXPECT_THAT(markdown_html("[a](/$x$)"), HasSubstr("<a href=\"/$x$\">"));
}

TEST(Markdown, LinksToElsewhereLendNothing) {
    EXPECT_EQ(markdown_html("[x](https://a.b/)"),
              "<p><a href=\"https://a.b/\" rel=\"nofollow ugc noopener\">x</a></p>\n");
    EXPECT_THAT(markdown_html("[x](//a.b/)"), HasSubstr("rel=\"nofollow ugc noopener\""));
    EXPECT_THAT(markdown_html("[x](/s/y) [z](mailto:a@b.c)"), Not(HasSubstr("rel=")));
}

TEST(Markdown, ATaskHasABoxInTheBulletsPlace) {
    EXPECT_THAT(markdown_html("- [ ] a\n- b\n"), HasSubstr("<li class=\"task\">"));
    EXPECT_THAT(markdown_html("- [ ] a\n- b\n"), HasSubstr("<li>b</li>"));
}

TEST(Markdown, FollowsHarmlessLinksOnly) {
    for (const std::string scheme : {"javascript", "JaVaScRiPt", "vbscript", "data", "file", "about", " javascript"}) {
        const std::string html = markdown_html("[x](<" + scheme + ":alert(1)>)");
        EXPECT_THAT(html, HasSubstr("href=\"\"")) << html;
    }
    for (const std::string url : {"https://a.b/", "http://a.b/?c=d:e", "mailto:a@b.c", "/s/x", "x/y:z"}) {
        EXPECT_THAT(markdown_html("[x](" + url + ")"), HasSubstr("href=\"" + url + "\""));
    }
}

TEST(Markdown, AReferenceToACharacterDoesNotHideAScheme) {
    for (const std::string url : {"javascript&colon;alert(1)", "javascript&#58;alert(1)", "javascript&#x3a;alert(1)",
                                  "java&Tab;script&colon;alert(1)", "&#106;avascript:alert(1)", "java&#9;script:x"}) {
        const std::string html = markdown_html("[x](" + url + ")\n\n![y](" + url + ")\n\n[z]\n\n[z]: " + url);
        EXPECT_THAT(html, Not(HasSubstr("javascript:"))) << html;
        EXPECT_THAT(html, Not(HasSubstr("&colon;"))) << html;
        EXPECT_THAT(html, Not(HasSubstr("&#"))) << html;
    }
    EXPECT_THAT(markdown_html("[x](http://a.b/?c=d&amp;e=f)"), HasSubstr("href=\"http://a.b/?c=d&amp;e=f\""));
    EXPECT_THAT(markdown_html("[x](/a \"b&quot; onclick=\\\"c\")"), Not(HasSubstr("\" onclick")));
}

TEST(Markdown, SaysWhenItWouldBeTooMuch) {
    EXPECT_EQ(markdown_html_within("*a* *b* *c*", 10), std::nullopt);
    EXPECT_EQ(markdown_html_within("*a*", 100), markdown_html("*a*"));
    const std::string one = "[^1] [^1] [^1] [^1]\n\n[^1]: note";
    const std::string html = markdown_html(one);
    EXPECT_EQ(markdown_html_within(one, html.size() / 2), std::nullopt) << "references count as long as they get";
    EXPECT_EQ(markdown_html_within(one, 4 * html.size()), html);
}

TEST(Markdown, PicturesAreLinks) {
    const std::string elsewhere = "rel=\"nofollow ugc noopener\">";
    EXPECT_THAT(markdown_html("![a cat](https://a.b/cat.png)"),
                HasSubstr("<a href=\"https://a.b/cat.png\" " + elsewhere + "a cat</a>"));
    EXPECT_THAT(markdown_html("![](https://a.b/cat.png)"),
                HasSubstr("<a href=\"https://a.b/cat.png\" " + elsewhere + "https://a.b/cat.png</a>"));
    EXPECT_THAT(markdown_html("![x](javascript:alert(1))"), Not(HasSubstr("javascript")));
    const std::string linked = markdown_html("[![badge](https://a.b/i.svg)](https://a.b/)");
    EXPECT_THAT(linked, HasSubstr("<a href=\"https://a.b/\" " + elsewhere + "badge</a>"));
    EXPECT_THAT(linked, Not(HasSubstr("<img")));
}

TEST(Markdown, NestedPicturesEndInTheirWords) {
    std::string text;
    constexpr int kDepth = 2000;
    for (int i = 0; i < kDepth; ++i) text += "![";
    text += "x";
    for (int i = 0; i < kDepth; ++i) text += "](a)";
    const std::string html = markdown_html(text);
    EXPECT_THAT(html, Not(HasSubstr("<img")));
    EXPECT_THAT(html, HasSubstr("x"));
}

}  // namespace
}  // namespace snippetd::pages
