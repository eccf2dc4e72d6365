#include "use_cases/charge.hpp"

#include "support/idle_services.hpp"
#include "support/run.hpp"

#include <deque>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace snippetd::use_cases {
namespace {

using Decision = limiter::Verdict::Decision;
using namespace std::chrono_literals;

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
        return loop.run(use_cases::charge(exchange, policy, client));
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

TEST_F(ChargeTest, AFailedLimiterAdmitsWithoutAPromiseOrRefuses) {
    limiter.verdicts = {{Decision::failed_open, 0, 1}, {Decision::refused, 0, 1}};
    EXPECT_EQ(charge("write", "ann"), std::nullopt);
    EXPECT_EQ(said(exchange), "");
    EXPECT_THROW(charge("write", "ann"), base::Unavailable);
}

}  // namespace
}  // namespace snippetd::use_cases
