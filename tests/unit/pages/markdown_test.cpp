#include "pages/markdown.hpp"

#include <chrono>
#include <string>

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
