#include "cache/trust.hpp"

#include <gtest/gtest.h>

namespace snippetd::cache {
namespace {

using namespace std::chrono_literals;

const base::SteadyTime kStart = base::steady_now();

base::SteadyTime at(base::Milliseconds offset) {
    return kStart + offset;
}

/// Heartbeats from `from` to `to`, one each 60 ms.
void prove(Trust& trust, base::Milliseconds from, base::Milliseconds to, std::uint64_t connection = 1) {
    for (base::Milliseconds asked = from; asked <= to; asked += 60ms) trust.proven(at(asked), connection);
}

TEST(Trust, WithoutAProofAnEntryIsCoveredForAMomentFromItsLoad) {
    const Trust trust;
    EXPECT_TRUE(trust.covers(at(0ms), at(0ms)));
    EXPECT_TRUE(trust.covers(at(0ms), at(199ms)));
    EXPECT_FALSE(trust.covers(at(0ms), at(200ms)));
    EXPECT_FALSE(trust.covers(at(0ms), at(1h)));
}

TEST(Trust, WhileHeartbeatsAreAnsweredWhatWasLoadedSinceTheFirstIsCovered) {
    Trust trust;
    prove(trust, 0ms, 6000ms);
    EXPECT_TRUE(trust.covers(at(0ms), at(6000ms)));
    EXPECT_TRUE(trust.covers(at(3000ms), at(6199ms)));
    EXPECT_FALSE(trust.covers(at(-1ms), at(6000ms))) << "loaded before anything was heard";
}

TEST(Trust, AfterTheLastHeartbeatItLastsForAMoment) {
    Trust trust;
    prove(trust, 0ms, 600ms);
    EXPECT_TRUE(trust.covers(at(0ms), at(799ms)));
    EXPECT_FALSE(trust.covers(at(0ms), at(800ms)));
    EXPECT_TRUE(trust.covers(at(700ms), at(899ms))) << "its own moment is not over";
}

TEST(Trust, AfterASilenceOnlyWhatIsLoadedFromThenOnIsCovered) {
    Trust trust;
    prove(trust, 0ms, 600ms);
    prove(trust, 801ms, 2001ms);  // one that was sent after the last proof had run out
    EXPECT_FALSE(trust.covers(at(0ms), at(2001ms)));
    EXPECT_FALSE(trust.covers(at(800ms), at(2001ms)));
    EXPECT_TRUE(trust.covers(at(801ms), at(2001ms)));
}

TEST(Trust, ALateHeartbeatThatWasSentInTimeIsNoSilence) {
    Trust trust;
    trust.proven(at(0ms), 1);
    trust.proven(at(199ms), 1);
    EXPECT_TRUE(trust.covers(at(0ms), at(398ms)));
    EXPECT_FALSE(trust.covers(at(0ms), at(399ms)));
}

TEST(Trust, OverAnotherConnectionOnlyWhatIsLoadedFromThenOnIsCovered) {
    Trust trust;
    prove(trust, 0ms, 600ms, 1);
    prove(trust, 660ms, 1260ms, 2);  // without a silence in between
    EXPECT_FALSE(trust.covers(at(0ms), at(1260ms)));
    EXPECT_FALSE(trust.covers(at(659ms), at(1260ms)));
    EXPECT_TRUE(trust.covers(at(660ms), at(1260ms)));
}

}  // namespace
}  // namespace snippetd::cache
