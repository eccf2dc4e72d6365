#include "http/deadlines.hpp"

#include <gtest/gtest.h>

namespace snippetd::http {
namespace {

using namespace std::chrono_literals;
using Wait = Deadlines::Wait;
using Verdict = Deadlines::Verdict;

class DeadlinesTest : public testing::Test {
  protected:
    DeadlinesTest() {
        options.header_timeout = 10s;
        options.idle_timeout = 75s;
        options.linger_timeout = 300s;
        options.pace = {30s, 512};
    }
    bool is_due_in(std::chrono::milliseconds time) const {
        return !deadlines.is_due(now + time - 1ms) && deadlines.is_due(now + time);
    }
    Verdict judge(std::uint64_t taken = 0, std::uint64_t untaken = 0) { return deadlines.judge(now, taken, untaken); }

    ServerOptions options;
    base::SteadyTime now{1000s};
    Deadlines deadlines{options, now};
};

TEST_F(DeadlinesTest, AFreshOneIsIdle) {
    Deadlines fresh{options, now};
    EXPECT_EQ(fresh.wait(), Wait::request);
    EXPECT_FALSE(fresh.is_due(now + 75s - 1ms));
    EXPECT_TRUE(fresh.is_due(now + 75s));
}

TEST_F(DeadlinesTest, WhoIsIdleIsEndedUnlessAnAnswerIsStillTaken) {
    deadlines.begin(Wait::request, now);
    EXPECT_TRUE(is_due_in(75s));
    now += 75s;
    EXPECT_EQ(judge(1000, 500), Verdict::in_time) << "the kernel has sent some and has more";
    EXPECT_TRUE(is_due_in(75s));
    now += 75s;
    Deadlines other = deadlines;
    EXPECT_EQ(judge(0, 500), Verdict::over) << "the peer has taken nothing meanwhile";
    EXPECT_EQ(other.judge(now, 500, 0), Verdict::over) << "it has taken all";
}

TEST_F(DeadlinesTest, AHeaderHasATimeThatPiecesOfItDoNotLengthen) {
    deadlines.begin(Wait::header, now);
    EXPECT_TRUE(is_due_in(10s));
    now += 9s;
    deadlines.begin(Wait::header, now);
    EXPECT_TRUE(is_due_in(1s));
    now += 1s;
    EXPECT_EQ(judge(), Verdict::late);
    deadlines.end_request();
    deadlines.begin(Wait::header, now);
    EXPECT_TRUE(is_due_in(10s)) << "the next request's is another one";
}

TEST_F(DeadlinesTest, ABodyKeepsAPace) {
    deadlines.begin(Wait::header, now);
    deadlines.begin(Wait::body, now);
    EXPECT_TRUE(is_due_in(30s));
    for (int stretch = 0; stretch < 10; ++stretch) {
        now += 29s;
        deadlines.moved(512 * 30, now);
        deadlines.begin(Wait::body, now);
        now += 1s;
        ASSERT_EQ(judge(), Verdict::in_time) << "as long as it keeps it";
    }
    now += 29s;
    deadlines.moved(512 * 29, now);
    now += 1s;
    EXPECT_EQ(judge(), Verdict::late) << "too little in a stretch";
}

TEST_F(DeadlinesTest, ABodyThatStopsIsLate) {
    deadlines.begin(Wait::body, now);
    deadlines.moved(1'000'000, now + 1s);
    now += 31s;
    EXPECT_EQ(judge(), Verdict::late) << "what came at once earns nothing for later";
}

TEST_F(DeadlinesTest, AnAnswerHasDeadlinesOfItsOwn) {
    deadlines.begin(Wait::answer, now);
    EXPECT_FALSE(deadlines.is_due(now + 1000h));
}

TEST_F(DeadlinesTest, WhoTakesAnAnswerKeepsAPace) {
    deadlines.begin(Wait::taking, now);
    EXPECT_TRUE(is_due_in(7500ms)) << "looked at before the silence is over, because the kernel says not when";
    for (int look = 0; look < 20; ++look) {
        now += 7500ms;
        ASSERT_EQ(judge(10'000, 1'000'000), Verdict::in_time);
    }
    int looks = 0;
    do {
        ++looks;
        now += 7500ms;
    } while (judge(0, 1'000'000) == Verdict::in_time && looks < 10);
    EXPECT_EQ(looks, 4) << "30 seconds of silence";
}

TEST_F(DeadlinesTest, WhoWasRefusedMayGoOnSendingForATime) {
    deadlines.begin_lingering(false, now);
    const base::SteadyTime end = now + 300s;
    while (now < end) {
        EXPECT_FALSE(deadlines.has_lingered_enough(now));
        now += 7500ms;
        deadlines.moved(10'000, now);
        ASSERT_EQ(judge(), now < end ? Verdict::in_time : Verdict::over);
    }
    EXPECT_TRUE(deadlines.has_lingered_enough(now));
}

TEST_F(DeadlinesTest, NobodyIsWaitedForLongWhoHasSentAll) {
    deadlines.begin_lingering(true, now);
    EXPECT_TRUE(is_due_in(2s));
    Deadlines other{options, now};
    other.begin_lingering(false, now);
    EXPECT_FALSE(other.is_due(now + 2s));
    other.hurry(now);
    EXPECT_TRUE(other.is_due(now + 2s)) << "when the service shuts down";
    now += 2s;
    EXPECT_EQ(judge(), Verdict::over);
}

TEST_F(DeadlinesTest, OnlyWhoLingersIsHurried) {
    EXPECT_DEATH(deadlines.hurry(now), "wait_ == Wait::lingering");
}

}  // namespace
}  // namespace snippetd::http
