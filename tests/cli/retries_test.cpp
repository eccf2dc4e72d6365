#include "retries.hpp"

#include <gtest/gtest.h>

namespace snippetd::cli {
namespace {

using namespace std::chrono_literals;
using Verdict = Retries::Next::Verdict;

constexpr std::chrono::sys_seconds kNow{1'000'000'000s};  // Sun, 09 Sep 2001 01:46:40 GMT

TEST(RetryAfterTest, IsSecondsOrADate) {
    EXPECT_EQ(parse_retry_after("7", kNow), 7s);
    EXPECT_EQ(parse_retry_after(" 0 ", kNow), 0s);
    EXPECT_EQ(parse_retry_after("Sun, 09 Sep 2001 01:46:55 GMT", kNow), 15s);
    EXPECT_EQ(parse_retry_after("Sun, 09 Sep 2001 01:46:00 GMT", kNow), 0s);
    EXPECT_GT(parse_retry_after("99999999999999999999", kNow), 24h);
}

TEST(RetryAfterTest, AnythingElseIsNothing) {
    for (const char* wrong : {"", " ", "-1", "1.5", "soon", "Sun, 09 Sep 2001", "7s"}) {
        EXPECT_FALSE(parse_retry_after(wrong, kNow)) << wrong;
    }
}

TEST(RetriesTest, WaitTwiceAsLongEachTimeUpToABound) {
    Retries retries{100, 1h};
    for (const auto expected : {200ms, 400ms, 800ms, 1600ms, 3200ms, 6400ms, 8000ms, 8000ms}) {
        EXPECT_EQ(retries.after_failure(0ms, std::nullopt, 0).wait, expected);
    }
}

TEST(RetriesTest, JitterShortensByUpToAHalf) {
    EXPECT_EQ((Retries{1, 1h}.after_failure(0ms, std::nullopt, 1).wait), 100ms);
    EXPECT_EQ((Retries{1, 1h}.after_failure(0ms, std::nullopt, 0.5).wait), 150ms);
}

TEST(RetriesTest, EndAfterTheGivenNumber) {
    Retries retries{2, 1h};
    EXPECT_EQ(retries.after_failure(0ms, 0ms, 0).verdict, Verdict::wait);
    EXPECT_EQ(retries.after_failure(0ms, 0ms, 0).verdict, Verdict::wait);
    EXPECT_EQ(retries.after_failure(0ms, 0ms, 0).verdict, Verdict::used_up);
    EXPECT_EQ(retries.retries_made(), 2);
    EXPECT_EQ((Retries{0, 1h}.after_failure(0ms, 0ms, 0).verdict), Verdict::used_up);
}

TEST(RetriesTest, DoNotWaitBeyondTheDeadline) {
    Retries retries{5, 60s};
    EXPECT_EQ(retries.after_failure(0ms, 59s, 0).verdict, Verdict::wait);
    const Retries::Next next = retries.after_failure(30s, 30s, 0);
    EXPECT_EQ(next.verdict, Verdict::too_late);
    EXPECT_EQ(next.wait, 30s);
}

}  // namespace
}  // namespace snippetd::cli
