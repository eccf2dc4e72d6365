#include "http/dates.hpp"

#include <optional>

#include <gtest/gtest.h>

namespace snippetd::http {
namespace {

constexpr base::UnixMillis kNow = 1'795'000'000'000;  // in November 2026

TEST(HttpDate, IsReadInItsThreeForms) {
    for (const char* text : {"Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT",
                             "Sun Nov  6 08:49:37 1994", "Sun Nov 06 08:49:37 1994"}) {
        EXPECT_EQ(parse_http_date(text, kNow), 784'111'777) << text;
    }
    EXPECT_EQ(parse_http_date("Thu, 01 Jan 1970 00:00:00 GMT", kNow), 0);
    EXPECT_EQ(parse_http_date("Wed, 31 Dec 1969 23:59:59 GMT", kNow), -1);
    EXPECT_EQ(parse_http_date("Thu, 29 Feb 2024 12:00:00 GMT", kNow), 1'709'208'000);
    EXPECT_EQ(parse_http_date("Sat, 31 Dec 2016 23:59:60 GMT", kNow), 1'483'228'800) << "a leap second";
    EXPECT_EQ(parse_http_date(base::format_http_date(kNow), kNow), kNow / 1000);
}

TEST(HttpDate, AYearOfTwoDigitsIsAtMostFiftyYearsAhead) {
    const auto year_of = [](const char* text) { return 1970 + parse_http_date(text, kNow).value_or(0) / 31'556'952; };
    EXPECT_EQ(year_of("Monday, 15-Jun-26 00:00:00 GMT"), 2026);
    EXPECT_EQ(year_of("Monday, 15-Jun-76 00:00:00 GMT"), 2076);
    EXPECT_EQ(year_of("Monday, 15-Jun-77 00:00:00 GMT"), 1977);
    EXPECT_EQ(year_of("Monday, 15-Jun-00 00:00:00 GMT"), 2000);
}

TEST(HttpDate, IsNothingElse) {
    for (const char* text :
         {"", "0", "yesterday", "Sun, 06 Nov 1994 08:49:37", "Sun, 06 Nov 1994 08:49:37 UTC",
          "Sun, 06 Nov 1994 08:49:37 GMT ", "sun, 06 Nov 1994 08:49:37 GMT", "Sun, 06 nov 1994 08:49:37 GMT",
          "Sun, 6 Nov 1994 08:49:37 GMT", "Sun, 31 Feb 2024 08:49:37 GMT", "Sun, 06 Nov 1994 24:00:00 GMT",
          "Sun, 06 Nov 1994 08:60:37 GMT", "Sun, 06 Nov 1994 08:49:61 GMT", "Sun, 06-Nov-94 08:49:37 GMT",
          "Sunday, 06 Nov 1994 08:49:37 GMT", "1994-11-06T08:49:37Z", "Sun, 06 Nov +994 08:49:37 GMT",
          "Sun, 06 Nov 1994 08:49:37 GMT, Sun, 06 Nov 1994 08:49:37 GMT", "Sun Nov 6 08:49:37 1994"}) {
        EXPECT_EQ(parse_http_date(text, kNow), std::nullopt) << text;
    }
}

}  // namespace
}  // namespace snippetd::http
