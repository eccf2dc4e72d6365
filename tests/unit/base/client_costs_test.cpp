#include "base/client_costs.hpp"

#include "base/queue_meter.hpp"

#include <random>

#include <gtest/gtest.h>

namespace snippetd::base {
namespace {

using namespace std::chrono_literals;

Party client(std::uint64_t number) {
    return {number, Work::read, Standing::anonymous};
}

TEST(ClientCostsTest, ThoseThatCostMostAreFirst) {
    ClientCosts costs;
    for (std::uint64_t number = 1; number <= 5; ++number) {
        for (std::uint64_t i = 0; i < number; ++i) costs.add(client(number), 1ms);
    }
    costs.name(5, "203.0.113.5");
    costs.name(77, "who has no counter");
    const auto top = costs.top(2);
    ASSERT_EQ(top.size(), 2u);
    EXPECT_EQ(top[0].client, 5u);
    EXPECT_EQ(top[0].name, "203.0.113.5");
    EXPECT_EQ(top[0].spent, 5ms);
    EXPECT_EQ(top[0].too_much, 0ms);
    EXPECT_EQ(top[1].client, 4u);
    EXPECT_EQ(costs.total(), 15ms);
    EXPECT_EQ(costs.top(100).size(), 5u);
}

TEST(ClientCostsTest, WhatTheServiceDoesItselfIsNobodys) {
    ClientCosts costs;
    costs.add({}, 1s);
    EXPECT_TRUE(costs.top(10).empty());
}

TEST(ClientCostsTest, AFewAmongVeryManyAreFoundAndNotUnderestimated) {
    ClientCosts costs;
    std::mt19937_64 random{3};
    for (int i = 0; i < 100'000; ++i) {
        costs.add(client(1'000 + random() % 50'000), 1ms);
        if (i % 10 == 0) costs.add(client(1), 2ms);
        if (i % 20 == 0) costs.add(client(2), 2ms);
    }
    const auto top = costs.top(2);
    EXPECT_EQ(top[0].client, 1u);
    EXPECT_EQ(top[1].client, 2u);
    EXPECT_GE(top[0].spent, 20s);
    EXPECT_LE(top[0].spent - top[0].too_much, 20s);
    EXPECT_LE(top[0].too_much, costs.total() / ClientCosts::kCounters);
    EXPECT_EQ(costs.top(100'000).size(), ClientCosts::kCounters);
}

TEST(ClientCostsTest, WhatIsLongAgoCountsForLittle) {
    ClientCosts costs;
    costs.add(client(1), 100ms);
    for (int i = 0; i < 5; ++i) costs.age();
    costs.add(client(2), 50ms);
    EXPECT_EQ(costs.top(1)[0].client, 2u);
}

TEST(ClientCostsTest, MetricsNameClientsOnlyWhereTheyMay) {
    for (const bool with_names : {false, true}) {
        Metrics metrics;
        QueueMeters meters{metrics};
        meters.show_costs(with_names);
        meters.costs().add(client(7), 2s);
        meters.costs().add(client(8), 1s);
        meters.costs().name(7, "ip:192.0.2.7");
        const std::string text = metrics.text();
        const std::string first = "snippetd_client_cost_seconds{rank=\"1\"";
        EXPECT_NE(text.find(with_names ? first + ",client=\"ip:192.0.2.7\"} 2" : first + "} 2"), std::string::npos)
            << text;
        EXPECT_NE(text.find("rank=\"2\""), std::string::npos);
        EXPECT_EQ(text.find("192.0.2.7") != std::string::npos, with_names);
    }
}

}  // namespace
}  // namespace snippetd::base
