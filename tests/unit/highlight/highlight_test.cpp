#include "highlight/highlight.hpp"

#include "support/sanitizer.hpp"

#include <ctime>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace snippetd::test {

/// tests/pastes, whose README says what they are; embedded at build time.
std::span<const std::pair<std::string_view, std::string_view>> pastes();

}  // namespace snippetd::test

namespace snippetd::highlight {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using namespace std::string_literals;

/// One for all tests: what it keeps of a grammar must not change what the next text looks like.
Highlighter& highlighter() {
    static Highlighter made;
    return made;
}

/// What must be true of any runs.
std::vector<Run> coloured(std::string_view text, std::string_view language) {
    const auto runs = highlighter().colour(text, language);
    EXPECT_TRUE(runs) << language;
    if (!runs) return {};
    std::size_t sum = 0;
    for (std::size_t i = 0; i < runs->size(); ++i) {
        EXPECT_GT((*runs)[i].bytes, 0u) << language;
        EXPECT_TRUE(i == 0 || (*runs)[i].colour != (*runs)[i - 1].colour) << language;
        sum += (*runs)[i].bytes;
    }
    EXPECT_EQ(sum, text.size()) << language;
    return *runs;
}

/// The text with what is coloured in braces: `{keyword:if} x`.
std::string shown(std::string_view text, std::string_view language) {
    constexpr std::string_view kNames[] = {"none",  "comment", "keyword",   "string", "escape",   "number",
                                           "title", "type",    "attribute", "tag",    "inserted", "deleted"};
    static_assert(std::size(kNames) == kColours);
    std::string out;
    for (const auto& [bytes, colour] : coloured(text, language)) {
        const std::string_view piece = text.substr(0, bytes);
        text.remove_prefix(bytes);
        if (colour == Colour::none) {
            out += piece;
            continue;
        }
        out += "{"s + std::string{kNames[static_cast<std::size_t>(colour)]} + ":";
        out += piece;
        out += "}";
    }
    return out;
}

TEST(Highlight, GoShowsTypesAndMethods) {
    EXPECT_EQ(shown("func (s *Server) Do(w http.ResponseWriter, n int) error {", "go"),
              "{keyword:func} (s *{type:Server}) {title:Do}(w {type:http}.{type:ResponseWriter}, n {type:int}) "
              "{type:error} {");
    EXPECT_THAT(shown("type Cache[K comparable] struct {\n\tmu sync.RWMutex\n}\n", "go"),
                AllOf(HasSubstr("{keyword:type} {type:Cache}"), HasSubstr("{type:RWMutex")));
    EXPECT_THAT(shown("\tr.Body = http.MaxBytesReader(w, 10)\n", "go"), HasSubstr("http.{title:MaxBytesReader}(w"));
}

TEST(Highlight, CppShowsNamesOfTheStandardLibrary) {
    EXPECT_EQ(shown("std::string name(const std::vector<int>& a);", "cpp"),
              "std::{type:string} {title:name}({keyword:const} std::{type:vector}<{type:int}>& a);");
    EXPECT_THAT(shown("#include <string>\n", "cpp"), HasSubstr("{keyword:#include} {string:<string>"));
    EXPECT_THAT(shown("auto x = a + sizeof(b); // c", "cpp"),
                AllOf(HasSubstr("a + {keyword:sizeof}(b);"), HasSubstr("{comment: // c}")));
}

TEST(Highlight, SqlShowsKeywordsFunctionsAndTypes) {
    EXPECT_EQ(shown("SELECT count(*) FROM users u WHERE u.name LIKE 'a%' -- all\n", "sql"),
              "{keyword:SELECT} {title:count}(*) {keyword:FROM} users u {keyword:WHERE} u.name {keyword:LIKE} "
              "{string:'a%'} {comment:-- all\n}");
    EXPECT_EQ(
        shown("create table t (id bigint not null, at timestamptz default now(), ok boolean default true);", "sql"),
        "{keyword:create table} t (id {type:bigint} {keyword:not} {number:null}, at {type:timestamptz} "
        "{keyword:default} {title:now}(), ok {type:boolean} {keyword:default} {number:true});");
}

TEST(Highlight, AMakefileHasCommentsBehindRules) {
    EXPECT_EQ(shown("all: a.o # everything\n\t$(CC) -o $@ $<\n", "makefile"),
              "{title:all}: a.o {comment:# everything\n}\t$({attribute:CC}) -o {attribute:$@ $<\n}");
}

TEST(Highlight, JavaScriptShowsTemplatesAndElements) {
    EXPECT_EQ(shown("const a = `x ${b + 1} y`;", "javascript"),
              "{keyword:const} a = {string:`x }{escape:${}b + {number:1}{escape:}}{string: y`};");
    EXPECT_THAT(shown("return <div className=\"x\">{this.y}</div>;", "javascript"),
                AllOf(HasSubstr("<{tag:div} {attribute:className}={string:\"x\"}>{"), HasSubstr("</{tag:div}>;")));
    EXPECT_THAT(shown("let n = <number>x;\ninterface A { b: string }\n", "typescript"),
                AllOf(HasSubstr("<{type:number}>x"), HasSubstr("b: {type:string}")));
    EXPECT_THAT(shown("const a = <b c={1}>x</b>;", "typescript"), HasSubstr("</{tag:b}>"));
}

TEST(Highlight, PythonShowsStringsWithCodeAndDecorators) {
    EXPECT_EQ(shown("@app.route(\"/x\")\ndef f(x: int) -> str:\n    return f\"a {x} b\"\n", "python"),
              "{title:@app.route}({string:\"/x\"})\n{keyword:def} {title:f}(x: {type:int}) -> {type:str}:\n"
              "    {keyword:return} {string:f\"a }{escape:{}x{escape:}}{string: b\"\n}");
    EXPECT_THAT(shown("if a not in b and c:", "python"), HasSubstr("a {keyword:not in} b {keyword:and} c"));
}

TEST(Highlight, RustShowsLifetimes) {
    EXPECT_THAT(shown("impl<'a> Foo<'a> { fn bar(&'a self) -> u32 { 'x' } }", "rust"),
                AllOf(HasSubstr("{type:Foo}<{attribute:'a}>"), HasSubstr("{type:u32}"), HasSubstr("{string:'x'}")));
}

TEST(Highlight, HtmlHasScriptsAndStylesInIt) {
    EXPECT_THAT(shown("<p class=\"a\">&amp;</p><script>let a = 1;</script><style>p { color: red }</style>", "html"),
                AllOf(HasSubstr("<{tag:p} {attribute:class}={string:\"a\"}>{escape:&amp;}</{tag:p}>"),
                      HasSubstr("{keyword:let} a = {number:1};"), HasSubstr("{attribute:color}: {number:red}")));
}

TEST(Highlight, MarkdownHasCodeOfOtherLanguagesInIt) {
    EXPECT_EQ(shown("# Head\n\n```python\ndef f(): pass\n```\nand `code`\n", "markdown"),
              "{title:# Head\n\n}```{attribute:python\n}{keyword:def} {title:f}(): {keyword:pass\n}```\nand "
              "{string:`code`\n}");
    // A language that has no grammar is one that nobody knows.
    EXPECT_THAT(shown("```nosuchlanguage\nx\n```\n# Head\n", "markdown"), HasSubstr("{title:# Head"));
}

TEST(Highlight, BashShowsHeredocs) {
    EXPECT_THAT(shown("cat <<EOF\nhello $USER\nEOF\nif true; then echo \"$x\"; fi\n", "bash"),
                AllOf(HasSubstr("{string:hello }{attribute:$USER"), HasSubstr("{keyword:if}"),
                      HasSubstr("{string:\"}{attribute:$x}{string:\"}")));
}

TEST(Highlight, PhpIsCodeOrAPageWithCode) {
    EXPECT_THAT(shown("<p><?php echo strlen($a); ?></p>", "php"),
                AllOf(HasSubstr("<{tag:p}>{keyword:<?php}"), HasSubstr("{title:echo strlen}"),
                      HasSubstr("{keyword:?>}</{tag:p}>")));
    EXPECT_THAT(shown("class A { public function f(): int { return 1; } }", "php"),
                AllOf(HasSubstr("{keyword:class} {type:A}"), HasSubstr("{title:f}(): {type:int}")));
}

TEST(Highlight, KeysStandOut) {
    EXPECT_EQ(shown("a: \"b\" # c\n", "yaml"), "{attribute:a}: {string:\"b\"} {comment:# c\n}");
    EXPECT_EQ(shown("[a]\nb = 1\n", "toml"), "[{title:a}]\n{attribute:b} = {number:1\n}");
    EXPECT_EQ(shown("{\"a\": [1, null, \"x\\n\"]}", "json"),
              "{{attribute:\"a\"}: [{number:1}, {number:null}, {string:\"x}{escape:\\n}{string:\"}]}");
    EXPECT_EQ(shown("[a]\nb=c ; d\n", "ini"), "{title:[a]\n}{attribute:b}=c {comment:; d\n}");
    EXPECT_EQ(shown("listen 80;\n", "nginx"), "{attribute:listen} {number:80};\n");
    EXPECT_EQ(shown("resource \"a\" \"b\" {\n  c = \"${d}\"\n}\n", "hcl"),
              "{keyword:resource} {string:\"a\" \"b\"} {\n  {attribute:c} = "
              "{string:\"}{escape:${}d{escape:}}{string:\"\n}}\n");
}

TEST(Highlight, DockerfilesAndDiffs) {
    EXPECT_EQ(shown("FROM a AS b\nRUN c # d\n", "dockerfile"),
              "{keyword:FROM} a {keyword:AS} b\n{keyword:RUN} c # d\n");
    EXPECT_EQ(shown("@@ -1 +1 @@\n-old\n+new\n same\n", "diff"),
              "{title:@@ -1 +1 @@\n}{deleted:-old\n}{inserted:+new\n} same\n");
}

TEST(Highlight, ALanguageWithoutAGrammarHasNoRuns) {
    EXPECT_FALSE(highlighter().colour("x", "text"));
    EXPECT_FALSE(highlighter().colour("x", "nosuchlanguage"));
    EXPECT_TRUE(coloured("", "go").empty());
}

TEST(Highlight, AnyLineEndEndsALine) {
    for (const char* end : {"\n", "\r\n", "\r"}) {
        const std::string text = "// a"s + end + "x := 1" + end + end + "/* b" + end + "c */ return";
        EXPECT_EQ(shown(text, "go"), "{comment:// a"s + end + "}x := {number:1" + end + end + "}{comment:/* b" + end +
                                         "c */} {keyword:return}");
    }
}

TEST(Highlight, WhatIsNoTextIsKeptByteByByte) {
    for (const std::string& text :
         {"\0\0"s, "a\0b = \"\0\""s, "\xFF\xFE x"s, "\"\xC3"s, "\xE2\x82\n\xF0"s, "\x80\x80\x80"s}) {
        for (const std::string_view language : {"go", "cpp", "javascript", "python", "html", "markdown", "sql"}) {
            coloured(text, language);
        }
    }
    EXPECT_EQ(shown("\xFF return", "go"), "\xFF {keyword:return}");
}

TEST(Highlight, AVeryLongLineStaysPlainAndTheRestDoesNot) {
    const std::string line = "return " + std::string(kColouredLineBytesMax, 'x');
    EXPECT_THAT(shown(line + "\nreturn\n", "go"), AllOf(HasSubstr("return xxx"), HasSubstr("\n{keyword:return\n}")));
    EXPECT_THAT(shown("/*\n" + line + "\nreturn */", "go"), HasSubstr("{comment:return */}"));
}

TEST(Highlight, EachPasteIsColoured) {
    for (const auto& [language, text] : test::pastes()) {
        if (language == "text") continue;
        EXPECT_GT(coloured(text, language).size(), 10u) << language;
    }
}

double seconds() {
    timespec now{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

TEST(Highlight, ATextStopsWhereItsTimeHasPassed) {
    std::string text;
    while (text.size() < 4u << 20) text += "func f(a int) error { return g(a, 1) } // c\n";
    highlighter().colour(text.substr(0, 1000), "go");  // now its grammar is there
    const int slowness = test::kSanitized ? 20 : 1;
    const double began = seconds();
    const auto runs = highlighter().colour(text, "go", std::chrono::milliseconds{20 * slowness});
    EXPECT_LT(seconds() - began, 0.5 * slowness);
    ASSERT_TRUE(runs);
    EXPECT_EQ(runs->back().colour, Colour::none);
    EXPECT_GT(runs->back().bytes, 1u << 20);
    EXPECT_GT(runs->size(), 10u);
}

TEST(Highlight, NoTextTakesForEver) {
    for (const std::string_view language : {"cpp", "javascript", "sql", "html", "markdown", "bash"}) {
        for (const std::string_view unit :
             {"(((((", "/*/*/*", "{[<", "\"'`", "${`", "<a <b ", "<<A\n<<B\n", "# /* <!--\n", "    "}) {
            for (const std::size_t line_bytes : {std::size_t{70}, kColouredLineBytesMax - 100, std::size_t{1} << 20}) {
                std::string text, line;
                while (line.size() < line_bytes) line += unit;
                while (text.size() < 1u << 20) text += line + "\n";
                const double began = seconds();
                const auto runs = highlighter().colour(text, language, std::chrono::milliseconds{20});
                EXPECT_LT(seconds() - began, test::kSanitized ? 40 : 2) << language << " " << unit;
                std::size_t sum = 0;
                for (const auto& run : runs.value()) sum += run.bytes;
                EXPECT_EQ(sum, text.size()) << language << " " << unit;
            }
        }
    }
}

}  // namespace
}  // namespace snippetd::highlight
