#include "api/exchange.hpp"

#include "support/idle_services.hpp"
#include "support/run.hpp"

#include <deque>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace snippetd::api {
namespace {

using Decision = limiter::Verdict::Decision;
using namespace std::chrono_literals;

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

/// Decides what it is told and remembers what it was asked.
struct Scripted : limiter::Limiter {
    base::Awaitable<limiter::Verdict> take(const limiter::Policy& policy, std::string client, base::Deadline) override {
        asked.push_back(policy.name + " " + client);
        const limiter::Verdict verdict = verdicts.at(asked.size() - 1);
        co_return verdict;
    }
    std::deque<limiter::Verdict> verdicts;
    std::vector<std::string> asked;
};

class ChargeTest : public testing::Test {
  protected:
    ChargeTest() {
        services.options.policies = {{"login", {"login", 10, 60s, true}},
                                     {"write", {"write", 60, 90s, true}},
                                     {"signup", {"signup", 10, 60s, false}}};
    }
    std::optional<Error> charge(const char* policy, const char* client) {
        return loop.run(api::charge(exchange, policy, client));
    }
    Scripted limiter;
    test::IdleServices services{limiter};
    Exchange exchange = services.exchange();
    test::Loop loop;
};

TEST_F(ChargeTest, AnAdmittedRequestIsToldWhatIsLeft) {
    limiter.verdicts = {{Decision::allowed, 41, 17}};
    EXPECT_EQ(charge("write", "ann"), std::nullopt);
    EXPECT_EQ(limiter.asked, std::vector<std::string>{"write ann"});
    EXPECT_EQ(exchange.rate_limit_fields,
              "RateLimit-Policy: \"write\";q=60;w=90\r\nRateLimit: \"write\";r=41;t=17\r\n");
}

TEST_F(ChargeTest, ALimitedRequestIsToldWhenToComeBack) {
    limiter.verdicts = {{Decision::limited, 0, 23}};
    const std::optional<Error> error = charge("write", "ann");
    ASSERT_TRUE(error);
    EXPECT_EQ(error->kind, ErrorKind::rate_limited);
    EXPECT_EQ(error->retry_after_s, 23);
    EXPECT_EQ(exchange.rate_limit_fields, "RateLimit-Policy: \"write\";q=60;w=90\r\nRateLimit: \"write\";r=0;t=23\r\n");
}

TEST_F(ChargeTest, OfTwoChargesTheTighterOneIsToldWhicheverComesFirst) {
    for (const bool tighter_first : {true, false}) {
        Exchange both = services.exchange();
        limiter.asked.clear();
        limiter.verdicts = {{Decision::allowed, tighter_first ? 2u : 5u, 1},
                            {Decision::allowed, tighter_first ? 5u : 2u, 1}};
        EXPECT_EQ(loop.run(api::charge(both, tighter_first ? "login" : "write", "ann")), std::nullopt);
        EXPECT_EQ(loop.run(api::charge(both, tighter_first ? "write" : "login", "ann")), std::nullopt);
        EXPECT_NE(both.rate_limit_fields.find("RateLimit: \"login\";r=2;t=1\r\n"), std::string::npos)
            << both.rate_limit_fields;
        EXPECT_EQ(both.rate_limit_fields.find("write"), std::string::npos);
    }
}

TEST_F(ChargeTest, ALimitIsToldEvenAfterAnotherPolicyHadNothingLeftEither) {
    limiter.verdicts = {{Decision::allowed, 0, 5}, {Decision::limited, 0, 50}};
    EXPECT_EQ(charge("login", "ip:1"), std::nullopt);
    EXPECT_TRUE(charge("write", "ann"));
    EXPECT_NE(exchange.rate_limit_fields.find("RateLimit: \"write\";r=0;t=50"), std::string::npos);
}

TEST_F(ChargeTest, APolicyThatIsOffAsksNobody) {
    EXPECT_EQ(charge("signup", "ann"), std::nullopt);
    EXPECT_TRUE(limiter.asked.empty());
    EXPECT_EQ(exchange.rate_limit_fields, "");
}

TEST_F(ChargeTest, AFailedLimiterAdmitsWithoutAPromiseOrRefuses) {
    limiter.verdicts = {{Decision::failed_open, 0, 1}, {Decision::refused, 0, 1}};
    EXPECT_EQ(charge("write", "ann"), std::nullopt);
    EXPECT_EQ(exchange.rate_limit_fields, "");
    EXPECT_THROW(charge("write", "ann"), base::Unavailable);
}

}  // namespace
}  // namespace snippetd::api
