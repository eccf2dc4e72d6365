#include "http/negotiation.hpp"

#include <array>
#include <string>

#include <gtest/gtest.h>

namespace snippetd::http {
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

Welcome weigh(std::string_view accept, std::string_view type, std::string_view other = {}) {
    const std::array<Offer, 1> offers{{{type, other}}};
    return weigh_offers(accept, offers).front();
}

TEST(Offers, WeighWhatTheRangeSaysThatNamesThemMostPrecisely) {
    // RFC 9110 section 12.5.1. Nothing is offered with parameters here, so the table's rows with some are left out.
    const char* accept =
        "text/*;q=0.3, text/plain;q=0.7, text/plain;format=flowed, text/plain;format=fixed;q=0.4, */*;q=0.5";
    EXPECT_EQ(weigh(accept, "text/plain").weight, 700);
    EXPECT_EQ(weigh(accept, "text/html").weight, 300);
    EXPECT_EQ(weigh(accept, "image/jpeg").weight, 500);
    EXPECT_EQ(weigh("audio/*; q=0.2, audio/basic", "audio/basic").weight, 1000);
    EXPECT_EQ(weigh("audio/*; q=0.2, audio/basic", "audio/mpeg").weight, 200);
    EXPECT_EQ(weigh("text/plain; q=0.5, text/html, text/x-dvi; q=0.8, text/x-c", "text/x-dvi").weight, 800);
}

TEST(Offers, SayHowTheyWereNamedAndWhere) {
    const Welcome named = weigh("a/b, */*, TEXT/html;q=0.5", "text/html");
    EXPECT_EQ(named.precision, Welcome::by_name);
    EXPECT_EQ(named.place, 3);
    EXPECT_EQ(weigh("a/b, Text/*", "text/html").precision, Welcome::by_type);
    EXPECT_EQ(weigh("*/*", "text/html").precision, Welcome::by_anything);
    const Welcome absent = weigh("text/htm, text/htmlx, tex/*, *, html", "text/html");
    EXPECT_EQ(absent.precision, Welcome::not_at_all);
    EXPECT_EQ(absent.weight, 0);
    EXPECT_EQ(weigh("", "text/html").precision, Welcome::not_at_all);
}

TEST(Offers, WhatIsRefusedPreciselyIsRefused) {
    EXPECT_EQ(weigh("text/html;q=0, */*", "text/html").weight, 0);
    EXPECT_EQ(weigh("*/*, text/*;q=0", "text/html").weight, 0);
    EXPECT_EQ(weigh("text/html;q=0, text/html", "text/html").weight, 1000) << "the most of what is said twice";
}

TEST(Offers, MayHaveTwoNames) {
    EXPECT_EQ(weigh("application/xhtml+xml;q=0.4, text/*", "text/html", "application/xhtml+xml").weight, 400);
    EXPECT_EQ(weigh("application/*", "text/html", "application/xhtml+xml").weight, 0)
        << "a range of types takes the first name alone";
    EXPECT_EQ(weigh("a/b;q=0.2, c/d;q=0.3", "a/b", "c/d").weight, 300);
}

TEST(Offers, ParametersMakeARangeLessPreciseHere) {
    EXPECT_EQ(weigh("application/json;odata=verbose", "application/json").weight, 1000);
    EXPECT_EQ(weigh("application/json;v=1;q=0.9, application/json;q=0.1", "application/json").weight, 100);
    EXPECT_EQ(weigh("application/json;v=1;q=0.9, application/*;q=0.1", "application/json").weight, 900);
}

TEST(Offers, HostileListsWeighSomething) {
    for (const std::string& accept :
         {std::string(16384, ','), std::string(16384, '*'), std::string(16384, '/'), std::string(16384, ';'),
          std::string(16384, '"'), std::string(16384, '\\'), std::string{"/*"}, std::string{"*/*;q="},
          std::string{";q=1"}, std::string{"text/html;q=0.0000000000000000000000000000000000000000001"}}) {
        const Welcome welcome = weigh(accept, "text/html");
        EXPECT_GE(welcome.weight, 0);
        EXPECT_LE(welcome.weight, 1000);
    }
}

}  // namespace
}  // namespace snippetd::http
