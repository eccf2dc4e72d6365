#include "cache/channel.hpp"

#include <limits>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace snippetd::cache {
namespace {

/// What a message has told.
struct Heard {
    model::NumbersById floors;
    std::vector<model::NumbersById> counts;
};

Heard read(const std::string& message) {
    Heard heard;
    Channel::Listener listener;
    listener.on_floor = [&heard](std::string id, std::int64_t floor) {
        heard.floors.emplace_back(std::move(id), floor);
    };
    listener.on_counts = [&heard](model::NumbersById totals) { heard.counts.push_back(std::move(totals)); };
    Channel::read(message, listener);
    return heard;
}

TEST(Channel, AFloorIsReadAsItWasWritten) {
    EXPECT_EQ(write_floor("AbCdEf123456", 7), "floor AbCdEf123456 7");
    for (const std::int64_t floor : {std::int64_t{0}, std::int64_t{7}, std::numeric_limits<std::int64_t>::max()}) {
        const Heard heard = read(write_floor("AbCdEf123456", floor));
        EXPECT_EQ(heard.floors, (model::NumbersById{{"AbCdEf123456", floor}}));
        EXPECT_TRUE(heard.counts.empty());
    }
}

TEST(Channel, CountsAreReadAsTheyWereWritten) {
    EXPECT_EQ(write_counts({{"a", 1}, {"b", 22}}), "counts a 1 b 22");
    model::NumbersById many;
    for (int i = 0; i < 1000; ++i) many.emplace_back("id" + std::to_string(i), i);
    for (const model::NumbersById& totals :
         {model::NumbersById{{"a", 1}}, model::NumbersById{{"a", 1}, {"b", 22}}, many}) {
        const Heard heard = read(write_counts(totals));
        ASSERT_EQ(heard.counts.size(), 1u);
        EXPECT_EQ(heard.counts[0], totals);
        EXPECT_TRUE(heard.floors.empty());
    }
}

TEST(Channel, WhatIsNoMessageIsPassedOver) {
    for (const char* message : {"",
                                " ",
                                "floor",
                                "floor ",
                                "floor a",
                                "floor a ",
                                "floor a x",
                                "floor a 1x",
                                "floor a 0x1",
                                "floor  1",
                                "floor a 9223372036854775808",
                                "floor a 1 b",
                                "floor a 1 b 2",
                                "Floor a 1",
                                "floors a 1",
                                " floor a 1",
                                "floor\na\n1",
                                "counts a",
                                "counts a x",
                                "counts a 1 b",
                                "counts a 1 b x",
                                "counts a 1  2",
                                "views a 1",
                                "\xff\xfe\x01"}) {
        const Heard heard = read(message);
        EXPECT_TRUE(heard.floors.empty() && heard.counts.empty()) << message;
    }
    EXPECT_TRUE(read(std::string(1000, '\0')).floors.empty());
}

}  // namespace
}  // namespace snippetd::cache
