#include "app/loop.hpp"

#include "base/clock.hpp"
#include "base/timer.hpp"
#include "support/run.hpp"

#include <atomic>
#include <chrono>
#include <memory>
#include <set>
#include <stdexcept>
#include <thread>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <gtest/gtest.h>

namespace snippetd::app {
namespace {

namespace asio = boost::asio;

/// Says when it ends.
struct Guard {
    explicit Guard(bool& ended_) : ended{ended_} {}
    ~Guard() { ended = true; }
    bool& ended;
};

base::Awaitable<void> wait_for_ever(base::Timer& timer, bool& ended) {
    const Guard guard{ended};
    timer.expires_at(base::SteadyTime::max());
    co_await timer.async_wait(base::use_awaitable);
}

TEST(Loop, WhatStillWaitsIsDestroyedByClear) {
    Loop loop;
    base::Timer timer{loop.context()};
    bool ended = false;
    asio::co_spawn(loop.executor(), wait_for_ever(timer, ended), asio::detached);
    loop.start();
    loop.end();
    EXPECT_FALSE(ended) << "the end of one loop destroys nothing that another one may use";
    loop.clear();
    EXPECT_TRUE(ended);
}

TEST(Loop, EndCallsTheLastOnItsThreadAfterWhatWasPosted) {
    Loop loop;
    std::thread::id own;
    bool last = false;
    asio::post(loop.context(), [&own] { own = std::this_thread::get_id(); });
    loop.start();
    loop.end([&] { last = std::this_thread::get_id() == own; });
    EXPECT_TRUE(last);
    EXPECT_NE(own, std::this_thread::get_id());
}

TEST(Loop, GoesOnAfterAnExceptionAndMayNeverBeStarted) {
    Loop loop;
    std::atomic<bool> reached{false};
    loop.start();
    asio::post(loop.context(), [] { throw std::runtime_error{"for the test"}; });
    asio::post(loop.context(), [&reached] { reached = true; });
    EXPECT_TRUE(test::wait_until([&reached] { return reached.load(); }));
    loop.end();
    Loop never;
    never.end([] { FAIL() << "it does not run"; });
}

TEST(Loops, AreOneForEachWorkerEachWithItsThread) {
    base::Metrics metrics;
    Loops loops{3, metrics};
    EXPECT_EQ(loops.contexts().size(), 3u);
    const base::PerWorker<std::thread::id> threads{
        loops.workers(), [](const base::Executor&, const auto&) { return std::make_unique<std::thread::id>(); }};
    loops.start();
    EXPECT_TRUE(threads.all_of([](std::thread::id& id) {
        id = std::this_thread::get_id();
        return true;
    }));
    loops.stop();
    std::set<std::thread::id> all;
    for (const base::Executor& loop : loops.workers().loops()) all.insert(threads.of(loop));
    EXPECT_EQ(all.size(), 3u);
}

}  // namespace
}  // namespace snippetd::app
