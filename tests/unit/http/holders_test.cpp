#include "http/holders.hpp"

#include <map>
#include <random>
#include <vector>

#include <gtest/gtest.h>

namespace snippetd::http {
namespace {

TEST(Holders, KnowWhoHasTheMost) {
    std::atomic<std::size_t> most_of_all{0};
    {
        Holders holders{most_of_all};
        Holders::Holder& a = holders.enter("a");
        Holders::Holder& b = holders.enter("b");
        EXPECT_EQ(holders.most(), 1u);
        EXPECT_EQ(&holders.enter("a"), &a);
        EXPECT_EQ(a.connections, 2u);
        EXPECT_EQ(holders.most(), 2u);
        holders.enter("b");
        holders.leave(a);
        EXPECT_EQ(holders.most(), 2u) << "the other one's";
        holders.leave(b);
        EXPECT_EQ(holders.most(), 1u);
        EXPECT_EQ(most_of_all, 1u);
        holders.leave(a);
        holders.leave(b);
        EXPECT_EQ(holders.most(), 0u);
        EXPECT_EQ(holders.enter("a").connections, 1u) << "whoever has left is forgotten";
        EXPECT_EQ(most_of_all, 1u);
    }
    EXPECT_EQ(most_of_all, 0u);
}

TEST(Holders, AWorkerIsCountedBesideTheOthers) {
    std::atomic<std::size_t> most_of_all{0};
    Holders one{most_of_all}, other{most_of_all};
    one.enter("a");
    one.enter("a");
    other.enter("a");
    EXPECT_EQ(most_of_all, 3u);
}

TEST(Holders, KnowItWhateverComesAndGoes) {
    std::atomic<std::size_t> most_of_all{0};
    Holders holders{most_of_all};
    std::map<std::string, Holders::Holder*> there;
    std::map<std::string, std::size_t> counts;
    std::minstd_rand random{1};
    for (int i = 0; i < 20'000; ++i) {
        const std::string key(1, static_cast<char>('a' + random() % 5));
        if (random() % 2 == 0) {
            there[key] = &holders.enter(key);
            ++counts[key];
        } else if (counts[key] > 0) {
            holders.leave(*there[key]);
            --counts[key];
        }
        std::size_t most = 0;
        for (const auto& [_, count] : counts) most = std::max(most, count);
        ASSERT_EQ(holders.most(), most) << i;
    }
}

}  // namespace
}  // namespace snippetd::http
