#include "base/thread_priority.hpp"

#include "base/thread_pool.hpp"
#include "support/run.hpp"

#include <thread>

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

namespace snippetd::base {
namespace {

int niceness() {
    return getpriority(PRIO_PROCESS, static_cast<id_t>(gettid()));
}

TEST(ThreadPriority, IsThatOfOneThread) {
    const int before = niceness();
    int stepped_back = 0;
    std::thread{[&] {
        step_back();
        step_back();
        stepped_back = niceness();
    }}.join();
    EXPECT_GE(stepped_back, 5);
    EXPECT_EQ(niceness(), before);
}

TEST(ThreadPriority, OfAPoolOfThreadsIsLower) {
    test::Loop loop;  // outlives the threads, which answer to it
    ThreadPool pool{1, Admission::at_any_time(4), "too many"};
    EXPECT_GE(loop.run(pool.run([] { return niceness(); })), 5);
}

}  // namespace
}  // namespace snippetd::base
