#include "use_cases/charge.hpp"

#include "support/idle_services.hpp"
#include "support/run.hpp"

#include <deque>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace snippetd::use_cases {
namespace {

using Decision = limiter::Verdict::Decision;
using namespace std::chrono_literals;

/// Decides what it is told and remembers what it was asked.
struct Scripted : limiter::Limiter {
    static std::string text(const limiter::Policy& policy, const std::string& client, std::uint32_t cost) {
        return policy.name + " " + client + (cost > 1 ? " " + std::to_string(cost) : "");
    }
    base::Awaitable<limiter::Verdict> take(const limiter::Policy& policy, std::string client,
                                           std::uint32_t cost) override {
        asked.push_back(text(policy, client, cost));
        const limiter::Verdict verdict = verdicts.at(asked.size() - 1);
        co_return verdict;
    }
    std::optional<limiter::Verdict> take_near(const limiter::Policy&, const std::string&, std::uint32_t) override {
        return std::nullopt;
    }
    base::Awaitable<void> give_back(const limiter::Policy& policy, std::string client, std::uint32_t cost,
                                    limiter::Verdict) override {
        given_back.push_back(text(policy, client, cost));
        co_return;
    }
    void owe(const limiter::Policy&, const std::string&, std::uint32_t) override {}
    std::deque<limiter::Verdict> verdicts;
    std::vector<std::string> asked;
    std::vector<std::string> given_back;
};

class ChargeTest : public testing::Test {
  protected:
    ChargeTest() {
        services.options.policies = {{"login", {"login", 10, 60s, true}},
                                     {"write", {"write", 60, 90s, true}},
                                     {"signup", {"signup", 10, 60s, false}}};
    }
    std::optional<Error> charge(const char* policy, const char* client) {
        return loop.run(use_cases::charge(exchange, policy, client));
    }
    std::optional<Error> charge(std::vector<limiter::Charge> charges) {
        return loop.run(use_cases::charge(exchange, std::move(charges)));
    }
    /// Policy, what is left, and when it is whole again.
    static std::string said(const Call& call) {
        if (!call.charged) return {};
        return fmt::format("{} {} {}", call.charged->policy->name, call.charged->remaining, call.charged->reset_s);
    }
    Scripted limiter;
    test::IdleServices services{limiter};
    exchange::Exchange exchange = services.exchange();
    test::Loop loop;
};

TEST_F(ChargeTest, AnAdmittedRequestIsToldWhatIsLeft) {
    limiter.verdicts = {{Decision::allowed, 41, 17}};
    EXPECT_EQ(charge("write", "ann"), std::nullopt);
    EXPECT_EQ(limiter.asked, std::vector<std::string>{"write ann"});
    EXPECT_EQ(said(exchange), "write 41 17");
}

TEST_F(ChargeTest, ALimitedRequestIsToldWhenToComeBack) {
    limiter.verdicts = {{Decision::limited, 0, 23}};
    const std::optional<Error> error = charge("write", "ann");
    ASSERT_TRUE(error);
    EXPECT_EQ(error->kind, ErrorKind::rate_limited);
    EXPECT_EQ(error->retry_after_s, 23);
    EXPECT_EQ(said(exchange), "write 0 23");
}

TEST_F(ChargeTest, OfTwoChargesTheTighterOneIsToldWhicheverComesFirst) {
    for (const bool tighter_first : {true, false}) {
        exchange::Exchange both = services.exchange();
        limiter.asked.clear();
        limiter.verdicts = {{Decision::allowed, tighter_first ? 2u : 5u, 1},
                            {Decision::allowed, tighter_first ? 5u : 2u, 1}};
        EXPECT_EQ(loop.run(use_cases::charge(both, tighter_first ? "login" : "write", "ann")), std::nullopt);
        EXPECT_EQ(loop.run(use_cases::charge(both, tighter_first ? "write" : "login", "ann")), std::nullopt);
        EXPECT_EQ(said(both), "login 2 1");
    }
}

TEST_F(ChargeTest, ALimitIsToldEvenAfterAnotherPolicyHadNothingLeftEither) {
    limiter.verdicts = {{Decision::allowed, 0, 5}, {Decision::limited, 0, 50}};
    EXPECT_EQ(charge("login", "ip:1"), std::nullopt);
    EXPECT_TRUE(charge("write", "ann"));
    EXPECT_EQ(said(exchange), "write 0 50");
}

TEST_F(ChargeTest, APolicyThatIsOffAsksNobody) {
    EXPECT_EQ(charge("signup", "ann"), std::nullopt);
    EXPECT_TRUE(limiter.asked.empty());
    EXPECT_EQ(said(exchange), "");
}

TEST_F(ChargeTest, APolicyInShadowRefusesNobodyAndSaysNothing) {
    services.options.policies["write"].shadow = true;
    limiter.verdicts = {{Decision::limited, 0, 23}, {Decision::allowed, 7, 1}, {Decision::refused, 0, 1}};
    for (int i = 0; i < 3; ++i) EXPECT_EQ(charge("write", "ann"), std::nullopt);
    EXPECT_EQ(limiter.asked.size(), 3u);
    EXPECT_EQ(said(exchange), "");
}

TEST_F(ChargeTest, APolicyThatIsLeasedIsToldOnlyWhenItRefuses) {
    limiter::Policy bytes{"egress", 512, 60s};
    bytes.unit_bytes = 4096;
    bytes.leased = true;
    limiter.verdicts = {{Decision::allowed, 0, 1}, {Decision::limited, 0, 9}};
    EXPECT_EQ(charge({{&bytes, "ip:1", 3}}), std::nullopt);
    EXPECT_EQ(said(exchange), "");
    const std::optional<Error> error = charge({{&bytes, "ip:1", 1}});
    ASSERT_TRUE(error);
    EXPECT_EQ(error->detail, "The limit is 2MiB in 60 seconds.");
    EXPECT_EQ(said(exchange), "egress 0 9");
    EXPECT_EQ(limiter.asked, (std::vector<std::string>{"egress ip:1 3", "egress ip:1"}));
}

TEST_F(ChargeTest, WhatOneOfSeveralRefusesIsGivenBackToTheOthers) {
    const limiter::Policy write{"write", 60, 90s};
    const limiter::Policy address{"address", 300, 90s};
    limiter.verdicts = {{Decision::allowed, 3, 1}, {Decision::limited, 0, 9}};
    const std::optional<Error> error = charge({{&write, "ann", 2}, {&address, "ip:1"}});
    ASSERT_TRUE(error);
    EXPECT_EQ(error->retry_after_s, 9);
    EXPECT_EQ(limiter.given_back, std::vector<std::string>{"write ann 2"});
}

TEST_F(ChargeTest, OneInShadowRefusesNothingToTheOthers) {
    const limiter::Policy write{"write", 60, 90s};
    limiter::Policy address{"address", 300, 90s};
    address.shadow = true;
    limiter.verdicts = {{Decision::allowed, 3, 1}, {Decision::limited, 0, 9}};
    EXPECT_EQ(charge({{&write, "ann"}, {&address, "ip:1"}}), std::nullopt);
    EXPECT_TRUE(limiter.given_back.empty());
}

TEST_F(ChargeTest, WhatCostsMoreThanTheQuotaCostsAllOfIt) {
    const limiter::Policy small{"export", 5, 60s};
    limiter.verdicts = {{Decision::allowed, 0, 1}};
    EXPECT_EQ(charge({{&small, "ip:1", 50}}), std::nullopt);
    EXPECT_EQ(limiter.asked, std::vector<std::string>{"export ip:1 5"});
}

TEST_F(ChargeTest, AFailedLimiterAdmitsWithoutAPromiseOrRefuses) {
    limiter.verdicts = {{Decision::failed_open, 0, 1}, {Decision::refused, 0, 1}};
    EXPECT_EQ(charge("write", "ann"), std::nullopt);
    EXPECT_EQ(said(exchange), "");
    EXPECT_THROW(charge("write", "ann"), base::Unavailable);
}

}  // namespace
}  // namespace snippetd::use_cases
