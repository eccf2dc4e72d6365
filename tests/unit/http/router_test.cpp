#include "http/router.hpp"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace snippetd::http {
namespace {

using Parameters = std::vector<std::string>;

class RouterTest : public testing::Test {
  protected:
    const Router router{{
        {Method::get, "/"},
        {Method::get, "/snippets"},
        {Method::post, "/snippets"},
        {Method::get, "/snippets/{id}"},
        {Method::patch, "/snippets/{id}"},
        {Method::delete_, "/snippets/{id}"},
        {Method::get, "/snippets/{id}/revisions/{version}"},
        {Method::post, "/auth/login"},
        {Method::get, "/s/new"},
        {Method::get, "/s/{id}"},
    }};
};

TEST_F(RouterTest, FindsTheRowOfMethodAndPath) {
    EXPECT_EQ(router.find(Method::get, "/").row, 0u);
    EXPECT_EQ(router.find(Method::get, "/snippets").row, 1u);
    EXPECT_EQ(router.find(Method::post, "/snippets").row, 2u);
    EXPECT_EQ(router.find(Method::delete_, "/snippets/x").row, 5u);
    EXPECT_EQ(router.find(Method::post, "/auth/login").row, 7u);
}

TEST_F(RouterTest, ARowCanBeParticularAboutItsParameter) {
    const auto is_x = [](std::string_view parameter) { return parameter == "x"; };
    const Router particular{{{Method::get, "/{name}", is_x}, {Method::get, "/{name}/{other}", is_x}}};
    EXPECT_EQ(particular.find(Method::get, "/x").row, 0u);
    EXPECT_EQ(particular.find(Method::get, "/x/y").row, 1u) << "about the first one alone";
    EXPECT_EQ(particular.find(Method::post, "/x").allow, "GET, HEAD, OPTIONS");
    for (const char* const path : {"/y", "/y/x"}) {
        EXPECT_FALSE(particular.find(Method::get, path).row) << path;
        EXPECT_EQ(particular.find(Method::post, path).allow, "") << path;
    }
}

TEST_F(RouterTest, GivesTheParametersInOrder) {
    const Router::Match match = router.find(Method::get, "/snippets/abc/revisions/12");
    EXPECT_EQ(match.row, 6u);
    EXPECT_EQ(match.parameters, (Parameters{"abc", "12"}));
    EXPECT_FALSE(match.malformed);
}

TEST_F(RouterTest, TheEarlierRowWins) {
    EXPECT_EQ(router.find(Method::get, "/s/new").row, 8u);
    EXPECT_EQ(router.find(Method::get, "/s/newer").row, 9u);
}

TEST_F(RouterTest, HeadGoesWhereGetGoes) {
    EXPECT_EQ(router.find(Method::head, "/s/x").row, 9u);
    EXPECT_EQ(router.find(Method::head, "/auth/login").row, std::nullopt);
}

TEST_F(RouterTest, AnUnknownMethodIsToldWhatThePathHas) {
    const Router::Match snippet = router.find(Method::put, "/snippets/x");
    EXPECT_EQ(snippet.row, std::nullopt);
    EXPECT_EQ(snippet.allow, "GET, HEAD, PATCH, DELETE, OPTIONS");
    EXPECT_TRUE(snippet.parameters.empty());
    EXPECT_EQ(router.find(Method::get, "/auth/login").allow, "POST, OPTIONS");
    EXPECT_EQ(router.find(Method::other, "/").allow, "GET, HEAD, OPTIONS");
}

TEST_F(RouterTest, AFoundRowSaysNothingOfOtherMethods) {
    EXPECT_EQ(router.find(Method::delete_, "/snippets/x").allow, "");
}

TEST_F(RouterTest, PathsThatNoPatternHasAreUnknown) {
    for (const char* path : {"", "*", "snippets", "/snippets/", "//snippets", "/snippets//revisions/1", "/s/", "/s",
                             "/s/x/y", "/SNIPPETS", "/snippets/x/revisions/", "/{id}"}) {
        const Router::Match match = router.find(Method::get, path);
        EXPECT_EQ(match.row, std::nullopt) << path;
        EXPECT_EQ(match.allow, "") << path;
    }
}

TEST_F(RouterTest, LiteralSegmentsAreComparedDecoded) {
    EXPECT_EQ(router.find(Method::get, "/%73nippets").row, 1u);
    EXPECT_EQ(router.find(Method::get, "/s/%6eew").row, 8u);
    EXPECT_EQ(router.find(Method::get, "/snippets%2Fx").row, std::nullopt) << "an encoded slash separates nothing";
}

TEST_F(RouterTest, ParametersAreDecodedAfterThePathIsSplit) {
    const Router::Match match = router.find(Method::get, "/s/a%2Fb%20c+d");
    EXPECT_EQ(match.row, 9u);
    EXPECT_EQ(match.parameters, Parameters{"a/b c+d"});
}

TEST(Router, AParameterIsEmptyOnlyWhereTheRowAcceptsThat) {
    const Router router{{{Method::put, "/a/{name}", [](std::string_view) { return true; }},
                         {Method::put, "/b/{name}", [](std::string_view name) { return name == "x"; }},
                         {Method::put, "/c/{name}"}}};
    EXPECT_EQ(router.find(Method::put, "/a/").parameters, Parameters{""});
    EXPECT_EQ(router.find(Method::put, "/a").row, std::nullopt);
    EXPECT_EQ(router.find(Method::put, "/a//").row, std::nullopt);
    EXPECT_EQ(router.find(Method::put, "/b/").row, std::nullopt);
    EXPECT_EQ(router.find(Method::put, "/b/x").row, 1u);
    EXPECT_EQ(router.find(Method::put, "/c/").row, std::nullopt);
}

TEST_F(RouterTest, BrokenEncodingsAreMalformed) {
    for (const char* path : {"/s/%", "/s/%4", "/s/%zz", "/s/a%00b", "/s/%ff", "/s/%c0%af", "/s/%ed%a0%80"}) {
        EXPECT_TRUE(router.find(Method::get, path).malformed) << path;
        EXPECT_EQ(router.find(Method::get, path).row, 9u) << path << ": who asked for it says what is wrong";
    }
    EXPECT_FALSE(router.find(Method::get, "/s/%E2%82%AC").malformed);
}

}  // namespace
}  // namespace snippetd::http
