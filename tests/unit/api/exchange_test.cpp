#include "api/exchange.hpp"

#include <chrono>
#include <optional>
#include <string>

#include <gtest/gtest.h>

namespace snippetd::api {
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

std::string address_key_of(const char* address) {
    return address_key(boost::asio::ip::make_address(address));
}

TEST(AddressKey, IsTheAddressOrTheSubscribersNetwork) {
    EXPECT_EQ(address_key_of("192.0.2.1"), "ip:192.0.2.1");
    EXPECT_NE(address_key_of("192.0.2.1"), address_key_of("192.0.2.2"));
    EXPECT_EQ(address_key_of("::ffff:192.0.2.1"), "ip:192.0.2.1") << "the same client over either family";
    EXPECT_EQ(address_key_of("2001:db8:1:2:3:4:5:6"), "ip:2001:db8:1:2::");
    EXPECT_EQ(address_key_of("2001:db8:1:2::1"), address_key_of("2001:db8:1:2:ffff:ffff:ffff:ffff"));
    EXPECT_NE(address_key_of("2001:db8:1:2::1"), address_key_of("2001:db8:1:3::1"));
    EXPECT_EQ(address_key_of("fe80::1%1").find('%'), std::string::npos) << "a zone would make one client many";
}

TEST(RateLimitFields, SayWhatTheLimiterSaid) {
    using namespace std::chrono_literals;
    const limiter::Policy policy{"write", 60, 90s, true};
    EXPECT_EQ(rate_limit_fields(use_cases::Charged{&policy, 41, 17}),
              "RateLimit-Policy: \"write\";q=60;w=90\r\nRateLimit: \"write\";r=41;t=17\r\n");
    EXPECT_EQ(rate_limit_fields(std::nullopt), "");
}

}  // namespace
}  // namespace snippetd::api
