#include "base/cidr.hpp"

#include <gtest/gtest.h>

namespace snippetd::base {
namespace {

bool contains(const char* range, const char* address) {
    return Cidr::parse(range).value().contains(boost::asio::ip::make_address(address));
}

TEST(Cidr, ReadsRangesAndBareAddresses) {
    EXPECT_EQ(Cidr::parse("10.0.0.0/8")->to_string(), "10.0.0.0/8");
    EXPECT_EQ(Cidr::parse("2001:db8::/32")->to_string(), "2001:db8::/32");
    EXPECT_EQ(Cidr::parse("192.0.2.7")->to_string(), "192.0.2.7/32");
    EXPECT_EQ(Cidr::parse("::1")->to_string(), "::1/128");
    EXPECT_EQ(Cidr::parse("0.0.0.0/0")->to_string(), "0.0.0.0/0");
}

TEST(Cidr, ClearsBitsBehindThePrefix) {
    EXPECT_EQ(Cidr::parse("10.1.2.3/8"), Cidr::parse("10.0.0.0/8"));
    EXPECT_EQ(Cidr::parse("2001:db8::1/32")->to_string(), "2001:db8::/32");
}

TEST(Cidr, RefusesEverythingElse) {
    for (const char* text : {"", "/", "/8", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/8/8", "10.0.0.0/ 8",
                             "10.0.0.0/4294967304", "10.0.0/8", "10.0.0.256", "::/129", "[::1]", "fe80::1%eth0",
                             "fe80::%1/64", "localhost", "10.0.0.0/8,"}) {
        EXPECT_EQ(Cidr::parse(text), std::nullopt) << text;
    }
}

TEST(Cidr, RefusesAZeroByte) {
    EXPECT_EQ(Cidr::parse(std::string_view("10.0.0.1\0x", 10)), std::nullopt);
}

TEST(Cidr, ContainsItsAddressesAndNoOthers) {
    EXPECT_TRUE(contains("10.0.0.0/8", "10.0.0.0"));
    EXPECT_TRUE(contains("10.0.0.0/8", "10.255.255.255"));
    EXPECT_FALSE(contains("10.0.0.0/8", "11.0.0.0"));
    EXPECT_FALSE(contains("10.0.0.0/8", "9.255.255.255"));
    EXPECT_TRUE(contains("192.0.2.7", "192.0.2.7"));
    EXPECT_FALSE(contains("192.0.2.7", "192.0.2.8"));
    EXPECT_TRUE(contains("0.0.0.0/0", "203.0.113.9"));
    EXPECT_TRUE(contains("2001:db8::/33", "2001:db8:7fff::1"));
    EXPECT_FALSE(contains("2001:db8::/33", "2001:db8:8000::1"));
    EXPECT_FALSE(contains("2001:db8::/32", "10.0.0.1"));
    EXPECT_FALSE(contains("10.0.0.0/8", "2001:db8::1"));
    EXPECT_FALSE(contains("0.0.0.0/0", "::1"));
    EXPECT_FALSE(contains("::/0", "10.0.0.1"));
}

TEST(Cidr, TreatsMappedAddressesAsIpv4) {
    EXPECT_TRUE(contains("10.0.0.0/8", "::ffff:10.1.2.3"));
    EXPECT_FALSE(contains("10.0.0.0/8", "::ffff:11.1.2.3"));
    EXPECT_FALSE(contains("::/0", "::ffff:10.1.2.3"));
    EXPECT_EQ(Cidr::parse("::ffff:10.0.0.0/104"), Cidr::parse("10.0.0.0/8"));
    EXPECT_EQ(Cidr::parse("::ffff:192.0.2.7"), Cidr::parse("192.0.2.7/32"));
}

TEST(Cidr, IgnoresTheZoneOfWhatIsLookedUp) {
    auto zoned = boost::asio::ip::make_address_v6("fe80::1");
    zoned.scope_id(2);
    EXPECT_TRUE(Cidr::parse("fe80::/10")->contains(zoned));
}

}  // namespace
}  // namespace snippetd::base
