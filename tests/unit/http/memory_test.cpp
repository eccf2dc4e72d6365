#include "http/memory.hpp"

#include <gtest/gtest.h>

namespace snippetd::http {
namespace {

using Granted = base::MemoryBudget::Outcome;
namespace ip = boost::asio::ip;

constexpr std::size_t kAllBytes = 16 * 1024 * 1024, kOneStep = base::MemoryBudget::kStepBytes;

std::string keys_of(const char* address) {
    std::string all;
    for (const auto& group : memory_groups(ip::make_address(address)))
        all += group.key + "*" + std::to_string(group.shares) + " ";
    return all;
}

TEST(MemoryGroups, AreTheAddressAndTheSiteThatItIsOf) {
    EXPECT_EQ(keys_of("192.0.2.1"), "ip:192.0.2.1*1 ");
    EXPECT_EQ(keys_of("::ffff:192.0.2.1"), "ip:192.0.2.1*1 ");
    EXPECT_EQ(keys_of("2001:db8:1:2:3::4"), "ip:2001:db8:1:2::*1 site:2001:db8:1::*2 ");
    EXPECT_EQ(keys_of("2001:db8:1:ffff::"), "ip:2001:db8:1:ffff::*1 site:2001:db8:1::*2 ");
}

TEST(TooMuchHeld, Is429ForWhoHasItsShareAnd503WhenNothingIsLeft) {
    const base::Error own = too_much_held(Granted::client_full), ours = too_much_held(Granted::all_full);
    EXPECT_EQ(own.kind, base::ErrorKind::rate_limited);
    EXPECT_EQ(ours.kind, base::ErrorKind::unavailable);
    for (const base::Error& error : {own, ours}) {
        EXPECT_GE(error.retry_after_s, 1);
        EXPECT_LE(error.retry_after_s, 3);
    }
}

TEST(SharedContents, CountOnceHoweverManyWaitForThem) {
    base::Metrics metrics;
    base::MemoryBudget budget{kAllBytes, kOneStep, metrics};
    SharedContents contents{budget};
    const auto client = ip::make_address("192.0.2.1"), other = ip::make_address("192.0.2.2");
    const int one = 1, two = 2, three = 3;
    EXPECT_EQ(contents.hold(&one, kAllBytes / 4, client), Granted::granted);
    EXPECT_EQ(contents.hold(&one, kAllBytes / 4, other), Granted::granted);
    EXPECT_EQ(budget.bytes(), kAllBytes / 4);
    EXPECT_EQ(contents.hold(&two, kAllBytes / 4, client), Granted::client_full);
    EXPECT_EQ(contents.hold(&two, kAllBytes / 4, other), Granted::granted) << "the first was the other one's";
    contents.let_go(&one);
    EXPECT_EQ(budget.bytes(), kAllBytes / 2);
    contents.let_go(&one);
    EXPECT_EQ(budget.bytes(), kAllBytes / 4);
    EXPECT_EQ(contents.hold(&three, kAllBytes / 4, client), Granted::granted);
    contents.let_go(&two);
    contents.let_go(&three);
    EXPECT_EQ(budget.bytes(), 0u);
}

}  // namespace
}  // namespace snippetd::http
