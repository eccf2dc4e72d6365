#include "exchange/burning.hpp"

#include <string_view>

#include <gtest/gtest.h>

namespace snippetd::exchange {
namespace {

http::Request accepting(std::string_view accept, std::string_view user_agent = "anything/1.0") {
    http::Request request;
    request.method = http::Method::get;
    request.fields[static_cast<std::size_t>(http::Field::accept)] = accept;
    request.fields[static_cast<std::size_t>(http::Field::user_agent)] = user_agent;
    return request;
}

bool burns(std::string_view accept, std::string_view user_agent = "anything/1.0") {
    return asks_to_burn(accepting(accept, user_agent));
}

TEST(AsksToBurn, WhoNamesATextOrIsAProgramThatPeopleUse) {
    EXPECT_TRUE(burns("application/json"));
    EXPECT_TRUE(burns("Text/Plain, APPLICATION/VND.GitHub.raw+json;q=0.5"));
    EXPECT_TRUE(burns("*/*", "Curl/8.0"));
    EXPECT_FALSE(burns("*/*"));
    EXPECT_FALSE(burns("application/json, */*"));
    EXPECT_FALSE(burns("text/html", "curl/8.0")) << "a page is not the text";
    EXPECT_FALSE(burns("*/*", "notcurl/8.0"));
}

TEST(AsksToBurn, AWeightOfZeroIsReadAsEverywhere) {
    EXPECT_FALSE(burns("application/json;q=0"));
    EXPECT_FALSE(burns("application/json;q=0;v=1")) << "something may come behind it";
    EXPECT_TRUE(burns("application/json, text/html;q=0.000"));
    EXPECT_TRUE(burns("application/json, text/html;v=1;q=0 ;w=2"));
    EXPECT_TRUE(burns("application/json;seq=0")) << "another parameter that ends so";
    EXPECT_TRUE(burns("application/json;v=\"q=0\""));
    EXPECT_FALSE(burns("text/html;seq=0, application/json"));
}

TEST(AsksToBurn, WhatIsInQuotesIsNoMediaType) {
    EXPECT_TRUE(burns("application/json;v=\", text/html ,\""));
    EXPECT_FALSE(burns("a/b;v=\",application/json,\""));
}

TEST(TakesAnything, WithoutAWordOrWithOneThatHasNoEnd) {
    EXPECT_TRUE(takes_anything({}));
    for (const char* accept : {"*/*", "text/*;q=0.1", "a/b, TEXT/HTML"}) EXPECT_TRUE(takes_anything(accepting(accept)));
    for (const char* accept : {"", "*/*;q=0", "a/b;v=\", */*\"", "text/plain"}) {
        EXPECT_FALSE(takes_anything(accepting(accept))) << accept;
    }
}

TEST(NamesJson, ByNameAndNotAtAWeightOfZero) {
    EXPECT_TRUE(names_json(accepting("text/plain, Application/JSON; charset=utf-8")));
    EXPECT_FALSE(names_json(accepting("application/json;q=0.0;v=1")));
    EXPECT_FALSE(names_json(accepting("*/*, application/*")));
}

}  // namespace
}  // namespace snippetd::exchange
