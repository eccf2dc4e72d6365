#include "limiter/overrides.hpp"

#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

namespace snippetd::limiter {
namespace {

using namespace std::chrono_literals;

Override for_range(const char* range, const char* name, std::uint32_t quota) {
    return {{base::Cidr::parse(range), {}, {}}, Policy{name, quota, 60s}};
}

/// The quota of the override that is found; 0 for none.
std::uint32_t found(const std::vector<Override>& overrides, const char* policy, const char* address,
                    std::string_view username = {}, std::string_view token_id = {}) {
    const auto from = boost::asio::ip::make_address(address);
    const Override* one = find_override(overrides, policy, {from, username, token_id});
    return one ? one->policy.quota : 0;
}

class Overrides : public testing::Test {
  protected:
    Overrides() { sort_overrides(all); }
    std::vector<Override> all{for_range("10.0.0.0/8", "read", 1),        for_range("10.1.0.0/16", "read", 2),
                              for_range("2001:db8::/32", "read", 3),     for_range("10.1.0.0/16", "write", 4),
                              {{{}, "ada", {}}, Policy{"read", 5, 60s}}, {{{}, {}, "token1"}, Policy{"read", 6, 60s}}};
};

TEST_F(Overrides, TheSmallestRangeHolds) {
    EXPECT_EQ(found(all, "read", "10.2.3.4"), 1u);
    EXPECT_EQ(found(all, "read", "10.1.3.4"), 2u);
    EXPECT_EQ(found(all, "read", "::ffff:10.1.3.4"), 2u);
    EXPECT_EQ(found(all, "read", "2001:db8:1::1"), 3u);
    EXPECT_EQ(found(all, "read", "11.1.3.4"), 0u);
}

TEST_F(Overrides, AnAccountGoesBeforeARangeAndATokenBeforeItsAccount) {
    EXPECT_EQ(found(all, "read", "10.1.3.4", "ada"), 5u);
    EXPECT_EQ(found(all, "read", "10.1.3.4", "ada", "token1"), 6u);
    EXPECT_EQ(found(all, "read", "10.1.3.4", "ada", "token2"), 5u);
    EXPECT_EQ(found(all, "read", "192.0.2.1", "ben"), 0u);
}

TEST_F(Overrides, WhoIsNobodyHasNone) {
    EXPECT_EQ(found(all, "read", "192.0.2.1"), 0u);
}

TEST_F(Overrides, EachIsForOnePolicy) {
    EXPECT_EQ(found(all, "write", "10.1.3.4", "ada", "token1"), 4u);
    EXPECT_EQ(found(all, "write", "10.2.3.4"), 0u);
    EXPECT_EQ(found(all, "search", "10.1.3.4"), 0u);
}

}  // namespace
}  // namespace snippetd::limiter
