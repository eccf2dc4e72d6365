#include "exchange/exchange.hpp"

#include <chrono>
#include <optional>
#include <string>

#include <gtest/gtest.h>

namespace snippetd::exchange {
namespace {

TEST(BaseUrl, IsThePublicUrlElseWhatTheHostSays) {
    Options options;
    http::Request request;
    EXPECT_EQ(base_url(options, request), "http://localhost");
    request.fields[static_cast<std::size_t>(http::Field::host)] = "a.example:8080";
    EXPECT_EQ(base_url(options, request), "http://a.example:8080");
    options.public_url = "https://snippets.example";
    EXPECT_EQ(base_url(options, request), "https://snippets.example");
}

TEST(RateLimitFields, SayWhatTheLimiterSaid) {
    using namespace std::chrono_literals;
    const limiter::Policy policy{"write", 60, 90s};
    EXPECT_EQ(rate_limit_fields(use_cases::Charged{&policy, 41, 17}),
              "RateLimit-Policy: \"write\";q=60;w=90\r\nRateLimit: \"write\";r=41;t=17\r\n");
    EXPECT_EQ(rate_limit_fields(std::nullopt), "");
}

}  // namespace
}  // namespace snippetd::exchange
