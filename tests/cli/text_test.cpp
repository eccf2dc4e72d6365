#include "text.hpp"

#include "failure.hpp"

#include <gtest/gtest.h>

namespace snippetd::cli {
namespace {

using namespace std::chrono_literals;

TEST(TextTest, DurationsHaveOneUnit) {
    EXPECT_EQ(parse_duration_s("90s"), 90);
    EXPECT_EQ(parse_duration_s("5m"), 300);
    EXPECT_EQ(parse_duration_s("2h"), 7200);
    EXPECT_EQ(parse_duration_s("7d"), 604'800);
    EXPECT_EQ(parse_duration_s("4w"), 2'419'200);
    EXPECT_EQ(parse_duration_s("3650d"), 315'360'000);
    for (const char* wrong : {"", "7", "d", "0d", "-1d", "1.5h", "1y", "1d2h", " 1d", "3651d", "999999999999999999w"}) {
        EXPECT_FALSE(parse_duration_s(wrong)) << wrong;
    }
}

TEST(TextTest, WhatNoSnippetMayHoldIsFoundWhereItIs) {
    EXPECT_FALSE(find_unacceptable("plain\nä€😀"));
    EXPECT_EQ(find_unacceptable(std::string_view{"ab\0c", 4})->offset, 2u);
    EXPECT_EQ(find_unacceptable("ä\xff")->offset, 2u);
    EXPECT_EQ(find_unacceptable("\xc0\xaf")->offset, 0u);          // overlong
    EXPECT_EQ(find_unacceptable("\xed\xa0\x80")->offset, 0u);      // a surrogate
    EXPECT_EQ(find_unacceptable("\xf4\x90\x80\x80")->offset, 0u);  // beyond Unicode
    EXPECT_EQ(find_unacceptable("x\xe2\x82")->offset, 1u);         // cut off
}

TEST(TextTest, NothingPrintableActsOnATerminal) {
    EXPECT_EQ(printable("a\x1b[31mb\tc\n"), "a[31mbc");
    EXPECT_EQ(printable("\xc2\x9b"
                        "31m\x7f"),
              "31m");
    EXPECT_EQ(printable("ab\xe2\x80\xae"
                        "cd"),
              "abcd");
    EXPECT_EQ(printable("a\xff"), "a\xEF\xBF\xBD");
    EXPECT_EQ(printable("ä😀"), "ä😀");
}

TEST(TextTest, JsonThatIsVisibleIsTheSameDocument) {
    EXPECT_EQ(visible_json("{\"a\":\"\x7f\u009b\u202e ä\"}"), "{\"a\":\"\\u007f\\u009b\\u202e ä\"}");
}

TEST(TextTest, WhatIsTooLongIsShortenedBetweenCharacters) {
    EXPECT_EQ(shorten("äöü", 3), "äöü");
    EXPECT_EQ(shorten("äöüß", 3), "äö…");
    EXPECT_EQ(shorten("ab", 1), "…");
    EXPECT_EQ(shorten("ab", 0), "");
}

TEST(TextTest, ATitleIsTheNameOfTheFile) {
    EXPECT_EQ(title_of_file("/a/b/main.cpp"), "main.cpp");
    EXPECT_EQ(title_of_file("main.cpp"), "main.cpp");
    EXPECT_EQ(title_of_file("a\x1b.c"), "a.c");
    const std::string title = title_of_file(std::string(300, 'x') + ".cpp");
    EXPECT_EQ(count_code_points(title), 200u);
    EXPECT_TRUE(title.ends_with("x.cpp"));
}

TEST(TextTest, LinesAreCountedFromOne) {
    const std::string_view body = "one\ntwo\nthree";
    EXPECT_EQ(lines_of(body, 1, 1), "one\n");
    EXPECT_EQ(lines_of(body, 2, 3), "two\nthree");
    EXPECT_EQ(lines_of(body, 3, 99), "three");
    EXPECT_FALSE(lines_of(body, 4, 4));
    EXPECT_FALSE(lines_of("one\n", 2, 2));
}

TEST(TextTest, AgesHaveOneUnit) {
    EXPECT_EQ(format_age(12s), "12s");
    EXPECT_EQ(format_age(3min + 59s), "3m");
    EXPECT_EQ(format_age(-5s), "0s");
    EXPECT_EQ(format_age(49h), "2d");
    EXPECT_EQ(format_age(24h * 800), "2y");
}

TEST(TextTest, TheServersTimesAreRead) {
    EXPECT_EQ(parse_rfc3339("2001-09-09T01:46:40.123Z"), std::chrono::sys_seconds{1'000'000'000s});
    EXPECT_FALSE(parse_rfc3339("2001-09-09T01:46:40+02:00"));
    EXPECT_FALSE(parse_rfc3339("yesterday"));
}

TEST(ExitCodeTest, FollowsTheKindOfFailure) {
    const auto code = [](int status) { return static_cast<int>(exit_code_of_status(status)); };
    for (const int status : {400, 413, 422}) EXPECT_EQ(code(status), 2) << status;
    for (const int status : {404, 410}) EXPECT_EQ(code(status), 3) << status;
    for (const int status : {401, 403}) EXPECT_EQ(code(status), 4) << status;
    for (const int status : {409, 412}) EXPECT_EQ(code(status), 5) << status;
    EXPECT_EQ(code(429), 6);
    for (const int status : {500, 502, 503, 504, 599}) EXPECT_EQ(code(status), 7) << status;
    for (const int status : {302, 405, 418}) EXPECT_EQ(code(status), 1) << status;
}

}  // namespace
}  // namespace snippetd::cli
