#include "base/units.hpp"

#include <limits>

#include <gtest/gtest.h>

namespace snippetd::base {
namespace {

using namespace std::chrono_literals;

TEST(ParseDuration, ReadsEveryUnit) {
    EXPECT_EQ(parse_duration("100ms"), 100ms);
    EXPECT_EQ(parse_duration("300s"), 300s);
    EXPECT_EQ(parse_duration("5m"), 5min);
    EXPECT_EQ(parse_duration("2h"), 2h);
    EXPECT_EQ(parse_duration("1d"), 24h);
    EXPECT_EQ(parse_duration("0s"), 0ms);
}

TEST(ParseDuration, RefusesEverythingElse) {
    for (const char* text : {"", "s", "300", "0", "-1s", "+1s", "1.5s", "5 minutes", "5 m", " 5m", "5m ", "5M", "5mm",
                             "1h30m", "1e3s", "0x10s"}) {
        EXPECT_EQ(parse_duration(text), std::nullopt) << text;
    }
}

TEST(ParseDuration, SaturatesInsteadOfOverflowing) {
    EXPECT_EQ(parse_duration("99999999999999999999999d"), std::chrono::milliseconds::max());
    EXPECT_EQ(parse_duration("18446744073709551615ms"), std::chrono::milliseconds::max());
    EXPECT_EQ(parse_duration("106751991168d"), std::chrono::milliseconds::max());
}

TEST(ParseSeconds, ReadsEveryUnitAndNone) {
    EXPECT_EQ(parse_seconds("7"), 7);
    EXPECT_EQ(parse_seconds("7", "h"), 25'200);
    EXPECT_EQ(parse_seconds("7", ""), std::nullopt);
    EXPECT_EQ(parse_seconds("7m", "h"), 420);
    EXPECT_EQ(parse_seconds("7s"), 7);
    EXPECT_EQ(parse_seconds("7m"), 420);
    EXPECT_EQ(parse_seconds("7h"), 25'200);
    EXPECT_EQ(parse_seconds("7d"), 604'800);
    EXPECT_EQ(parse_seconds("2w"), 1'209'600);
    EXPECT_EQ(parse_seconds("99999999999999999999999w"), (1ll << 53) - 1);
    for (const char* text : {"", "junk", "d", "7 d", " 7d", "7d ", "7dd", "7D", "-7d", "+7d", "1.5h", "1h30m", "7ms"}) {
        EXPECT_EQ(parse_seconds(text), std::nullopt) << text;
    }
}

TEST(ParseSize, ReadsEveryUnit) {
    EXPECT_EQ(parse_size("7B"), 7u);
    EXPECT_EQ(parse_size("64KiB"), 65536u);
    EXPECT_EQ(parse_size("1MiB"), 1048576u);
    EXPECT_EQ(parse_size("2GiB"), 2147483648u);
    EXPECT_EQ(parse_size("0B"), 0u);
}

TEST(ParseSize, RefusesEverythingElse) {
    for (const char* text : {"", "MiB", "64", "0", "-1B", "64MB", "64mib", "64 MiB", "1.5MiB", "64M"}) {
        EXPECT_EQ(parse_size(text), std::nullopt) << text;
    }
}

TEST(ParseSize, SaturatesInsteadOfOverflowing) {
    EXPECT_EQ(parse_size("18446744073709551616B"), std::numeric_limits<std::uint64_t>::max());
    EXPECT_EQ(parse_size("17179869184GiB"), std::numeric_limits<std::uint64_t>::max());
}

TEST(FormatDuration, UsesTheLargestUnitButMinutes) {
    EXPECT_EQ(format_duration(0ms), "0ms");
    EXPECT_EQ(format_duration(100ms), "100ms");
    EXPECT_EQ(format_duration(1500ms), "1500ms");
    EXPECT_EQ(format_duration(300s), "300s");
    EXPECT_EQ(format_duration(1h), "1h");
    EXPECT_EQ(format_duration(48h), "2d");
}

TEST(FormatSize, UsesTheLargestUnit) {
    EXPECT_EQ(format_size(0), "0B");
    EXPECT_EQ(format_size(1000), "1000B");
    EXPECT_EQ(format_size(1u << 20), "1MiB");
    EXPECT_EQ(format_size(1536), "1536B");
    EXPECT_EQ(format_size(3ull << 30), "3GiB");
}

TEST(Units, WhatIsWrittenIsReadAsTheSame) {
    for (auto duration : {0ms, 1ms, 999ms, 60000ms, 3600000ms, 86400001ms}) {
        EXPECT_EQ(parse_duration(format_duration(duration)), duration);
    }
    for (std::uint64_t bytes : {0ull, 1ull, 1023ull, 1024ull, 1ull << 30, 1ull << 40}) {
        EXPECT_EQ(parse_size(format_size(bytes)), bytes);
    }
}

}  // namespace
}  // namespace snippetd::base
