#include "sql/gatherer.hpp"

#include "support/fake_database.hpp"
#include "support/gate.hpp"
#include "support/run.hpp"

#include <atomic>
#include <future>
#include <memory>
#include <mutex>
#include <numeric>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace snippetd::sql {
namespace {

using namespace std::chrono_literals;
using test::Gate;
using test::Loop;
using Keys = std::vector<int>;

/// A gatherer that gives ten times the key, whose statements stay at `gate` until the test opens it.
class GathererTest : public testing::Test {
  protected:
    using IntGatherer = Gatherer<int, int>;

    void make(IntGatherer::Options options = {}, unsigned threads = 4) {
        Pool::Options pool_options;
        pool_options.name = "test";
        pool_options.threads = threads;
        pool_options.make_connection = [this] { return std::make_unique<test::FakeConnection>(database, counters); };
        pool = std::make_unique<Pool>(std::move(pool_options));
        ASSERT_TRUE(pool->wait_until_connected(test::kPatience));
        gatherer = std::make_unique<IntGatherer>(*pool, options, [this](Connection& connection, const Keys& keys) {
            {
                const std::lock_guard lock{mutex};
                batches.push_back(keys);
            }
            gate.pass();
            if (const auto* broken = failure.load()) throw *broken;
            test::fake(connection).statement();
            Keys results;
            for (const int key : keys) results.push_back(key * 10);
            return results;
        });
    }
    void TearDown() override {
        gate.open();
        if (pool) pool->close();
    }

    std::future<int> ask(int key, base::Deadline deadline = base::deadline_in(1h)) {
        auto future = loop.start(gatherer->run(key, deadline));
        loop.drain();
        return future;
    }
    std::vector<std::future<int>> ask_many(int from, int to) {
        std::vector<std::future<int>> futures;
        for (int key = from; key < to; ++key) futures.push_back(ask(key));
        return futures;
    }
    /// Asks for `key`, whose statement is running when this returns.
    std::future<int> occupy(int key) {
        auto future = ask(key);
        gate.wait_for_arrivals(++arrivals);
        return future;
    }
    std::vector<Keys> seen() {
        const std::lock_guard lock{mutex};
        return batches;
    }
    static Keys range(int from, int to) {
        Keys keys(static_cast<std::size_t>(to - from));
        std::iota(keys.begin(), keys.end(), from);
        return keys;
    }
    static void expect_tenfold(std::vector<std::future<int>> futures, int from) {
        for (std::size_t i = 0; i < futures.size(); ++i) {
            EXPECT_EQ(Loop::get(std::move(futures[i])), (from + static_cast<int>(i)) * 10);
        }
    }
    static void expect_unavailable(std::future<int> future) {
        EXPECT_THROW(Loop::get(std::move(future)), base::Unavailable);
    }
    /// One statement at a time, however long it takes.
    static IntGatherer::Options one_at_a_time() {
        IntGatherer::Options options;
        options.running_max = 1;
        return options;
    }

    test::Database database;
    base::Metrics metrics;
    StatementCounters counters{metrics};
    std::mutex mutex;
    std::vector<Keys> batches;
    Gate gate;
    int arrivals = 0;
    std::atomic<const std::runtime_error*> failure{nullptr};
    Loop loop;
    std::unique_ptr<Pool> pool;
    std::unique_ptr<IntGatherer> gatherer;
};

TEST_F(GathererTest, WhatComesWhileAStatementRunsIsTheNextStatement) {
    make(one_at_a_time());
    auto first = occupy(1);
    auto others = ask_many(2, 10);
    EXPECT_EQ(seen(), (std::vector<Keys>{{1}}));
    gate.open();
    EXPECT_EQ(Loop::get(std::move(first)), 10);
    expect_tenfold(std::move(others), 2);
    EXPECT_EQ(seen(), (std::vector<Keys>{{1}, range(2, 10)}));
}

TEST_F(GathererTest, EqualKeysAreAnsweredEach) {
    make(one_at_a_time());
    auto first = occupy(1);
    auto one = ask(7), same = ask(7);
    gate.open();
    EXPECT_EQ(Loop::get(std::move(one)), 70);
    EXPECT_EQ(Loop::get(std::move(same)), 70);
    Loop::get(std::move(first));
}

TEST_F(GathererTest, ABatchIsBounded) {
    auto options = one_at_a_time();
    options.batch_max = 3;
    make(options);
    auto first = occupy(0);
    auto others = ask_many(1, 8);
    gate.open();
    Loop::get(std::move(first));
    expect_tenfold(std::move(others), 1);
    EXPECT_EQ(seen(), (std::vector<Keys>{{0}, {1, 2, 3}, {4, 5, 6}, {7}}));
}

TEST_F(GathererTest, AnotherStatementStartsWhenAWholeBatchWaitsUpToTheAllowedNumber) {
    IntGatherer::Options options;
    options.batch_max = 3;
    options.running_max = 2;
    options.patience = 1h;
    make(options);
    auto first = occupy(0);
    auto others = ask_many(1, 3);
    EXPECT_EQ(seen().size(), 1u) << "two wait, which is not a batch";
    others.push_back(ask(3));
    gate.wait_for_arrivals(2);
    EXPECT_EQ(seen(), (std::vector<Keys>{{0}, {1, 2, 3}}));
    auto more = ask_many(4, 13);
    EXPECT_EQ(seen().size(), 2u) << "as many run as may";
    gate.open();
    Loop::get(std::move(first));
    expect_tenfold(std::move(others), 1);
    expect_tenfold(std::move(more), 4);
}

TEST_F(GathererTest, AStatementThatHangsDoesNotHoldUpTheRest) {
    IntGatherer::Options options;
    options.patience = 0ms;
    make(options);
    auto hanging = occupy(1);
    auto next = occupy(2);
    EXPECT_EQ(seen(), (std::vector<Keys>{{1}, {2}}));
    gate.open();
    EXPECT_EQ(Loop::get(std::move(hanging)), 10);
    EXPECT_EQ(Loop::get(std::move(next)), 20);
}

TEST_F(GathererTest, EveryoneIsAnsweredByTheirDeadlineThoughTheDatabaseIsSilent) {
    make(one_at_a_time(), 1);
    auto running = ask(1, base::deadline_in(50ms));
    gate.wait_for_arrivals();
    auto waiting = ask(2, base::deadline_in(50ms));
    auto patient = ask(3);
    expect_unavailable(std::move(running));
    expect_unavailable(std::move(waiting));
    EXPECT_NE(patient.wait_for(0ms), std::future_status::ready);
    gate.open();
    EXPECT_EQ(Loop::get(std::move(patient)), 30);
    EXPECT_EQ(seen().back(), Keys{3}) << "nobody asks for what nobody waits for";
}

TEST_F(GathererTest, AFailedStatementFailsItsOwnBatchAlone) {
    make(one_at_a_time());
    std::runtime_error broken{"broken"};
    failure = &broken;
    auto first = occupy(1);
    gate.open();
    expect_unavailable(std::move(first));
    failure = nullptr;
    EXPECT_EQ(Loop::get(ask(2)), 20);
}

TEST_F(GathererTest, WithoutADatabaseAllAreRefusedAtOnce) {
    make(one_at_a_time(), 1);
    database.reachable = false;
    ++database.deaths;
    ASSERT_TRUE(test::wait_until([this] { return !pool->up(); }));
    for (auto& future : ask_many(1, 4)) expect_unavailable(std::move(future));
    EXPECT_TRUE(seen().empty());
    database.reachable = true;
    ASSERT_TRUE(pool->wait_until_connected(test::kPatience));
    gate.open();
    EXPECT_EQ(Loop::get(ask(5)), 50);
}

TEST_F(GathererTest, WhatWaitsIsBounded) {
    auto options = one_at_a_time();
    options.waiting_max = 2;
    make(options);
    auto first = occupy(1);
    auto waiting = ask_many(2, 4);
    expect_unavailable(ask(4));
    gate.open();
    EXPECT_EQ(Loop::get(std::move(first)), 10);
    expect_tenfold(std::move(waiting), 2);
}

TEST_F(GathererTest, ClosingThePoolAnswersAll) {
    make(one_at_a_time(), 1);
    auto running = occupy(1);
    auto waiting = ask_many(2, 5);
    std::thread closing{[this] { pool->close(); }};
    // What has not been taken by a thread is refused; the job behind the running one is not even submitted.
    gate.open();
    EXPECT_EQ(Loop::get(std::move(running)), 10);
    for (auto& future : waiting) {
        try {
            EXPECT_GE(Loop::get(std::move(future)), 20);
        } catch (const base::Unavailable&) {
        }
    }
    closing.join();
    expect_unavailable(ask(9));
}

TEST_F(GathererTest, ThreadsAskAtTheSameTimeAndEachGetsItsOwn) {
    IntGatherer::Options options;
    options.batch_max = 8;
    options.patience = 0ms;
    make(options);
    gate.open();
    constexpr int kEach = 500;
    std::vector<std::unique_ptr<Loop>> loops;  // until no thread of the pool is still about to leave one of them
    std::vector<std::thread> threads;
    std::atomic<int> wrong{0};
    for (int t = 0; t < 4; ++t) {
        loops.push_back(std::make_unique<Loop>());
        threads.emplace_back([this, t, &wrong, &own = *loops.back()] {
            std::vector<std::future<int>> futures;
            for (int i = 0; i < kEach; ++i) {
                futures.push_back(own.start(gatherer->run(t * kEach + i, base::deadline_in(1h))));
            }
            for (int i = 0; i < kEach; ++i) {
                if (Loop::get(std::move(futures[static_cast<std::size_t>(i)])) != (t * kEach + i) * 10) ++wrong;
            }
        });
    }
    for (auto& thread : threads) thread.join();
    pool->close();
    EXPECT_EQ(wrong, 0);
    std::size_t asked = 0;
    for (const Keys& keys : seen()) {
        EXPECT_LE(keys.size(), options.batch_max);
        asked += keys.size();
    }
    EXPECT_EQ(asked, 4u * kEach);
}

}  // namespace
}  // namespace snippetd::sql
