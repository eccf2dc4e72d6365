#include "app/view_pipeline.hpp"

#include "app/loop.hpp"
#include "base/timer.hpp"
#include "support/run.hpp"

#include <chrono>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

namespace snippetd::app {
namespace {

using namespace std::chrono_literals;

/// What is over, in order.
class Log {
  public:
    void add(std::string name) {
        const std::lock_guard lock{mutex_};
        names_.push_back(std::move(name));
    }
    std::vector<std::string> names() {
        const std::lock_guard lock{mutex_};
        return names_;
    }

  private:
    std::mutex mutex_;
    std::vector<std::string> names_;  ///< guarded by mutex_
};

/// A job that says when its last round is over, or never has one.
class Job {
  public:
    struct Steps {
        std::string name;
        bool ends = true;
        Log* log = nullptr;
    };

    Job(base::Executor loop, Steps steps, views::Tally&) : timer_{std::move(loop)}, steps_{std::move(steps)} {}

    base::Awaitable<bool> run(base::Milliseconds interval) {
        while (!stopping_) co_await base::pause(timer_, interval);
        while (!steps_.ends) co_await base::pause(timer_, interval);
        steps_.log->add(steps_.name);
        co_return true;
    }
    void stop() {
        stopping_ = true;
        timer_.cancel();
    }

  private:
    base::Timer timer_;
    Steps steps_;
    bool stopping_ = false;
};

class ViewPipelineTest : public testing::Test {
  protected:
    ViewPipelineTest() { loop.start(); }
    ~ViewPipelineTest() override {
        loop.end();
        loop.clear();
    }

    Log log;
    base::Metrics metrics;
    views::Tally tally{metrics};
    Loop loop;
    ViewPipeline pipeline{loop.executor(), tally};
};

TEST_F(ViewPipelineTest, FinishesItsJobsInTheOrderInWhichViewsTravel) {
    pipeline.add<Job>({"flusher", true, &log}, 1h);
    pipeline.add<Job>({"drainer", true, &log}, 1h);
    EXPECT_FALSE(pipeline.is_finishing());
    pipeline.finish(test::kPatience);
    EXPECT_TRUE(pipeline.is_finishing());
    EXPECT_EQ(log.names(), (std::vector<std::string>{"flusher", "drainer"}));
}

TEST_F(ViewPipelineTest, LateJobsTakeNoMoreThanThePatienceOfAllAndTheOthersStillEnd) {
    pipeline.add<Job>({"late", false, &log}, 1h);
    pipeline.add<Job>({"late too", false, &log}, 1h);
    pipeline.add<Job>({"drainer", true, &log}, 1h);
    const auto began = std::chrono::steady_clock::now();
    pipeline.finish(50ms);
    EXPECT_LT(std::chrono::steady_clock::now() - began, test::kPatience);
    EXPECT_TRUE(test::wait_until([this] { return !log.names().empty(); }));
    EXPECT_EQ(log.names(), std::vector<std::string>{"drainer"});
}

TEST_F(ViewPipelineTest, WithoutJobsIsFinishedAtOnce) {
    pipeline.finish(test::kPatience);
    EXPECT_TRUE(pipeline.is_finishing());
}

}  // namespace
}  // namespace snippetd::app
