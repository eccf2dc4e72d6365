#include "sql/pool.hpp"

#include "support/fake_database.hpp"
#include "support/gate.hpp"
#include "support/run.hpp"
#include "support/scrape.hpp"
#include "support/temporary_folder.hpp"

#include <algorithm>
#include <atomic>
#include <future>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>
#include <soci/soci.h>

namespace snippetd::sql {
namespace {

using namespace std::chrono_literals;
using test::Database;
using test::fake;
using test::FakeConnection;
using test::Gate;
using test::Loop;
using test::Lost;
using test::LostWithoutEffect;

class PoolTest : public testing::Test {
  protected:
    /// A pool over the fake database that stands.
    std::unique_ptr<Pool> make_pool(Pool::Options options = {}) {
        options.name = "test";
        options.make_connection = [this] { return std::make_unique<FakeConnection>(database, counters); };
        options.on_change = [this](bool up) {
            const std::lock_guard lock{changes_mutex};
            changes.push_back(up);
        };
        auto pool = std::make_unique<Pool>(std::move(options));
        if (!pool->wait_until_connected(test::kPatience)) throw test::TooSlow{};
        return pool;
    }

    template <class F>
    auto start(Pool& pool, F work, base::Deadline deadline = base::deadline_in(1h)) {
        return loop.start(pool.run(std::move(work), deadline));
    }
    std::future<int> start_statement(Pool& pool, base::Deadline deadline = base::deadline_in(1h)) {
        return start(
            pool, [](Connection& connection) { return fake(connection).statement(); }, deadline);
    }
    /// A job that stays at the gate; it runs when this returns.
    std::future<int> occupy(Pool& pool, Gate& gate, base::Deadline deadline = base::deadline_in(1h)) {
        auto future = start(
            pool,
            [&gate](Connection&) {
                gate.pass();
                return 1;
            },
            deadline);
        gate.wait_for_arrivals();
        return future;
    }
    std::vector<bool> seen_changes() {
        const std::lock_guard lock{changes_mutex};
        return changes;
    }

    Database database;
    base::Metrics metrics;
    StatementCounters counters{metrics};
    std::mutex changes_mutex;
    std::vector<bool> changes;
    Loop loop;
};

template <class T>
void expect_unavailable(std::future<T> future) {
    EXPECT_THROW(Loop::get(std::move(future)), base::Unavailable);
}

TEST(Connection, CountsItsStatementsAndLooksACounterUpOnce) {
    base::Metrics metrics;
    StatementCounters counters{metrics};
    Database database;
    FakeConnection one{database, counters}, other{database, counters};
    one.count("create_snippet");
    other.count("create_snippet");
    EXPECT_TRUE(test::returns_during_a_scrape(metrics, [&] { one.count("create_snippet"); }));
    EXPECT_EQ(metrics.counter("snippetd_db_statements_total", "", {{"statement", "create_snippet"}}).value(), 3u);
}

TEST_F(PoolTest, RunsTheWorkOnItsOwnThreadAndAnswersOnTheCallers) {
    const auto pool = make_pool();
    std::thread::id worked_on, answered_on;
    const auto coroutine = [&]() -> base::Awaitable<int> {
        auto work = [&worked_on](Connection& connection) {
            worked_on = std::this_thread::get_id();
            return fake(connection).statement();
        };
        const int result = co_await pool->run(std::move(work), base::deadline_in(1h));
        answered_on = std::this_thread::get_id();
        co_return result;
    };
    std::thread::id loop_thread;
    const auto note_thread = [&]() -> base::Awaitable<bool> {
        loop_thread = std::this_thread::get_id();
        co_return true;
    };
    loop.run(note_thread());
    EXPECT_EQ(loop.run(coroutine()), 42);
    EXPECT_EQ(answered_on, loop_thread);
    EXPECT_NE(worked_on, loop_thread);
    EXPECT_NE(worked_on, std::this_thread::get_id());
}

TEST_F(PoolTest, ItsThreadsWorkAtTheSameTime) {
    Pool::Options options;
    options.threads = 3;
    const auto pool = make_pool(std::move(options));
    ASSERT_TRUE(test::wait_until([&] { return database.connects == 3; }));
    Gate gate;
    std::vector<std::future<int>> futures;
    for (int i = 0; i < 3; ++i) {
        futures.push_back(start(*pool, [&gate](Connection&) {
            gate.pass();
            return 1;
        }));
    }
    gate.wait_for_arrivals(3);
    gate.open();
    for (auto& future : futures) EXPECT_EQ(Loop::get(std::move(future)), 1);
}

TEST_F(PoolTest, WhatTheWorkThrowsComesBackAsUnavailableButForItsOwnKindAndDefects) {
    const auto pool = make_pool();
    expect_unavailable(start(*pool, [](Connection&) -> int { throw std::runtime_error{"a syntax error"}; }));
    EXPECT_THROW(Loop::get(start(*pool, [](Connection&) -> int { throw std::invalid_argument{"a defect"}; })),
                 std::invalid_argument);
    try {
        Loop::get(start(*pool, [](Connection&) -> int { throw base::Unavailable{"busy", 7s}; }));
        FAIL() << "no exception";
    } catch (const base::Unavailable& busy) {
        EXPECT_EQ(busy.retry_after(), 7s);
    }
    EXPECT_EQ(Loop::get(start_statement(*pool)), 42);
    EXPECT_EQ(database.connects, 1) << "a failed statement is no reason to reconnect";
}

TEST_F(PoolTest, WhenTheQueueIsFullJobsAreRefusedAtOnce) {
    Pool::Options options;
    options.queue_max = 2;
    const auto pool = make_pool(std::move(options));
    Gate gate;
    auto running = occupy(*pool, gate);
    auto second = start_statement(*pool);
    auto third = start_statement(*pool);
    loop.drain();
    expect_unavailable(start_statement(*pool));  // while the gate is shut: nothing else could have answered it
    gate.open();
    EXPECT_EQ(Loop::get(std::move(running)), 1);
    EXPECT_EQ(Loop::get(std::move(second)), 42);
    EXPECT_EQ(Loop::get(std::move(third)), 42);
}

/// How late a job with a deadline in 50 ms is refused, the best of a few tries, so that a busy machine is not taken for
/// a late pool.
template <class Start>
base::Milliseconds refused_late_by(Start start) {
    auto best = base::Milliseconds::max();
    for (int attempt = 0; attempt < 5 && best > 20ms; ++attempt) {
        const base::Deadline deadline = base::deadline_in(50ms);
        expect_unavailable(start(deadline));
        const auto now = base::steady_now();
        EXPECT_GE(now, deadline) << "refused before its time";
        best = std::min(best, std::chrono::duration_cast<base::Milliseconds>(now - deadline));
    }
    return best;
}

TEST_F(PoolTest, AJobThatWaitsIsRefusedAtItsDeadline) {
    const auto pool = make_pool();
    Gate gate;
    auto running = occupy(*pool, gate);
    EXPECT_LE(refused_late_by([&](base::Deadline deadline) { return start_statement(*pool, deadline); }), 100ms);
    gate.open();
    EXPECT_EQ(Loop::get(std::move(running)), 1);
}

TEST_F(PoolTest, AJobThatWaitsBehindAMorePatientOneIsRefusedAtItsDeadline) {
    const auto pool = make_pool();
    Gate gate;
    auto running = occupy(*pool, gate);
    std::vector<std::future<int>> patient;
    const auto late_by = refused_late_by([&](base::Deadline deadline) {
        patient.push_back(start_statement(*pool, deadline + 400ms));  // like the reaper's among those of requests
        return start_statement(*pool, deadline);
    });
    EXPECT_LE(late_by, 100ms);
    gate.open();
    EXPECT_EQ(Loop::get(std::move(running)), 1);
}

TEST_F(PoolTest, AJobThatRunsIsRefusedAtItsDeadlineAndItsResultIsLost) {
    Pool::Options options;
    options.threads = 5;
    const auto pool = make_pool(std::move(options));
    Gate gate;
    const auto late_by = refused_late_by([&](base::Deadline deadline) {
        return start(
            *pool,
            [&gate](Connection&) {
                gate.pass();
                return 1;
            },
            deadline);
    });
    EXPECT_LE(late_by, 100ms);
    gate.open();
    EXPECT_EQ(Loop::get(start_statement(*pool)), 42);
}

TEST_F(PoolTest, AJobThatComesAfterItsDeadlineIsRefused) {
    const auto pool = make_pool();
    for (int i = 0; i < 20 && !HasFailure(); ++i) expect_unavailable(start_statement(*pool, base::steady_now() - 1ms));
    EXPECT_EQ(Loop::get(start_statement(*pool)), 42);
}

TEST_F(PoolTest, AJobWhoseDeadlinePassesInTheInstantInWhichItsTurnComesIsRefused) {
    const auto pool = make_pool();
    for (int i = 0; i < 20 && !HasFailure(); ++i) {
        const base::Deadline deadline = base::deadline_in(3ms);
        Gate gate;
        auto running = start(*pool, [&gate, deadline](Connection&) {
            gate.pass();
            while (base::steady_now() <= deadline) std::this_thread::yield();
            return 1;
        });
        gate.wait_for_arrivals();
        auto late = start_statement(*pool, deadline);
        loop.drain();
        gate.open();
        EXPECT_EQ(Loop::get(std::move(running)), 1);
        expect_unavailable(std::move(late));
    }
}

TEST_F(PoolTest, AStuckConnectionIsCutAndTheThreadGoesOnWithANewOne) {
    Pool::Options options;
    options.stuck_grace = 30ms;
    const auto pool = make_pool(std::move(options));
    auto stuck = start(
        *pool, [](Connection& connection) -> int { fake(connection).stuck_statement(); }, base::deadline_in(30ms));
    expect_unavailable(std::move(stuck));
    ASSERT_TRUE(test::wait_until([&] { return database.connects == 2; }));
    EXPECT_EQ(database.interrupts, 1);
    ASSERT_TRUE(pool->wait_until_connected(test::kPatience));
    EXPECT_EQ(Loop::get(start_statement(*pool)), 42);
}

TEST_F(PoolTest, WhatIsLateIsCancelledAfterItsAnswerAndItsConnectionGoesOn) {
    database.cancels = true;
    Pool::Options options;
    options.stuck_grace = 1h;
    const auto pool = make_pool(std::move(options));
    auto late = start(
        *pool, [](Connection& connection) { return fake(connection).cancelled_statement(); }, base::deadline_in(30ms));
    expect_unavailable(std::move(late));
    EXPECT_EQ(Loop::get(start_statement(*pool)), 42);
    EXPECT_EQ(database.cancellations, 1);
    EXPECT_EQ(database.interrupts, 0);
    EXPECT_EQ(database.connects, 1);
}

TEST_F(PoolTest, ItIsStuckWhenAsManyJobsAsItHasConnectionsAreLateInARow) {
    const auto pool = make_pool();
    EXPECT_FALSE(pool->stuck());
    Gate gate;
    expect_unavailable(occupy(*pool, gate, base::deadline_in(10ms)));
    EXPECT_TRUE(pool->stuck());
    gate.open();
    EXPECT_EQ(Loop::get(start_statement(*pool)), 42);
    EXPECT_FALSE(pool->stuck());
}

TEST_F(PoolTest, WhenAllConnectionsAreLostAtOnceJobsWaitForNewOnesAndNobodyIsTold) {
    Pool::Options options;
    options.threads = 3;
    options.reconnect_patience = 1h;
    const auto pool = make_pool(std::move(options));
    ASSERT_TRUE(test::wait_until([&] { return database.connects == 3; }));
    for (int i = 0; i < 5; ++i) {
        ++database.deaths;
        EXPECT_EQ(Loop::get(start_statement(*pool)), 42);
    }
    database.reachable = false;
    ++database.deaths;
    auto waiting = start_statement(*pool);
    ASSERT_TRUE(test::wait_until([&] { return pool->last_error() == "nobody listens there"; }));
    database.reachable = true;
    EXPECT_EQ(Loop::get(std::move(waiting)), 42);
    auto late = start_statement(*pool, base::steady_now() - 1ms);
    expect_unavailable(std::move(late));
    EXPECT_EQ(database.used_dead, 0);
    EXPECT_EQ(seen_changes(), std::vector<bool>{true});
}

TEST_F(PoolTest, AJobThatLostItsConnectionIsDoneAgainWhenThatDoesNoHarm) {
    const auto attempts = [this](bool only_reads, bool without_effect) {
        Pool::Options options;
        options.only_reads = only_reads;
        const auto pool = make_pool(std::move(options));
        const auto count = std::make_shared<int>(0);
        auto future = start(*pool, [count, without_effect](Connection&) -> int {
            if (++*count > 1) return 42;
            if (without_effect) throw LostWithoutEffect{};
            throw Lost{};
        });
        try {
            EXPECT_EQ(Loop::get(std::move(future)), 42);
        } catch (const base::Unavailable&) {
            EXPECT_EQ(*count, 1);
        }
        return *count;
    };
    EXPECT_EQ(attempts(false, false), 1) << "who knows what has become of a write";
    EXPECT_EQ(attempts(false, true), 2);
    EXPECT_EQ(attempts(true, false), 2);
}

TEST_F(PoolTest, AJobThatLosesEveryConnectionIsGivenUp) {
    const auto pool = make_pool();
    const auto count = std::make_shared<int>(0);
    expect_unavailable(start(*pool, [count](Connection&) -> int {
        ++*count;
        throw LostWithoutEffect{};
    }));
    EXPECT_EQ(*count, 2);
}

TEST_F(PoolTest, NothingIsCutBeforeTheGraceIsOver) {
    Pool::Options options;
    options.stuck_grace = 1h;
    const auto pool = make_pool(std::move(options));
    Gate gate;
    auto slow = occupy(*pool, gate, base::deadline_in(10ms));
    expect_unavailable(std::move(slow));
    gate.open();
    EXPECT_EQ(Loop::get(start_statement(*pool)), 42);
    EXPECT_EQ(database.interrupts, 0);
    EXPECT_EQ(database.connects, 1);
}

TEST_F(PoolTest, WhenTheLastConnectionIsLostJobsAreRefusedAtOnceUntilItStandsAgain) {
    const auto pool = make_pool();
    Gate gate;
    auto losing = start(*pool, [&](Connection&) -> int {
        gate.pass();
        database.reachable = false;
        throw Lost{};
    });
    gate.wait_for_arrivals();
    auto waiting = start_statement(*pool);
    loop.drain();
    gate.open();
    expect_unavailable(std::move(losing));
    expect_unavailable(std::move(waiting));
    ASSERT_TRUE(test::wait_until([&] { return !pool->up(); }));
    expect_unavailable(start_statement(*pool));  // its deadline is an hour away
    EXPECT_FALSE(pool->wait_until_connected(1ms));
    ASSERT_TRUE(test::wait_until([&] { return pool->last_error() == "nobody listens there"; }));

    database.reachable = true;
    ASSERT_TRUE(pool->wait_until_connected(test::kPatience)) << "it reconnects by itself";
    EXPECT_EQ(Loop::get(start_statement(*pool)), 42);
    EXPECT_EQ(pool->last_error(), "");
    EXPECT_EQ(seen_changes(), (std::vector<bool>{true, false, true}));
}

TEST_F(PoolTest, WhileAnotherConnectionStandsNothingIsRefused) {
    Pool::Options options;
    options.threads = 2;
    const auto pool = make_pool(std::move(options));
    ASSERT_TRUE(test::wait_until([&] { return database.connects == 2; }));
    Gate gate;
    auto busy = occupy(*pool, gate);  // so the other thread takes the next one
    expect_unavailable(start(*pool, [&](Connection&) -> int {
        database.reachable = false;
        throw Lost{};
    }));
    auto waiting = start_statement(*pool);
    gate.open();
    EXPECT_EQ(Loop::get(std::move(busy)), 1);
    EXPECT_EQ(Loop::get(std::move(waiting)), 42);
    EXPECT_TRUE(pool->up());
    EXPECT_EQ(seen_changes(), std::vector<bool>{true});
}

TEST_F(PoolTest, AConnectionThatHasDiedWhileIdleIsNotUsed) {
    const auto pool = make_pool();
    for (int i = 0; i < 10; ++i) {
        ++database.deaths;
        try {
            Loop::get(start_statement(*pool));  // on the new connection, or refused
        } catch (const base::Unavailable&) {
        }
        ASSERT_TRUE(test::wait_until([&] { return pool->up() && database.connects == i + 2; }));
    }
    EXPECT_EQ(database.used_dead, 0);
    EXPECT_EQ(Loop::get(start_statement(*pool)), 42);
}

TEST_F(PoolTest, ADatabaseThatIsAwayAtTheStartIsWaitedFor) {
    database.reachable = false;
    Pool::Options options;
    options.make_connection = [this] { return std::make_unique<FakeConnection>(database, counters); };
    Pool pool{std::move(options)};
    EXPECT_FALSE(pool.wait_until_connected(1ms));
    expect_unavailable(start_statement(pool));
    database.reachable = true;
    EXPECT_TRUE(pool.wait_until_connected(test::kPatience));
    EXPECT_EQ(Loop::get(start_statement(pool)), 42);
}

TEST_F(PoolTest, ShutdownRefusesWhatWaitsAndLetsFinishWhatRuns) {
    auto pool = make_pool();
    Gate gate;
    auto running = occupy(*pool, gate);
    std::vector<std::future<int>> waiting;
    for (int i = 0; i < 5; ++i) waiting.push_back(start_statement(*pool));
    loop.drain();
    std::thread destroyer{[&] { pool.reset(); }};
    for (auto& future : waiting) expect_unavailable(std::move(future));
    EXPECT_NE(running.wait_for(0s), std::future_status::ready);
    gate.open();
    EXPECT_EQ(Loop::get(std::move(running)), 1);
    destroyer.join();
}

TEST_F(PoolTest, ShutdownDoesNotWaitForAStuckConnection) {
    Pool::Options options;
    options.stuck_grace = 20ms;
    auto pool = make_pool(std::move(options));
    Gate started;
    started.open();
    auto stuck = start(
        *pool,
        [&started](Connection& connection) -> int {
            started.pass();
            fake(connection).stuck_statement();
        },
        base::deadline_in(20ms));
    started.wait_for_arrivals();
    pool.reset();
    EXPECT_EQ(database.interrupts, 1);
    expect_unavailable(std::move(stuck));
}

TEST_F(PoolTest, ShutdownWhileItCannotConnectEnds) {
    auto pool = make_pool();
    database.reachable = false;
    ++database.deaths;
    expect_unavailable(start_statement(*pool));
    pool.reset();
    EXPECT_EQ(seen_changes(), (std::vector<bool>{true, false}));
}

/// Transactions, on a real SQLite, which is who uses them.
class BatchTest : public testing::Test {
  protected:
    BatchTest() {
        Pool::Options options;
        options.batch_max = 64;
        options.make_connection = [this] { return make_sqlite_connection({path, false}, counters); };
        pool.emplace(std::move(options));
        if (!pool->wait_until_connected(test::kPatience)) throw test::TooSlow{};
        reader->connect();
        reader->execute_script(
            "create table numbers (number integer primary key);"
            "create table orphans (parent integer references numbers (number) deferrable initially deferred);");
    }

    static int insert(Connection& connection, int number) {
        connection.session() << "insert into numbers (number) values (:number)", soci::use(number, "number");
        return number;
    }
    template <class F>
    auto start(F work, base::Deadline deadline = base::deadline_in(1h)) {
        return loop.start(pool->run(std::move(work), deadline));
    }
    std::future<int> start_insert(int number, base::Deadline deadline = base::deadline_in(1h)) {
        return start([number](Connection& connection) { return insert(connection, number); }, deadline);
    }
    /// A job that is in a transaction of its own and holds up the writer, so that what follows gathers into one batch.
    std::future<int> occupy(Gate& gate) {
        auto future = start([&gate](Connection&) {
            gate.pass();
            return 0;
        });
        gate.wait_for_arrivals();
        return future;
    }
    /// What another connection sees: what has been committed.
    std::vector<int> committed() {
        std::vector<int> numbers;
        soci::rowset<int> rows = (reader->session().prepare << "select number from numbers order by number");
        for (const int number : rows) numbers.push_back(number);
        return numbers;
    }

    test::TemporaryFolder folder;
    std::string path = folder.file("test.db");
    base::Metrics metrics;
    StatementCounters counters{metrics};
    std::unique_ptr<Connection> reader = make_sqlite_connection({path, false}, counters);
    Loop loop;
    std::optional<Pool> pool;
};

TEST_F(BatchTest, WhatWaitsBecomesOneTransactionAndIsAnsweredAfterItsCommit) {
    Gate before, within;
    auto first = occupy(before);
    auto one = start_insert(1);
    auto held = start([&](Connection& connection) {
        within.pass();
        return insert(connection, 2);
    });
    auto three = start_insert(3);
    loop.drain();
    before.open();
    within.wait_for_arrivals();
    EXPECT_EQ(Loop::get(std::move(first)), 0);
    EXPECT_EQ(committed(), std::vector<int>{}) << "1 is inserted and not committed";
    EXPECT_NE(one.wait_for(0s), std::future_status::ready) << "an answer before the commit would be a lie";
    within.open();
    EXPECT_EQ(Loop::get(std::move(one)), 1);
    EXPECT_EQ(Loop::get(std::move(held)), 2);
    EXPECT_EQ(Loop::get(std::move(three)), 3);
    EXPECT_EQ(committed(), (std::vector<int>{1, 2, 3}));
}

TEST_F(BatchTest, AJobThatFailsIsUndoneAloneWhateverItThrows) {
    Gate gate;
    auto first = occupy(gate);
    auto one = start_insert(1);
    auto twice = start([](Connection& connection) {
        insert(connection, 2);
        return insert(connection, 1);  // is there already
    });
    auto defect = start([](Connection& connection) -> int {
        insert(connection, 3);
        throw std::invalid_argument{"a defect"};
    });
    auto busy = start([](Connection& connection) -> int {
        insert(connection, 4);
        throw base::Unavailable{"busy"};
    });
    auto five = start_insert(5);
    loop.drain();
    gate.open();
    Loop::get(std::move(first));
    EXPECT_EQ(Loop::get(std::move(one)), 1);
    expect_unavailable(std::move(twice));
    EXPECT_THROW(Loop::get(std::move(defect)), std::invalid_argument);
    expect_unavailable(std::move(busy));
    EXPECT_EQ(Loop::get(std::move(five)), 5);
    EXPECT_EQ(committed(), (std::vector<int>{1, 5}));
}

TEST_F(BatchTest, AFailingCommitFailsAllOfTheBatchAndTheNextOneIsFine) {
    Gate gate;
    auto first = occupy(gate);
    auto one = start_insert(1);
    auto orphan = start([](Connection& connection) {
        connection.session() << "insert into orphans (parent) values (77)";  // refused at the commit
        return 77;
    });
    auto two = start_insert(2);
    loop.drain();
    gate.open();
    EXPECT_EQ(Loop::get(std::move(first)), 0) << "a transaction of its own";
    expect_unavailable(std::move(one));
    expect_unavailable(std::move(orphan));
    expect_unavailable(std::move(two));
    EXPECT_EQ(committed(), std::vector<int>{});
    EXPECT_EQ(Loop::get(start_insert(3)), 3);
    EXPECT_EQ(committed(), std::vector<int>{3});
}

TEST_F(BatchTest, AJobThatHasBeenRefusedMeanwhileIsNotObeyed) {
    Gate before, within;
    auto first = occupy(before);
    auto held = start([&](Connection& connection) {
        within.pass();
        return insert(connection, 1);
    });
    auto late = start_insert(2, base::deadline_in(200ms));
    auto three = start_insert(3);
    loop.drain();
    before.open();
    within.wait_for_arrivals();  // all three are in one batch now
    expect_unavailable(std::move(late));
    within.open();
    EXPECT_EQ(Loop::get(std::move(held)), 1);
    EXPECT_EQ(Loop::get(std::move(three)), 3);
    EXPECT_EQ(committed(), (std::vector<int>{1, 3})) << "whoever was told no must not find it done";
}

TEST_F(BatchTest, ATransactionTakesNoMoreThanItMay) {
    Gate before, within;
    auto first = occupy(before);
    std::vector<std::future<int>> futures;
    for (int i = 1; i <= 64; ++i) futures.push_back(start_insert(i));
    auto held = start([&](Connection& connection) {
        within.pass();
        return insert(connection, 65);
    });
    loop.drain();
    before.open();
    within.wait_for_arrivals();
    EXPECT_EQ(committed().size(), 64u) << "the 65th is in the next one";
    within.open();
    EXPECT_EQ(Loop::get(std::move(held)), 65);
}

}  // namespace
}  // namespace snippetd::sql
