#include "app/overload_watch.hpp"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace snippetd::app {
namespace {

class OverloadWatchTest : public testing::Test {
  protected:
    OverloadWatchTest() {
        alerts.on_change([this](const base::Alerts::Change& change) {
            told.push_back(change.alert + (change.active ? " raised: " : " resolved: ") + change.detail);
        });
    }
    void look(int times) {
        for (int i = 0; i < times; ++i) watch.look();
    }
    void refuse(const std::shared_ptr<base::QueueMeter>& queue, int looks) {
        for (int i = 0; i < looks; ++i) {
            queue->refused(base::Work::render);
            queue->refused(base::Work::list);
            watch.look();
        }
    }

    base::Metrics metrics;
    base::QueueMeters meters{metrics};
    std::shared_ptr<base::QueueMeter> pages = meters.make("pages"), look_ups = meters.make("look-ups");
    base::Alerts alerts{metrics};
    OverloadWatch watch{meters, alerts};
    std::vector<std::string> told;
};

TEST_F(OverloadWatchTest, ABurstIsNobodysConcern) {
    for (int i = 0; i < 5; ++i) {
        refuse(pages, OverloadWatch::kLooks - 1);
        look(1);
    }
    EXPECT_TRUE(told.empty());
}

TEST_F(OverloadWatchTest, WhatLastsIsToldOnceAndWhenItIsOver) {
    refuse(pages, 3 * OverloadWatch::kLooks);
    ASSERT_EQ(told.size(), 1u);
    EXPECT_EQ(told[0],
              "overloaded raised: more comes than can be done: the queue `pages` has refused 20 requests in 10 s");
    look(OverloadWatch::kLooks - 1);
    EXPECT_EQ(told.size(), 1u);
    look(1);
    ASSERT_EQ(told.size(), 2u);
    EXPECT_EQ(told[1], "overloaded resolved: nothing is refused any more");
    look(3 * OverloadWatch::kLooks);
    EXPECT_EQ(told.size(), 2u);
}

TEST_F(OverloadWatchTest, WhoCostsMostIsKnownWhileItIsRecent) {
    pages->spent({7, base::Work::render, base::Standing::anonymous}, std::chrono::seconds{1});
    meters.costs().name(7, "203.0.113.7");
    EXPECT_EQ(meters.costs().top(1).at(0).name, "203.0.113.7");
    refuse(pages, OverloadWatch::kLooks);
    ASSERT_EQ(told.size(), 1u);
    EXPECT_EQ(told[0].find("203.0.113.7"), std::string::npos) << "the alert goes to others";
    look(20);
    EXPECT_EQ(meters.costs().top(1).at(0).spent, std::chrono::milliseconds{500}) << "half a minute ago is half";
}

TEST_F(OverloadWatchTest, TwoQueuesInTurnAreNoneThatLasts) {
    for (int i = 0; i < OverloadWatch::kLooks; ++i) refuse(i % 2 == 0 ? pages : look_ups, 1);
    EXPECT_TRUE(told.empty());
}

}  // namespace
}  // namespace snippetd::app
