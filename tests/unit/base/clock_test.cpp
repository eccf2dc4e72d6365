#include "base/clock.hpp"

#include <chrono>

#include <gtest/gtest.h>

namespace snippetd::base {
namespace {

struct Moment {
    UnixMillis time;
    const char* rfc3339;
    const char* http_date;
};

// From `date -u -d @SECONDS`.
constexpr Moment kMoments[] = {
    {0, "1970-01-01T00:00:00.000Z", "Thu, 01 Jan 1970 00:00:00 GMT"},
    {1, "1970-01-01T00:00:00.001Z", "Thu, 01 Jan 1970 00:00:00 GMT"},
    {784111777000, "1994-11-06T08:49:37.000Z", "Sun, 06 Nov 1994 08:49:37 GMT"},  // the example of RFC 9110
    {951782399999, "2000-02-28T23:59:59.999Z", "Mon, 28 Feb 2000 23:59:59 GMT"},
    {951782400000, "2000-02-29T00:00:00.000Z", "Tue, 29 Feb 2000 00:00:00 GMT"},
    {1709251199010, "2024-02-29T23:59:59.010Z", "Thu, 29 Feb 2024 23:59:59 GMT"},
    {1795508130123, "2026-11-24T08:15:30.123Z", "Tue, 24 Nov 2026 08:15:30 GMT"},
    {4107542400000, "2100-03-01T00:00:00.000Z", "Mon, 01 Mar 2100 00:00:00 GMT"},  // 2100 is no leap year
    {-1, "1969-12-31T23:59:59.999Z", "Wed, 31 Dec 1969 23:59:59 GMT"},
};

TEST(FormatRfc3339, WritesUtcWithMilliseconds) {
    for (const Moment& moment : kMoments) EXPECT_EQ(format_rfc3339(moment.time), moment.rfc3339);
}

TEST(FormatHttpDate, WritesAnImfFixdate) {
    for (const Moment& moment : kMoments) EXPECT_EQ(format_http_date(moment.time), moment.http_date);
}

TEST(UnixNowMs, IsNow) {
    const auto clock = [] {
        using namespace std::chrono;
        return duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count();
    };
    const auto before = clock();
    const UnixMillis now = unix_now_ms();
    EXPECT_GE(now, before);
    EXPECT_LE(now, clock());
}

TEST(DeadlineIn, IsThatFarAway) {
    const SteadyTime before = steady_now();
    const Deadline deadline = deadline_in(Milliseconds{1500});
    EXPECT_GE(deadline, before + Milliseconds{1500});
    EXPECT_LE(deadline, steady_now() + Milliseconds{1500});
}

}  // namespace
}  // namespace snippetd::base
