#include "http/pace.hpp"

#include <optional>

#include <gtest/gtest.h>

namespace snippetd::http {
namespace {

using namespace std::chrono_literals;

/// A peer that moves `bytes` every `interval`; the pace is asked at its deadlines, as a connection asks it. Says when
/// that was too slow; nothing if never within `length`.
std::optional<std::chrono::seconds> ended_after(Pace& pace, base::SteadyTime begin, std::uint64_t bytes,
                                                std::chrono::seconds interval, std::chrono::seconds length) {
    for (std::chrono::seconds at = 1s; at <= length; at += 1s) {
        if (at % interval == 0s) pace.moved(bytes, begin + at);
        if (begin + at >= pace.deadline() && pace.too_slow(begin + at)) return at;
    }
    return std::nullopt;
}

const base::SteadyTime kBegin{1h};
constexpr Pace::Bounds kBounds{30s, 512};

TEST(Pace, BytesThatFlowAreNeverCut) {
    for (const std::uint64_t bytes_per_second : {512, 25'000, 1'000'000}) {
        Pace pace;
        pace.begin(kBounds, kBegin);
        EXPECT_EQ(ended_after(pace, kBegin, bytes_per_second, 1s, 3600s), std::nullopt) << bytes_per_second;
    }
}

TEST(Pace, PausesWithinTheBoundAreTaken) {
    Pace pace;
    pace.begin(kBounds, kBegin);
    EXPECT_EQ(ended_after(pace, kBegin, 29 * 25'000, 29s, 3600s), std::nullopt);
}

TEST(Pace, SilenceEndsIt) {
    Pace pace;
    pace.begin(kBounds, kBegin);
    EXPECT_EQ(pace.deadline(), kBegin + 30s);
    EXPECT_FALSE(pace.too_slow(kBegin + 29s));
    EXPECT_TRUE(pace.too_slow(kBegin + 30s));
    pace.begin(kBounds, kBegin);
    pace.moved(1'000'000, kBegin + 20s);
    EXPECT_FALSE(pace.too_slow(kBegin + 30s));
    EXPECT_EQ(pace.deadline(), kBegin + 50s);
    EXPECT_TRUE(pace.too_slow(kBegin + 50s));
}

TEST(Pace, ADripEndsAtTheFirstStretch) {
    Pace pace;
    pace.begin(kBounds, kBegin);
    EXPECT_EQ(ended_after(pace, kBegin, 1, 5s, 3600s), 30s);
    pace.begin(kBounds, kBegin);
    EXPECT_EQ(ended_after(pace, kBegin, 511, 1s, 3600s), 30s);
}

TEST(Pace, ABurstEarnsNothingForLater) {
    Pace pace;
    pace.begin(kBounds, kBegin);
    pace.moved(1'000'000'000, kBegin + 1s);
    const auto ended = ended_after(pace, kBegin, 1, 5s, 3600s);
    ASSERT_TRUE(ended);
    EXPECT_LE(*ended, 61s);
}

TEST(Pace, WithoutALeastRateOnlySilenceEndsIt) {
    Pace pace;
    pace.begin({30s, 0}, kBegin);
    EXPECT_EQ(ended_after(pace, kBegin, 1, 29s, 3600s), std::nullopt);
    EXPECT_TRUE(pace.too_slow(kBegin + 2h));
}

TEST(Pace, NothingIsNoProgress) {
    Pace pace;
    pace.begin({30s, 0}, kBegin);
    pace.moved(0, kBegin + 29s);
    EXPECT_TRUE(pace.too_slow(kBegin + 30s));
}

}  // namespace
}  // namespace snippetd::http
