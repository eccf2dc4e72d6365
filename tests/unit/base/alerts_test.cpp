#include "base/alerts.hpp"

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace snippetd::base {
namespace {

class AlertsTest : public testing::Test {
  protected:
    AlertsTest() {
        alerts.on_change([this](const Alerts::Change& change) {
            changes.push_back(change.alert + (change.active ? " raised: " : " resolved: ") + change.detail);
        });
    }
    bool metric_is(const std::string& alert, int value) {
        return metrics.text().find("\nsnippetd_alerts_active{alert=\"" + alert + "\"} " + std::to_string(value) +
                                   "\n") != std::string::npos;
    }
    Metrics metrics;
    Alerts alerts{metrics};
    std::vector<std::string> changes;
};

TEST_F(AlertsTest, AreToldOncePerChangeOfState) {
    alerts.declare("database_down");
    alerts.resolve("database_down", "it was never down");
    EXPECT_EQ(changes, std::vector<std::string>{});
    alerts.raise("database_down", "lost");
    alerts.raise("database_down", "still lost");
    alerts.resolve("database_down", "back");
    alerts.resolve("database_down", "still there");
    alerts.raise("database_down", "lost again");
    EXPECT_EQ(changes, (std::vector<std::string>{"database_down raised: lost", "database_down resolved: back",
                                                 "database_down raised: lost again"}));
}

TEST_F(AlertsTest, AreIndependentOfEachOther) {
    alerts.declare("a");
    alerts.declare("b");
    alerts.raise("a", "1");
    alerts.raise("b", "2");
    alerts.resolve("a", "3");
    EXPECT_EQ(changes, (std::vector<std::string>{"a raised: 1", "b raised: 2", "a resolved: 3"}));
    EXPECT_TRUE(metric_is("a", 0));
    EXPECT_TRUE(metric_is("b", 1));
}

TEST_F(AlertsTest, ADeclaredOneIsInTheMetricsFromTheStart) {
    alerts.declare("a");
    EXPECT_TRUE(metric_is("a", 0)) << metrics.text();
    alerts.raise("a", "");
    EXPECT_TRUE(metric_is("a", 1)) << metrics.text();
}

TEST_F(AlertsTest, NeedNoListener) {
    Metrics other_metrics;
    Alerts other{other_metrics};
    other.declare("a");
    other.raise("a", "nobody listens");
    EXPECT_NE(other_metrics.text().find("snippetd_alerts_active{alert=\"a\"} 1\n"), std::string::npos);
}

TEST(Alerts, OfManyThreadsOneTellsTheChange) {
    Metrics metrics;
    Alerts alerts{metrics};
    std::atomic<int> changes{0};
    alerts.on_change([&changes](const Alerts::Change&) { ++changes; });
    std::vector<std::thread> threads;
    for (int t = 0; t < 8; ++t) {
        threads.emplace_back([&alerts] {
            for (int i = 0; i < 100; ++i) alerts.raise("a", "all see it");
        });
    }
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(changes, 1);
}

}  // namespace
}  // namespace snippetd::base
