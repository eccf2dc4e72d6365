#include "http/client_address.hpp"

#include <set>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace snippetd::http {
namespace {

namespace ip = boost::asio::ip;

const std::vector<base::Cidr> kProxies{*base::Cidr::parse("10.0.0.0/8"), *base::Cidr::parse("2001:db8:ffff::/48")};

std::string client_of(const char* peer, std::string_view forwarded_for) {
    return client_address(ip::make_address(peer), forwarded_for, kProxies).to_string();
}

TEST(ClientAddress, IsThePeerUnlessThatIsATrustedProxy) {
    EXPECT_EQ(client_of("192.0.2.1", ""), "192.0.2.1");
    EXPECT_EQ(client_of("192.0.2.1", "198.51.100.7"), "192.0.2.1") << "anybody may write the field";
    EXPECT_EQ(client_of("10.0.0.1", ""), "10.0.0.1");
    EXPECT_EQ(client_of("10.0.0.1", "198.51.100.7"), "198.51.100.7");
    EXPECT_EQ(client_of("::ffff:10.0.0.1", "198.51.100.7"), "198.51.100.7") << "the proxy over IPv6's socket";
    EXPECT_EQ(client_address(ip::make_address("10.0.0.1"), "198.51.100.7", {}).to_string(), "10.0.0.1");
}

TEST(ClientAddress, IsReadFromTheEndAsFarAsProxiesAreTrusted) {
    EXPECT_EQ(client_of("10.0.0.1", "203.0.113.9, 198.51.100.7"), "198.51.100.7") << "the first one anybody may write";
    EXPECT_EQ(client_of("10.0.0.1", "203.0.113.9, 198.51.100.7, 10.0.0.2"), "198.51.100.7");
    EXPECT_EQ(client_of("10.0.0.1", "198.51.100.7,10.0.0.3 ,\t2001:db8:ffff::1"), "198.51.100.7");
    EXPECT_EQ(client_of("10.0.0.1", "10.0.0.3, 10.0.0.2"), "10.0.0.3") << "a proxy may be the client";
}

TEST(ClientAddress, MayHaveAPort) {
    EXPECT_EQ(client_of("10.0.0.1", "198.51.100.7:4711"), "198.51.100.7");
    EXPECT_EQ(client_of("10.0.0.1", "[2001:db8::7]:4711"), "2001:db8::7");
    EXPECT_EQ(client_of("10.0.0.1", "[2001:db8::7]"), "2001:db8::7");
    EXPECT_EQ(client_of("10.0.0.1", "2001:db8::7"), "2001:db8::7");
}

TEST(ClientAddress, WhatIsNoAddressEndsTheList) {
    for (const char* wrong : {"unknown", "_hidden", "", ",", "198.51.100", "198.51.100.7 x", "[2001:db8::7", "[",
                              "[]:1", ":", "256.0.0.1", "198.51.100.7%eth0", "\"198.51.100.7\""}) {
        EXPECT_EQ(client_of("10.0.0.1", std::string{"203.0.113.9, "} + wrong), "10.0.0.1") << wrong;
        EXPECT_EQ(client_of("10.0.0.1", std::string{wrong} + ", 10.0.0.2"), "10.0.0.2") << wrong;
    }
}

std::string address_key_of(const char* address) {
    return address_key(ip::make_address(address));
}

TEST(AddressKey, IsTheAddressOrTheSubscribersNetwork) {
    for (const char* address : {"192.0.2.1", "0.0.0.0", "255.255.255.255", "10.9.99.100", "100.101.110.200"}) {
        EXPECT_EQ(address_key_of(address), std::string{"ip:"} + address);
    }
    EXPECT_NE(address_key_of("192.0.2.1"), address_key_of("192.0.2.2"));
    EXPECT_EQ(address_key_of("::ffff:192.0.2.1"), "ip:192.0.2.1") << "the same client over either family";
    EXPECT_EQ(address_key_of("2001:db8:1:2:3:4:5:6"), "ip:2001:db8:1:2::");
    EXPECT_EQ(address_key_of("2001:db8:1:2::1"), address_key_of("2001:db8:1:2:ffff:ffff:ffff:ffff"));
    EXPECT_NE(address_key_of("2001:db8:1:2::1"), address_key_of("2001:db8:1:3::1"));
    EXPECT_EQ(address_key_of("fe80::1%1").find('%'), std::string::npos) << "a zone would make one client many";
}

TEST(ShareKey, OfASiteOnlySoManyNetworksAreToldApart) {
    std::set<std::string> shares, others;
    for (int network = 0; network < 2000; ++network) {
        shares.insert(share_key(ip::make_address(fmt::format("2001:db8:1:{:x}::1", network))));
        others.insert(share_key(ip::make_address(fmt::format("2001:db8:{:x}::1", network))));
    }
    EXPECT_EQ(shares.size(), 16u);
    EXPECT_EQ(others.size(), 2000u);
    EXPECT_EQ(share_key(ip::make_address("2001:db8:1:2::1")), share_key(ip::make_address("2001:db8:1:2::ffff")));
    for (const char* address : {"192.0.2.1", "::ffff:192.0.2.1"}) {
        EXPECT_EQ(share_key(ip::make_address(address)), "ip:192.0.2.1");
    }
}

}  // namespace
}  // namespace snippetd::http
