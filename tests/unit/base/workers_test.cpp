#include "base/workers.hpp"

#include "support/run.hpp"

#include <array>
#include <memory>
#include <numeric>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace snippetd::base {
namespace {

/// What a worker has: it remembers the thread that touches it.
struct Touches {
    int count = 0;
    std::thread::id touched_by;

    void touch() {
        ++count;
        touched_by = std::this_thread::get_id();
    }
};

class PerWorkerTest : public testing::Test {
  protected:
    Workers workers() {
        std::vector<Executor> executors;
        for (test::Loop& loop : loops) executors.push_back(loop.executor());
        return Workers{executors};
    }
    std::thread::id thread_of(test::Loop& loop) {
        std::promise<std::thread::id> id;
        boost::asio::post(loop.context(), [&id] { id.set_value(std::this_thread::get_id()); });
        return test::Loop::get(id.get_future());
    }
    static std::unique_ptr<Touches> make(const Executor&, const PerWorker<Touches>&) {
        return std::make_unique<Touches>();
    }

    std::array<test::Loop, 3> loops;
};

Awaitable<bool> add_to_each(const PerWorker<Touches>& counters) {
    std::function<void(Touches&)> touch = [](Touches& counter) { counter.touch(); };
    co_await counters.on_each(touch);
    co_return true;
}

Awaitable<std::vector<int>> counts_of(const PerWorker<Touches>& counters) {
    std::function<int(Touches&)> count = [](Touches& counter) { return counter.count; };
    co_return co_await counters.gather(count);
}

TEST_F(PerWorkerTest, MakesOneForEachLoopAndFindsItByTheLoop) {
    std::vector<Executor> made_for;
    const PerWorker<Touches> counters{workers(), [&](const Executor& loop, const PerWorker<Touches>&) {
                                          made_for.push_back(loop);
                                          return std::make_unique<Touches>();
                                      }};
    EXPECT_EQ(counters.size(), 3u);
    ASSERT_EQ(made_for.size(), 3u);
    std::set<Touches*> all;
    for (test::Loop& loop : loops) all.insert(&counters.of(loop.executor()));
    EXPECT_EQ(all.size(), 3u);
    test::Loop stranger;
    EXPECT_THROW(counters.of(stranger.executor()), std::logic_error);
}

TEST_F(PerWorkerTest, OnEachHasBeenEverywhereWhenTheCallerGoesOn) {
    const PerWorker<Touches> counters{workers(), make};
    for (int round = 1; round <= 100; ++round) {
        EXPECT_TRUE(loops[0].run(add_to_each(counters)));
        // Read by this thread: the caller has been resumed after all of them.
        for (test::Loop& loop : loops) ASSERT_EQ(counters.of(loop.executor()).count, round);
    }
    for (test::Loop& loop : loops) EXPECT_EQ(counters.of(loop.executor()).touched_by, thread_of(loop));
}

TEST_F(PerWorkerTest, OnEachWaitsForTheLastOfThem) {
    const PerWorker<Touches> counters{workers(), make};
    std::promise<void> let_go;
    boost::asio::post(loops[2].context(), [held = let_go.get_future().share()] { held.wait(); });
    std::future<bool> all = loops[0].start(add_to_each(counters));
    loops[1].drain();
    EXPECT_EQ(all.wait_for(std::chrono::milliseconds{20}), std::future_status::timeout);
    let_go.set_value();
    EXPECT_TRUE(test::Loop::get(std::move(all)));
    EXPECT_EQ(counters.of(loops[2].executor()).count, 1);
}

TEST_F(PerWorkerTest, GathersWhatEachSays) {
    const PerWorker<Touches> counters{workers(), [next = 1](const Executor&, const PerWorker<Touches>&) mutable {
                                          auto counter = std::make_unique<Touches>();
                                          counter->count = next;
                                          next *= 10;
                                          return counter;
                                      }};
    const std::vector<int> counts = loops[1].run(counts_of(counters));
    EXPECT_EQ(counts.size(), 3u);
    EXPECT_EQ(std::accumulate(counts.begin(), counts.end(), 0), 111);
}

TEST_F(PerWorkerTest, WhatOneThreadPostsEachWorkerDoesInThatOrder) {
    const PerWorker<std::string> texts{
        workers(), [](const Executor&, const PerWorker<std::string>&) { return std::make_unique<std::string>(); }};
    for (char c = 'a'; c <= 'z'; ++c) texts.post_to_each([c](std::string& text) { text += c; });
    for (test::Loop& loop : loops) {
        loop.drain();
        EXPECT_EQ(texts.of(loop.executor()), "abcdefghijklmnopqrstuvwxyz");
    }
}

TEST_F(PerWorkerTest, AllOfAsksEachOnItsOwnThread) {
    const PerWorker<Touches> counters{workers(), make};
    EXPECT_TRUE(counters.all_of([](Touches& counter) {
        counter.touch();
        return true;
    }));
    for (test::Loop& loop : loops) EXPECT_EQ(counters.of(loop.executor()).touched_by, thread_of(loop));
    const Touches* last = &counters.of(loops[2].executor());
    EXPECT_FALSE(counters.all_of([last](Touches& counter) { return &counter != last; }));
}

TEST_F(PerWorkerTest, CannotBeUsedWhileItIsMade) {
    // A member has to know the others, and so it gets them before they are all there.
    struct Member {
        explicit Member(const PerWorker<Member>& all) {
            all.post_to_each([](Member&) {});
        }
    };
    const auto build = [this] {
        const PerWorker<Member> members{
            workers(), [](const Executor&, const PerWorker<Member>& all) { return std::make_unique<Member>(all); }};
    };
    EXPECT_THROW(build(), std::logic_error);
}

TEST_F(PerWorkerTest, OfNoWorkersTellsNobodyAndWaitsForNobody) {
    const PerWorker<Touches> none;
    EXPECT_EQ(none.size(), 0u);
    EXPECT_TRUE(loops[0].run(add_to_each(none)));
    EXPECT_TRUE(loops[0].run(counts_of(none)).empty());
    EXPECT_TRUE(none.all_of([](Touches&) { return false; }));
}

}  // namespace
}  // namespace snippetd::base
