#include "limiter/memory_limiter.hpp"
#include "limiter/redis_limiter.hpp"
#include "support/private_redis.hpp"
#include "support/run.hpp"

#include <algorithm>
#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

/// What every limiter keeps, wherever its counters are.
namespace snippetd::limiter {
namespace {

using namespace std::chrono_literals;
using Decision = Verdict::Decision;
using test::Loop;

/// An implementation under test. A new one adds a struct like this to the lists below.
struct InMemory {
    static constexpr const char* kName = "Memory";

    std::unique_ptr<Limiter> make(Algorithm algorithm) {
        return std::make_unique<MemoryLimiter>(algorithm, [this] { return now.load(); });
    }
    void advance(base::Milliseconds duration) { now += duration.count(); }
    void prepare(Loop&) {}

    std::atomic<base::UnixMillis> now{1'700'000'000'000 / 60'000 * 60'000};  // a window has just begun
};

/// One server for all tests of the process; each limiter has clients of its own.
struct InRedis {
    static constexpr const char* kName = "Redis";

    std::unique_ptr<Limiter> make(Algorithm algorithm) {
        server().call("FLUSHALL");
        return std::make_unique<RedisLimiter>(algorithm, clients);
    }

    static test::PrivateRedis& server() {
        static test::PrivateRedis redis;
        return redis;
    }
    static redis::Client::Options options() {
        redis::Client::Options options;
        options.endpoint.host = "127.0.0.1";
        options.endpoint.port = static_cast<std::uint16_t>(server().port());
        options.command_timeout = std::chrono::duration_cast<base::Milliseconds>(test::kPatience);
        return options;
    }
    /// Gives the loop a client, which stands when this returns.
    void prepare(Loop& loop) {
        std::shared_ptr<redis::Client> client = clients.make(loop.executor());
        loop.own(client);
        boost::asio::post(loop.context(), [client] { client->start(); });
        if (!test::wait_until([this] { return clients.all_up(); })) throw test::TooSlow{};
    }

    base::Metrics metrics;
    base::Alerts alerts{metrics};
    redis::Clients clients{options(), "nothing", metrics, alerts};
};

using Implementations = testing::Types<InMemory, InRedis>;
/// Those whose clock a test can move. What these tests say of time, tests/system/test_rate_limits.py says of both, with
/// short windows.
using ImplementationsWithClock = testing::Types<InMemory>;

struct ImplementationName {
    template <class T>
    static std::string GetName(int) {
        return T::kName;
    }
};

template <class Implementation>
class LimiterContract : public testing::Test {
  protected:
    LimiterContract() { implementation.prepare(loop); }

    Verdict take(Limiter& limiter, const Policy& charged, const std::string& client, std::uint32_t cost = 1) {
        return loop.run(limiter.take(charged, client, cost));
    }
    /// How many of `count` requests are admitted.
    int admitted(Limiter& limiter, const Policy& charged, const std::string& client, int count) {
        int sum = 0;
        for (int i = 0; i < count; ++i) sum += take(limiter, charged, client).decision == Decision::allowed;
        return sum;
    }
    std::unique_ptr<Limiter> make(Algorithm algorithm) { return implementation.make(algorithm); }

    Implementation implementation;
    Loop loop;
    // Windows of a minute: where the clock is the machine's, a test does not cross one but for bad luck once in a
    // thousand.
    const Policy policy{"write", 5, 60s, true};
};
TYPED_TEST_SUITE(LimiterContract, Implementations, ImplementationName);

template <class Implementation>
class LimiterClockContract : public LimiterContract<Implementation> {};
TYPED_TEST_SUITE(LimiterClockContract, ImplementationsWithClock, ImplementationName);

constexpr Algorithm kBoth[] = {Algorithm::fixed_window, Algorithm::sliding_window};

TYPED_TEST(LimiterContract, WhatCostsMoreTakesMore) {
    for (const Algorithm algorithm : kBoth) {
        const auto limiter = this->make(algorithm);
        EXPECT_EQ(this->take(*limiter, this->policy, "ann", 3).remaining, 2u);
        EXPECT_EQ(this->take(*limiter, this->policy, "ann", 3).decision, Decision::limited);
        EXPECT_EQ(this->take(*limiter, this->policy, "ann", 2).remaining, 0u) << "what is limited is not charged";
        EXPECT_EQ(this->take(*limiter, this->policy, "ann").decision, Decision::limited);
        EXPECT_EQ(this->take(*limiter, this->policy, "ben", 5).decision, Decision::allowed);
    }
}

TYPED_TEST(LimiterContract, WhatIsOwedIsPaidByWhoComesNext) {
    for (const Algorithm algorithm : kBoth) {
        const auto limiter = this->make(algorithm);
        limiter->owe(this->policy, "ann", 3);
        EXPECT_EQ(this->take(*limiter, this->policy, "ann").decision, Decision::allowed);
        EXPECT_EQ(this->take(*limiter, this->policy, "ann").remaining, 0u);
        EXPECT_EQ(this->take(*limiter, this->policy, "ann").decision, Decision::limited);
        limiter->owe(this->policy, "cat", 1000);
        EXPECT_EQ(this->take(*limiter, this->policy, "ben").remaining, 4u);
    }
}

/// Counting by leases is as exact as counting one by one, for one process.
TYPED_TEST(LimiterContract, WhatIsLeasedIsExactForOne) {
    Policy leased{"read", 200, 60s};
    leased.leased = true;
    ASSERT_GT(leased.lease(), 1u);
    for (const Algorithm algorithm : kBoth) {
        const auto limiter = this->make(algorithm);
        EXPECT_EQ(this->admitted(*limiter, leased, "ann", 250), 200);
        EXPECT_EQ(this->admitted(*limiter, leased, "ben", 3), 3);
        limiter->owe(leased, "ben", 150);
        EXPECT_EQ(this->admitted(*limiter, leased, "ben", 100), 47);
    }
}

TYPED_TEST(LimiterContract, WhatIsGivenBackCanBeTakenAgain) {
    Policy leased{"read", 200, 60s};
    leased.leased = true;
    for (const Algorithm algorithm : kBoth) {
        const auto limiter = this->make(algorithm);
        for (const Policy* charged : {&this->policy, &std::as_const(leased)}) {
            const auto quota = static_cast<int>(charged->quota);
            const Verdict first = this->take(*limiter, *charged, "ann", 3);
            this->loop.run(limiter->give_back(*charged, "ann", 3, first));
            EXPECT_EQ(this->admitted(*limiter, *charged, "ann", quota + 5), quota);
            EXPECT_EQ(this->admitted(*limiter, *charged, "ben", 1), 1) << "nobody else's";
        }
    }
}

/// As many requests of one client as come together at the same time are what it may have, and no more is lost to it.
TYPED_TEST(LimiterContract, WhatComesTogetherTakesNoMoreThanItNeeds) {
    Policy leased{"read", 320, 60s};
    leased.leased = true;
    ASSERT_EQ(leased.lease(), 10u);
    for (const Algorithm algorithm : kBoth) {
        const auto limiter = this->make(algorithm);
        std::vector<std::future<Verdict>> running;
        const auto take_one = [&]() -> base::Awaitable<Verdict> {
            std::string client = "ann";
            co_return co_await limiter->take(leased, std::move(client), 1);
        };
        for (int i = 0; i < 200; ++i) running.push_back(this->loop.start(take_one()));
        int sum = 0;
        for (auto& one : running) sum += Loop::get(std::move(one)).decision == Decision::allowed ? 1 : 0;
        EXPECT_EQ(sum, 200);
        EXPECT_EQ(this->admitted(*limiter, leased, "ann", 200), 120);
    }
}

TYPED_TEST(LimiterContract, ARateForSomeIsCountedApart) {
    Policy office = this->policy;
    office.scope = "10.0.0.0/8";
    office.quota = 50;
    for (const Algorithm algorithm : kBoth) {
        const auto limiter = this->make(algorithm);
        EXPECT_EQ(this->admitted(*limiter, office, "ann", 40), 40);
        EXPECT_EQ(this->admitted(*limiter, this->policy, "ann", 10), 5);
        EXPECT_EQ(this->admitted(*limiter, office, "ann", 20), 10) << "although she is over the other one";
    }
}

TYPED_TEST(LimiterContract, SeveralAreChargedTogetherOrNotAtAll) {
    Policy address{"address", 200, 60s};
    address.leased = true;
    const Policy export_{"export", 2, 60s};
    for (const Algorithm algorithm : kBoth) {
        const auto limiter = this->make(algorithm);
        const auto take_all = [&] {
            std::vector<Charge> charges;
            charges.push_back({&this->policy, "ann", 1});
            charges.push_back({&address, "ip:192.0.2.1", 1});
            charges.push_back({&export_, "ip:192.0.2.1", 1});
            const std::vector<Verdict> verdicts = this->loop.run(limiter::take_all(*limiter, std::move(charges)));
            return std::all_of(verdicts.begin(), verdicts.end(), [](const Verdict& one) { return one.admitted(); });
        };
        EXPECT_TRUE(take_all());
        EXPECT_TRUE(take_all());
        for (int i = 0; i < 10; ++i) EXPECT_FALSE(take_all()) << "the third policy has no more";
        EXPECT_EQ(this->take(*limiter, this->policy, "ann").remaining, 2u);
        EXPECT_EQ(this->admitted(*limiter, address, "ip:192.0.2.1", 300), 198);
    }
}

TYPED_TEST(LimiterContract, CountsDownToZeroAndThenLimits) {
    for (const Algorithm algorithm : kBoth) {
        const auto limiter = this->make(algorithm);
        for (std::uint32_t left = this->policy.quota; left-- > 0;) {
            const Verdict verdict = this->take(*limiter, this->policy, "ann");
            EXPECT_EQ(verdict.decision, Decision::allowed);
            EXPECT_EQ(verdict.remaining, left);
            EXPECT_GE(verdict.reset_s, 1);
            EXPECT_LE(verdict.reset_s, 60);
        }
        const Verdict verdict = this->take(*limiter, this->policy, "ann");
        EXPECT_EQ(verdict.decision, Decision::limited);
        EXPECT_FALSE(verdict.admitted());
        EXPECT_EQ(verdict.remaining, 0u);
        EXPECT_GE(verdict.reset_s, 1);
    }
}

TYPED_TEST(LimiterContract, ClientsAndPoliciesAreCountedApart) {
    const auto limiter = this->make(Algorithm::sliding_window);
    const Policy login{"login", 2, 60s, true};
    EXPECT_EQ(this->admitted(*limiter, this->policy, "ann", 10), 5);
    EXPECT_EQ(this->admitted(*limiter, this->policy, "ip:192.0.2.1", 10), 5);
    EXPECT_EQ(this->admitted(*limiter, this->policy, "", 10), 5);
    EXPECT_EQ(this->admitted(*limiter, this->policy, "name:o'h\"a r\\a {x}:*", 10), 5);
    EXPECT_EQ(this->admitted(*limiter, login, "ann", 10), 2);
}

TYPED_TEST(LimiterContract, ManyThreadsTogetherGetExactlyTheQuota) {
    for (const Algorithm algorithm : kBoth) {
        const auto limiter = this->make(algorithm);
        const Policy large{"write", 300, 60s, true};
        std::atomic<int> sum{0};
        std::vector<std::unique_ptr<Loop>> loops;
        std::vector<std::future<bool>> running;
        const auto keep_taking = [&]() -> base::Awaitable<bool> {
            for (int i = 0; i < 100; ++i) {
                std::string client = "ann";
                const Verdict verdict = co_await limiter->take(large, std::move(client), 1);
                if (verdict.decision == Decision::allowed) ++sum;
            }
            co_return true;
        };
        for (int t = 0; t < 4; ++t) {
            loops.push_back(std::make_unique<Loop>());
            this->implementation.prepare(*loops.back());
            for (int i = 0; i < 2; ++i) running.push_back(loops.back()->start(keep_taking()));
        }
        for (auto& one : running) EXPECT_TRUE(Loop::get(std::move(one)));
        EXPECT_EQ(sum, 300);
    }
}

TYPED_TEST(LimiterClockContract, WaitingAsLongAsToldIsEnoughAndASecondLessIsNot) {
    for (const Algorithm algorithm : kBoth) {
        const auto limiter = this->make(algorithm);
        for (int round = 0; round < 20; ++round) {
            const std::string client = "client " + std::to_string(round);
            this->implementation.advance(base::Milliseconds{1 + 3777 * round});
            this->admitted(*limiter, this->policy, client, 1 + round % 5);
            this->implementation.advance(base::Milliseconds{7001});
            this->admitted(*limiter, this->policy, client, 10);
            const Verdict limited = this->take(*limiter, this->policy, client);
            ASSERT_EQ(limited.decision, Decision::limited);
            this->implementation.advance(std::chrono::seconds{limited.reset_s - 1});
            ASSERT_EQ(this->take(*limiter, this->policy, client).decision, Decision::limited) << "round " << round;
            this->implementation.advance(1s);
            ASSERT_EQ(this->take(*limiter, this->policy, client).decision, Decision::allowed) << "round " << round;
        }
    }
}

TYPED_TEST(LimiterClockContract, ALimitedRequestIsNotCharged) {
    for (const Algorithm algorithm : kBoth) {
        const auto limiter = this->make(algorithm);
        this->admitted(*limiter, this->policy, "patient", 5);
        this->admitted(*limiter, this->policy, "impatient", 500);
        this->implementation.advance(90s);
        EXPECT_EQ(this->admitted(*limiter, this->policy, "impatient", 10),
                  this->admitted(*limiter, this->policy, "patient", 10));
        this->implementation.advance(600s);
    }
}

TYPED_TEST(LimiterClockContract, AcrossABoundaryTheFixedWindowAdmitsTwiceAndTheSlidingOneDoesNot) {
    for (const Algorithm algorithm : kBoth) {
        const auto limiter = this->make(algorithm);
        this->implementation.advance(base::Milliseconds{59'999});
        EXPECT_EQ(this->admitted(*limiter, this->policy, "ann", 10), 5);
        this->implementation.advance(base::Milliseconds{1});
        EXPECT_EQ(this->admitted(*limiter, this->policy, "ann", 10), algorithm == Algorithm::fixed_window ? 5 : 0);
        this->implementation.advance(120s);
        EXPECT_EQ(this->admitted(*limiter, this->policy, "ann", 10), 5);
        this->implementation.advance(120s);
    }
}

TYPED_TEST(LimiterClockContract, EachPolicyHasItsOwnWindow) {
    const auto limiter = this->make(Algorithm::fixed_window);
    const Policy quick{"quick", 1, 1s, true};
    EXPECT_EQ(this->admitted(*limiter, this->policy, "ann", 10), 5);
    for (int i = 0; i < 20; ++i) {
        EXPECT_EQ(this->admitted(*limiter, quick, "ann", 3), 1);
        this->implementation.advance(1s);
    }
    EXPECT_EQ(this->admitted(*limiter, this->policy, "ann", 10), 0);
}

}  // namespace
}  // namespace snippetd::limiter
