#include "base/preferences.hpp"

#include <string>

#include <gtest/gtest.h>

namespace snippetd::base {
namespace {

std::string read(std::string_view list) {
    std::string out;
    while (const auto preference = take_preference(list)) {
        out += std::string{preference->value} + "=" + std::to_string(preference->weight) + " ";
    }
    return out;
}

TEST(Preferences, AreReadWithTheirWeights) {
    EXPECT_EQ(read(""), "");
    EXPECT_EQ(read(" , ,"), "");
    EXPECT_EQ(read("gzip"), "gzip=1000 ");
    EXPECT_EQ(read("text/html;level=1 ; q=0.25,\t*/*;Q=0"), "text/html=250 */*=0 ");
    EXPECT_EQ(read("a;q=1,b;q=1.000,c;q=0.001,d;q=0.0009,e;q=0."), "a=1000 b=1000 c=1 d=0 e=0 ");
    EXPECT_EQ(read("a;q=7,b;q=12345678901234567890"), "a=1000 b=1000 ");
}

TEST(Preferences, AWeightThatIsNoneCountsAsAbsent) {
    EXPECT_EQ(read("a;q=,b;q=x,c;q=-1,d;q=.5"), "a=1000 b=1000 c=1000 d=1000 ");
    EXPECT_EQ(read("a;q=0.5.5,b;seq=0,c;q"), "a=1000 b=1000 c=1000 ");
}

TEST(Preferences, WhatIsInQuotesSeparatesNothing) {
    EXPECT_EQ(read(R"(a;x="b,c;q=0",d)"), "a=1000 d=1000 ");
    EXPECT_EQ(read(R"(a;x="\",b";q=0.5,d)"), "a=500 d=1000 ");
    EXPECT_EQ(read(R"(a;x="never closed,b)"), "a=1000 ");
}

TEST(Preferences, CapitalsMeanNothing) {
    std::string_view list = "TEXT/Html";
    EXPECT_TRUE(take_preference(list)->is("text/html"));
}

}  // namespace
}  // namespace snippetd::base
