#include "base/numbers.hpp"

#include <cstdint>
#include <limits>
#include <optional>

#include <gtest/gtest.h>

namespace snippetd::base {
namespace {

TEST(ParseNumber, TakesTheWholeTextOrNothing) {
    EXPECT_EQ(parse_number<int>("0"), 0);
    EXPECT_EQ(parse_number<int>("42"), 42);
    EXPECT_EQ(parse_number<int>("-42"), -42);
    EXPECT_EQ(parse_number<int>("007"), 7);
    for (const char* const text : {"", " 1", "1 ", "1x", "x", "+1", "0x10", "1.0", "1e3", "-", "--1", "\u0661"}) {
        EXPECT_EQ(parse_number<int>(text), std::nullopt) << text;
    }
    EXPECT_EQ(parse_number<int>(std::string_view{"1\0", 2}), std::nullopt);
}

TEST(ParseNumber, TakesWhatFits) {
    EXPECT_EQ(parse_number<std::uint16_t>("65535"), 65535);
    EXPECT_EQ(parse_number<std::uint16_t>("65536"), std::nullopt);
    EXPECT_EQ(parse_number<std::uint16_t>("-1"), std::nullopt);
    EXPECT_EQ(parse_number<std::int64_t>("9223372036854775807"), std::numeric_limits<std::int64_t>::max());
    EXPECT_EQ(parse_number<std::int64_t>("-9223372036854775808"), std::numeric_limits<std::int64_t>::min());
    EXPECT_EQ(parse_number<std::int64_t>("9223372036854775808"), std::nullopt);
}

TEST(ParseNumber, ReadsOtherBases) {
    EXPECT_EQ(parse_number<std::uint32_t>("1F600", 16), 0x1F600u);
    EXPECT_EQ(parse_number<std::uint32_t>("1f600", 16), 0x1F600u);
    EXPECT_EQ(parse_number<std::uint32_t>("12G", 16), std::nullopt);
}

}  // namespace
}  // namespace snippetd::base
