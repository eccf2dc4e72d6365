#include "exchange/page.hpp"

#include <gtest/gtest.h>

namespace snippetd::exchange {
namespace {

bool wants_page(std::string_view accept, std::string_view user_agent = "curl/7.88.1") {
    http::Request request;
    request.fields[static_cast<std::size_t>(http::Field::accept)] = accept;
    request.fields[static_cast<std::size_t>(http::Field::user_agent)] = user_agent;
    return prefers_page(request);
}

TEST(Page, IsForBrowsers) {
    EXPECT_TRUE(wants_page("text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8"));
    EXPECT_TRUE(wants_page("text/html"));
    EXPECT_TRUE(wants_page("application/json;q=0.5, text/html;q=0.9"));
    EXPECT_TRUE(wants_page("text/html, application/json"));
}

TEST(Page, IsNotForWhoeverTakesAnythingOrRatherJson) {
    EXPECT_FALSE(wants_page(""));
    EXPECT_FALSE(wants_page("*/*"));
    EXPECT_FALSE(wants_page("application/json"));
    EXPECT_FALSE(wants_page("application/json, text/html;q=0.9"));
    EXPECT_FALSE(wants_page("application/json, text/html"));
    EXPECT_FALSE(wants_page("text/html;q=0, */*"));
}

TEST(Page, IsForWhoeverWouldRatherHaveItThanJson) {
    EXPECT_TRUE(wants_page("TEXT/HTML"));
    EXPECT_TRUE(wants_page("Text/Html;Q=0.9, Application/Json;q=0.8"));
    EXPECT_TRUE(wants_page("text/*"));
    EXPECT_TRUE(wants_page("text/*, application/json;q=0.5"));
    EXPECT_TRUE(wants_page("text/html, */*")) << "named rather than among others";
    EXPECT_TRUE(wants_page("*/*;q=0.8, text/html;q=0.8"));
    EXPECT_TRUE(wants_page("text/html;q=0.001"));
    EXPECT_TRUE(wants_page("application/json;q=0, */*"));
    EXPECT_TRUE(wants_page("text/html;x=\"a,b\", application/json;q=0.5"));
    EXPECT_FALSE(wants_page("text/html;q=0.1, */*")) << "anything rather than HTML";
    EXPECT_FALSE(wants_page("*/*, text/html;q=0.5"));
    EXPECT_FALSE(wants_page("application/*, text/*;q=0.5"));
    EXPECT_FALSE(wants_page("text/html;q=0.4, application/*;q=0.5"));
    EXPECT_FALSE(wants_page("text/html;q=0"));
    EXPECT_FALSE(wants_page("text/*;q=0, */*;q=0.1"));
    EXPECT_FALSE(wants_page("text/plain, image/html"));
}

TEST(Page, JsonIsForWhoeverNamesIt) {
    const auto asks = [](std::string_view accept) {
        http::Request request;
        request.fields[static_cast<std::size_t>(http::Field::accept)] = accept;
        return asks_for_json(request);
    };
    EXPECT_TRUE(asks("application/json"));
    EXPECT_TRUE(asks("text/plain, APPLICATION/JSON;q=0.1"));
    EXPECT_FALSE(asks("application/json;q=0"));
    EXPECT_FALSE(asks("*/*"));
    EXPECT_FALSE(asks(""));
}

TEST(Page, IsForPreviewsOfLinks) {
    EXPECT_TRUE(wants_page("*/*", "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)"));
    EXPECT_TRUE(wants_page("", "facebookexternalhit/1.1"));
    EXPECT_FALSE(wants_page("application/json", "Twitterbot/1.0"));
}

TEST(Page, LogInLeadsNowhereElse) {
    EXPECT_EQ(local_path("/s/abc?x=1#L5"), "/s/abc?x=1#L5");
    for (const std::string_view path : {"", "me", "//evil.example", "/\\evil.example", "https://evil.example",
                                        "/a\r\nSet-Cookie: x", "/a b", "javascript:alert(1)"}) {
        EXPECT_EQ(local_path(path), "/me") << path;
    }
}

}  // namespace
}  // namespace snippetd::exchange
