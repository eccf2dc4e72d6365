#include "cache/trust.hpp"

#include <gtest/gtest.h>

namespace snippetd::cache {
namespace {

using namespace std::chrono_literals;

const base::SteadyTime kOrigin = base::steady_now();
constexpr base::Milliseconds kMax = Trust::kSilenceMax;

base::SteadyTime at(base::Milliseconds offset) {
    return kOrigin + offset;
}

/// What a look of 40 ms before and a heartbeat prove, every 60 ms from `from` to `to`.
void prove(Trust& trust, base::Milliseconds from, base::Milliseconds to, std::uint64_t stand = 1) {
    for (base::Milliseconds asked = from; asked <= to; asked += 60ms) trust.proven(at(asked - 40ms), at(asked), stand);
}

TEST(Trust, WithoutAProofAnEntryIsCoveredForAMomentFromItsLoad) {
    const Trust trust;
    EXPECT_TRUE(trust.covers(at(0ms), at(0ms)));
    EXPECT_TRUE(trust.covers(at(0ms), at(kMax - 1ms)));
    EXPECT_FALSE(trust.covers(at(0ms), at(kMax)));
    EXPECT_FALSE(trust.covers(at(0ms), at(1h)));
}

TEST(Trust, WhileProofsComeWhatWasLoadedSinceTheFirstHeartbeatIsCovered) {
    Trust trust;
    prove(trust, 0ms, 6000ms);
    EXPECT_TRUE(trust.covers(at(0ms), at(6000ms)));
    EXPECT_TRUE(trust.covers(at(3000ms), at(5960ms + kMax - 1ms)));
    EXPECT_FALSE(trust.covers(at(-1ms), at(6000ms))) << "loaded before anything was heard";
}

TEST(Trust, AProofLastsForAMomentFromWhatItIsCompleteFor) {
    Trust trust;
    prove(trust, 0ms, 600ms);
    EXPECT_TRUE(trust.covers(at(0ms), at(560ms + kMax - 1ms)));
    EXPECT_FALSE(trust.covers(at(0ms), at(560ms + kMax))) << "however late the heartbeat was";
    EXPECT_TRUE(trust.covers(at(700ms), at(700ms + kMax - 1ms))) << "its own moment is not over";
}

TEST(Trust, AfterASilenceOfTheSameStandNothingHasBeenMissed) {
    Trust trust;
    prove(trust, 0ms, 600ms);
    EXPECT_FALSE(trust.covers(at(0ms), at(5000ms)));
    prove(trust, 5000ms, 5000ms);
    EXPECT_TRUE(trust.covers(at(0ms), at(5000ms)));
}

TEST(Trust, AProofThatIsLateProvesNothing) {
    Trust trust;
    trust.proven(at(0ms), at(300ms), 1);
    EXPECT_FALSE(trust.covers(at(0ms), at(300ms)));
    EXPECT_FALSE(trust.covers(at(0ms), at(kMax)));
}

TEST(Trust, OverAnotherStandOnlyWhatIsLoadedSinceItWasHeardIsCovered) {
    Trust trust;
    prove(trust, 0ms, 600ms, 1);
    prove(trust, 660ms, 1260ms, 2);  // without a silence in between
    EXPECT_FALSE(trust.covers(at(0ms), at(1260ms)));
    EXPECT_FALSE(trust.covers(at(659ms), at(1260ms))) << "who was told in between was not listened to";
    EXPECT_TRUE(trust.covers(at(660ms), at(1260ms)));
}

}  // namespace
}  // namespace snippetd::cache
