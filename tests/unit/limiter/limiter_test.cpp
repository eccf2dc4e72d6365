#include "limiter/limiter.hpp"

#include "support/run.hpp"

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <boost/asio/steady_timer.hpp>
#include <gtest/gtest.h>

namespace snippetd::limiter {
namespace {

using Decision = Verdict::Decision;
using namespace std::chrono_literals;

Verdict verdict_of(Decision decision) {
    Verdict verdict;
    verdict.decision = decision;
    return verdict;
}

/// Has some verdicts near; looks at the others only when as many looks are under way as are expected.
struct Gathering : Limiter {
    base::Awaitable<Verdict> take(const Policy& policy, std::string, std::uint32_t) override {
        ++under_way;
        boost::asio::steady_timer pause{co_await boost::asio::this_coro::executor};
        const base::SteadyTime end = base::steady_now() + test::kPatience;
        while (under_way < expected && base::steady_now() < end) {
            pause.expires_after(1ms);
            co_await pause.async_wait(base::use_awaitable);
        }
        if (under_way < expected) throw test::TooSlow{};
        co_return verdict_of(far.at(policy.name));
    }
    std::optional<Verdict> take_near(const Policy& policy, const std::string&, std::uint32_t) override {
        const auto found = near.find(policy.name);
        if (found == near.end()) return std::nullopt;
        return verdict_of(found->second);
    }
    base::Awaitable<void> give_back(const Policy& policy, std::string, std::uint32_t, Verdict) override {
        given_back.push_back(policy.name);
        co_return;
    }
    void owe(const Policy&, const std::string&, std::uint32_t) override {}

    std::map<std::string, Decision> near, far;
    int expected = 0;
    int under_way = 0;
    std::vector<std::string> given_back;
};

class TakeAll : public testing::Test {
  protected:
    std::vector<Verdict> take_all() {
        std::vector<Charge> charges;
        for (const Policy* policy : {&write, &address, &egress}) charges.push_back({policy, "ann", 1});
        return loop.run(limiter::take_all(limiter, std::move(charges)));
    }

    Policy write{"write", 5, 60s}, address{"address", 5, 60s}, egress{"egress", 5, 60s};
    Gathering limiter;
    test::Loop loop;
};

TEST_F(TakeAll, LooksAtAllThatIsFarAtTheSameTime) {
    limiter.far = {{"write", Decision::allowed}, {"address", Decision::allowed}, {"egress", Decision::failed_open}};
    limiter.expected = 3;
    const std::vector<Verdict> verdicts = take_all();
    ASSERT_EQ(verdicts.size(), 3u);
    EXPECT_EQ(verdicts[0].decision, Decision::allowed);
    EXPECT_EQ(verdicts[2].decision, Decision::failed_open);
    EXPECT_TRUE(limiter.given_back.empty());
}

TEST_F(TakeAll, AsksNobodyElseWhenOneThatIsNearRefuses) {
    limiter.near = {{"write", Decision::allowed}, {"egress", Decision::limited}};
    limiter.far = {{"address", Decision::allowed}};
    const std::vector<Verdict> verdicts = take_all();
    EXPECT_EQ(verdicts[2].decision, Decision::limited);
    EXPECT_EQ(limiter.under_way, 0);
    EXPECT_EQ(limiter.given_back, std::vector<std::string>{"write"});
}

TEST_F(TakeAll, GivesBackWhatWasChargedWhenOneThatIsFarRefuses) {
    for (const Decision refusal : {Decision::limited, Decision::refused}) {
        limiter.given_back.clear();
        limiter.near = {{"address", Decision::allowed}};
        limiter.far = {{"write", Decision::allowed}, {"egress", refusal}};
        const std::vector<Verdict> verdicts = take_all();
        EXPECT_EQ(verdicts[2].decision, refusal);
        EXPECT_EQ(limiter.given_back, (std::vector<std::string>{"address", "write"}));
    }
}

TEST_F(TakeAll, GivesNothingBackThatWasNotCharged) {
    limiter.far = {{"write", Decision::failed_open}, {"address", Decision::limited}, {"egress", Decision::limited}};
    take_all();
    EXPECT_TRUE(limiter.given_back.empty());
}

TEST_F(TakeAll, LetsNobodyBeRefusedByAShadow) {
    write.shadow = true;
    egress.shadow = true;
    limiter.near = {{"write", Decision::limited}};
    limiter.far = {{"address", Decision::allowed}, {"egress", Decision::limited}};
    EXPECT_EQ(take_all()[1].decision, Decision::allowed);
    EXPECT_EQ(limiter.under_way, 2) << "address and egress are looked at all the same";
    EXPECT_TRUE(limiter.given_back.empty());
}

TEST_F(TakeAll, OfNothingIsNothing) {
    EXPECT_TRUE(loop.run(limiter::take_all(limiter, {})).empty());
}

}  // namespace
}  // namespace snippetd::limiter
