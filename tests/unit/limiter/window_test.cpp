#include "limiter/window.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <ostream>
#include <random>
#include <vector>

#include <gtest/gtest.h>

namespace snippetd::limiter {
namespace {

using Decision = Verdict::Decision;

/// One client's counters over time, kept as naively as can be.
class LoneClient {
  public:
    LoneClient(Algorithm algorithm, Policy policy) : algorithm_{algorithm}, policy_{std::move(policy)} {}

    WindowCounts counts(base::UnixMillis now) const {
        const std::int64_t number = window_number(now, policy_.window);
        return {in_window(number - 1), in_window(number)};
    }
    Verdict look(base::UnixMillis now) const { return decide(algorithm_, policy_, counts(now), now); }
    Verdict take(base::UnixMillis now) {
        const Verdict verdict = look(now);
        if (verdict.admitted()) admitted.push_back(now);
        return verdict;
    }
    /// The most that were admitted within any stretch of one window's length.
    std::size_t most_in_any_stretch() const {
        std::size_t most = 0;
        for (std::size_t begin = 0, end = 0; begin < admitted.size(); ++begin) {
            while (end < admitted.size() && admitted[end] - admitted[begin] < policy_.window.count()) ++end;
            most = std::max(most, end - begin);
        }
        return most;
    }

    std::vector<base::UnixMillis> admitted;

  private:
    std::uint64_t in_window(std::int64_t number) const {
        return static_cast<std::uint64_t>(std::count_if(admitted.begin(), admitted.end(), [&](base::UnixMillis at) {
            return window_number(at, policy_.window) == number;
        }));
    }
    Algorithm algorithm_;
    Policy policy_;
};

struct Case {
    Algorithm algorithm;
    Policy policy;
    WindowCounts counts;
    base::UnixMillis now;
};

std::ostream& operator<<(std::ostream& out, const Case& c) {
    return out << (c.algorithm == Algorithm::fixed_window ? "fixed" : "sliding") << " quota " << c.policy.quota
               << " window " << c.policy.window.count() << " ms, previous " << c.counts.previous << " current "
               << c.counts.current << " at " << c.now;
}

/// Cases in which the counts are ones that a client can reach: no window has more than the quota.
std::vector<Case> random_cases(std::size_t count) {
    std::mt19937_64 random{20261124};
    const auto pick = [&](std::int64_t min, std::int64_t max) {
        return std::uniform_int_distribution<std::int64_t>{min, max}(random);
    };
    std::vector<Case> cases;
    while (cases.size() < count) {
        const std::int64_t quota = pick(0, 1) ? pick(1, 5) : pick(1, 1000);
        const std::int64_t window = 1000 * (pick(0, 1) ? pick(1, 5) : pick(1, 3600));
        const std::int64_t start = pick(1, 1'000'000) * window;
        // The edges of a window are as likely as all of its inside.
        const std::int64_t elapsed = std::array{std::int64_t{0}, std::int64_t{1}, window - 1,
                                                pick(0, window - 1)}[static_cast<std::size_t>(pick(0, 3))];
        const std::int64_t previous = pick(0, 2) ? pick(0, quota) : quota;
        const std::int64_t current = pick(0, 2) ? pick(0, quota) : quota;
        cases.push_back({pick(0, 1) ? Algorithm::fixed_window : Algorithm::sliding_window,
                         Policy{"write", static_cast<std::uint32_t>(quota), base::Milliseconds{window}, true},
                         {static_cast<std::uint64_t>(previous), static_cast<std::uint64_t>(current)},
                         start + elapsed});
    }
    return cases;
}

/// What a client that sends nothing in between has at `later`.
WindowCounts counts_later(const Case& c, base::UnixMillis later) {
    switch (window_number(later, c.policy.window) - window_number(c.now, c.policy.window)) {
        case 0: return c.counts;
        case 1: return {c.counts.current, 0};
        default: return {};
    }
}

bool admits(const Case& c, base::UnixMillis later) {
    return decide(c.algorithm, c.policy, counts_later(c, later), later).admitted();
}

TEST(WindowNumber, IsAlignedToTheEpoch) {
    using namespace std::chrono_literals;
    EXPECT_EQ(window_number(0, 60s), 0);
    EXPECT_EQ(window_number(59'999, 60s), 0);
    EXPECT_EQ(window_number(60'000, 60s), 1);
    EXPECT_EQ(window_number(1'764'000'000'001, 1s), 1'764'000'000);
}

TEST(Decide, AdmitsByTheFormulaAndNothingElse) {
    for (const Case& c : random_cases(20'000)) {
        const std::int64_t window = c.policy.window.count();
        const std::int64_t elapsed = c.now % window;
        const auto previous = c.algorithm == Algorithm::fixed_window ? 0 : static_cast<std::int64_t>(c.counts.previous);
        // p (D - e) / D + c + 1 <= quota, in whole numbers.
        const bool fits = previous * (window - elapsed) + (static_cast<std::int64_t>(c.counts.current) + 1) * window <=
                          static_cast<std::int64_t>(c.policy.quota) * window;
        EXPECT_EQ(decide(c.algorithm, c.policy, c.counts, c.now).admitted(), fits) << c;
    }
}

TEST(Decide, WaitingRetryAfterAdmitsALoneClientAndOneSecondLessDoesNot) {
    int limited = 0;
    for (const Case& c : random_cases(20'000)) {
        const Verdict verdict = decide(c.algorithm, c.policy, c.counts, c.now);
        ASSERT_GE(verdict.reset_s, 1) << c;
        if (verdict.admitted()) continue;
        ++limited;
        EXPECT_EQ(verdict.remaining, 0u) << c;
        EXPECT_TRUE(admits(c, c.now + verdict.reset_s * 1000)) << c << " told to wait " << verdict.reset_s << " s";
        EXPECT_FALSE(admits(c, c.now + (verdict.reset_s - 1) * 1000))
            << c << " told to wait " << verdict.reset_s << " s";
    }
    EXPECT_GT(limited, 1000);
}

TEST(Decide, AnAdmittedClientIsToldWhenItsWindowEnds) {
    int admitted = 0;
    for (const Case& c : random_cases(20'000)) {
        const Verdict verdict = decide(c.algorithm, c.policy, c.counts, c.now);
        if (!verdict.admitted()) continue;
        ++admitted;
        const std::int64_t number = window_number(c.now, c.policy.window);
        EXPECT_GT(window_number(c.now + verdict.reset_s * 1000, c.policy.window), number) << c;
        if (verdict.reset_s > 1) {
            EXPECT_EQ(window_number(c.now + (verdict.reset_s - 1) * 1000 - 1, c.policy.window), number) << c;
        }
    }
    EXPECT_GT(admitted, 1000);
}

TEST(Decide, RemainingIsExactlyHowManyMoreAreAdmittedAtOnce) {
    for (const Case& c : random_cases(3'000)) {
        WindowCounts counts = c.counts;
        Verdict verdict = decide(c.algorithm, c.policy, counts, c.now);
        while (verdict.admitted()) {
            const std::uint32_t promised = verdict.remaining;
            ++counts.current;
            verdict = decide(c.algorithm, c.policy, counts, c.now);
            ASSERT_EQ(verdict.admitted(), promised > 0) << c;
            if (verdict.admitted()) {
                ASSERT_EQ(verdict.remaining, promised - 1) << c;
            }
        }
    }
}

TEST(Decide, FixedWindowIgnoresThePreviousWindow) {
    const Policy policy{"write", 3, base::Milliseconds{1000}, true};
    EXPECT_EQ(decide(Algorithm::fixed_window, policy, {3, 0}, 5000).remaining, 2u);
    EXPECT_EQ(decide(Algorithm::sliding_window, policy, {3, 0}, 5000).decision, Decision::limited);
}

TEST(Decide, LargeQuotasAndLongWindowsDoNotOverflow) {
    const Policy policy{"write", UINT32_MAX, base::Milliseconds{24 * 3600 * 1000}, true};
    const base::UnixMillis now = 4'102'444'800'000;  // 2100-01-01
    const Verdict fresh = decide(Algorithm::sliding_window, policy, {}, now);
    EXPECT_EQ(fresh.decision, Decision::allowed);
    EXPECT_EQ(fresh.remaining, UINT32_MAX - 1);
    const Verdict full = decide(Algorithm::sliding_window, policy, {UINT32_MAX, UINT32_MAX}, now);
    EXPECT_EQ(full.decision, Decision::limited);
    EXPECT_GT(full.reset_s, 24 * 3600);
}

/// Sends at random moments for many windows, at rates from far below to far above the limit.
LoneClient random_traffic(Algorithm algorithm, std::uint64_t seed, Policy& policy) {
    std::mt19937_64 random{seed};
    const auto pick = [&](std::int64_t min, std::int64_t max) {
        return std::uniform_int_distribution<std::int64_t>{min, max}(random);
    };
    policy = {"write", static_cast<std::uint32_t>(pick(1, 12)), base::Milliseconds{1000 * pick(1, 4)}, true};
    LoneClient client{algorithm, policy};
    base::UnixMillis now = 1'000'000'000;
    while (client.admitted.size() < 60) {
        // Now and then a pause up to just before or just after the window's end, where limiters go wrong.
        const std::int64_t left = policy.window.count() - now % policy.window.count();
        now += pick(0, 9) ? pick(0, 2 * policy.window.count() / policy.quota)
                          : std::max<std::int64_t>(0, left - pick(0, 1));
        client.take(now);
    }
    return client;
}

TEST(FixedWindow, NeverAdmitsMoreThanTheQuotaInAWindow) {
    for (std::uint64_t seed = 1; seed <= 60; ++seed) {
        Policy policy;
        const LoneClient client = random_traffic(Algorithm::fixed_window, seed, policy);
        std::map<std::int64_t, std::uint32_t> by_window;
        for (const base::UnixMillis at : client.admitted) ++by_window[window_number(at, policy.window)];
        for (const auto& [number, count] : by_window) EXPECT_LE(count, policy.quota) << "seed " << seed;
    }
}

TEST(SlidingWindow, NeverAdmitsTwiceTheQuotaInAnyStretch) {
    for (std::uint64_t seed = 1; seed <= 60; ++seed) {
        Policy policy;
        const LoneClient client = random_traffic(Algorithm::sliding_window, seed, policy);
        EXPECT_LT(client.most_in_any_stretch(), std::max<std::size_t>(2, 2 * policy.quota)) << "seed " << seed;
    }
}

TEST(SlidingWindow, ABurstBeforeABoundaryLeavesNothingBehindIt) {
    const Policy policy{"write", 10, base::Milliseconds{10'000}, true};
    for (const Algorithm algorithm : {Algorithm::fixed_window, Algorithm::sliding_window}) {
        LoneClient client{algorithm, policy};
        for (int i = 0; i < 20; ++i) client.take(99'999);
        ASSERT_EQ(client.admitted.size(), 10u);
        for (int i = 0; i < 20; ++i) client.take(100'000);
        // This is what the sliding window is for: the fixed one admits twice the quota within a millisecond.
        EXPECT_EQ(client.admitted.size(), algorithm == Algorithm::fixed_window ? 20u : 10u);
    }
}

TEST(SlidingWindow, GivesBackOneByOneAsThePreviousWindowSlidesOut) {
    const Policy policy{"write", 10, base::Milliseconds{10'000}, true};
    LoneClient client{Algorithm::sliding_window, policy};
    for (int i = 0; i < 10; ++i) ASSERT_TRUE(client.take(99'000).admitted());
    EXPECT_FALSE(client.look(100'999).admitted());
    EXPECT_TRUE(client.take(101'000).admitted());
    EXPECT_FALSE(client.look(101'999).admitted());
    EXPECT_TRUE(client.take(102'000).admitted());
    EXPECT_EQ(client.look(110'000).remaining, 7u) << "two of the window before, and this one";
}

}  // namespace
}  // namespace snippetd::limiter
