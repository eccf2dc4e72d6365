#include "contract/store_contract.hpp"

#include <algorithm>
#include <future>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

/// The ledger of views, and their hours.
namespace snippetd::store {
namespace {

using namespace std::string_literals;

TEST_P(StoreContract, ViewsAddUpAndTotalsComeBack) {
    create(snippet("a"));
    create(snippet("b"));
    EXPECT_EQ(apply("1", {{"a", 3}, {"b", 1}}), (model::NumbersById{{"a", 3}, {"b", 1}}));
    EXPECT_EQ(apply("2", {{"a", 2}}), (model::NumbersById{{"a", 5}}));
    EXPECT_EQ(load("a").snippet->view_count, 5);
    EXPECT_EQ(load("b").snippet->view_count, 1);
    EXPECT_EQ(apply("3", {}), model::NumbersById{});
}

TEST_P(StoreContract, ABatchThatIsGivenAgainCountsOnce) {
    create(snippet("a"));
    apply("1", {{"a", 3}});
    EXPECT_EQ(apply("1", {{"a", 3}}), (model::NumbersById{{"a", 3}})) << "the total as it is";
    EXPECT_EQ(load("a").snippet->view_count, 3);
    const auto results = at_once(20, [&](int) {
        return store->apply_views("2", model::NumbersById{{"a", 10}}, deadline());
    });
    // Who waits for another one's commit may still see the total of before.
    const auto before = std::count(results.begin(), results.end(), model::NumbersById{{"a", 3}});
    const auto after = std::count(results.begin(), results.end(), model::NumbersById{{"a", 13}});
    EXPECT_GE(after, 1);
    EXPECT_EQ(before + after, 20);
    EXPECT_EQ(load("a").snippet->view_count, 13);
}

TEST_P(StoreContract, ABatchWithAFlushThatHasBeenAppliedIsNotCounted) {
    create(snippet("a"));
    const auto applied = [this](const std::string& batch, ViewFlushes flushes) {
        run(store->apply_views(batch, model::NumbersById{{"a", 1}}, std::move(flushes), deadline()));
        return load("a").snippet->view_count;
    };
    EXPECT_EQ(run(store->last_flush_applied("p.0", deadline())), 0);
    EXPECT_EQ(applied("1", {{"p.0", 1, 3}}), 1);
    EXPECT_EQ(run(store->last_flush_applied("p.0", deadline())), 3);
    EXPECT_EQ(applied("1", {{"p.0", 4, 5}}), 1) << "the ledger knows the batch";
    EXPECT_EQ(run(store->last_flush_applied("p.0", deadline())), 3) << "so this has not been applied";
    EXPECT_EQ(applied("2", {{"p.0", 4, 9}, {"q.0", 1, 1}}), 2);
    EXPECT_EQ(applied("3", {{"p.0", 9, 12}}), 2) << "it has flush 9 in it once more";
    EXPECT_EQ(applied("4", {{"q.0", 2, 2}, {"p.0", 2, 3}}), 2) << "one such flusher is enough";
    EXPECT_EQ(applied("4", {{"q.0", 3, 3}}), 2) << "and it is not counted another time either";
    EXPECT_EQ(applied("5", {{"p.0", 13, 13}, {"p.1", 1, 1}}), 3) << "another shard's numbers are its own";
    EXPECT_EQ(run(store->last_flush_applied("p.0", deadline())), 13);
}

TEST_P(StoreContract, OfTwoBatchesWithOneFlushAtTheSameTimeOneIsCounted) {
    create(snippet("a"));
    at_once(20, [&](int i) {
        const ViewFlushes flushes{{"p.0", 7, 7 + i}, {"q.0", 1, 1}};
        return store->apply_views("batch " + std::to_string(i), model::NumbersById{{"a", 1}}, flushes, deadline());
    });
    EXPECT_EQ(load("a").snippet->view_count, 1);
}

TEST_P(StoreContract, ViewsOfWhatIsGoneAreNobodys) {
    create(snippet("a"));
    create(snippet("deleted"));
    run(store->delete_snippet("deleted", std::nullopt, deadline()));
    EXPECT_EQ(apply("1", {{"unknown", 7}, {"a", 1}, {"deleted", 7}}), (model::NumbersById{{"a", 1}}));
    EXPECT_EQ(backend->number("select count(*) from snippet_views"), 1);
    EXPECT_EQ(apply("1", {{"a", 1}}), (model::NumbersById{{"a", 1}})) << "the batch is in the ledger all the same";
    EXPECT_EQ(apply("2", {{"unknown", 1}}), model::NumbersById{});
}

TEST_P(StoreContract, ABatchIsOneStatementHoweverLarge) {
    backend->execute(
        "with recursive n(i) as (select 1 union all select i + 1 from n where i < 5000) "
        "insert into snippets (id, title, " +
        body_column() +
        ", language, visibility, tags, version, created_at, updated_at, "
        "burn_after_reading, edit_token_hash, forked_from) "
        "select 'id' || cast(i as text), '', '0', 'text', 'public', '[]', 1, 1, 1, 0, '', '' from n");
    model::NumbersById counts;
    for (int i = 1; i <= 5000; ++i) counts.emplace_back("id" + std::to_string(i), i);
    const auto before = backend->statements("apply_views");
    EXPECT_EQ(apply("1", counts).size(), 5000u);
    EXPECT_EQ(backend->statements("apply_views"), before + 1);
    EXPECT_EQ(backend->number("select sum(count) from snippet_views"), 5000 * 5001 / 2);
    EXPECT_EQ(backend->number("select sum(count) from snippet_view_hours"), 5000 * 5001 / 2);
}

TEST_P(StoreContract, BatchesThatOverlapInAnyOrderDoNotDeadlock) {
    constexpr int kIds = 150, kBatches = 40;
    model::NumbersById counts;
    for (int i = 0; i < kIds; ++i) {
        create(snippet("id" + std::to_string(i)));
        counts.emplace_back("id" + std::to_string(i), 1);
    }
    const auto results = at_once(kBatches, [&](int i) {
        model::NumbersById shuffled = counts;
        std::mt19937 random{static_cast<unsigned>(i)};
        std::shuffle(shuffled.begin(), shuffled.end(), random);
        return store->apply_views("batch " + std::to_string(i), shuffled, deadline());
    });
    for (const model::NumbersById& totals : results) EXPECT_EQ(totals.size(), std::size_t{kIds});
    EXPECT_EQ(backend->number("select min(count) from snippet_views"), kBatches);
    EXPECT_EQ(backend->number("select max(count) from snippet_views"), kBatches);
    EXPECT_EQ(backend->number("select sum(count) from snippet_view_hours"), kIds * kBatches);
}

TEST_P(StoreContract, ABatchCountsForTheHourInWhichItIsApplied) {
    create(snippet("a"));
    create(snippet("b"));
    const std::int64_t before = model::hour_of(base::unix_now_ms());
    apply("1", {{"a", 3}, {"b", 1}, {"unknown", 7}});
    apply("2", {{"a", 2}});
    const std::int64_t after = model::hour_of(base::unix_now_ms());
    for (const model::ViewHour& hour : view_hours("a")) {
        EXPECT_GE(hour.hour, before);
        EXPECT_LE(hour.hour, after);
    }
    EXPECT_EQ(viewed("a"), 5);
    EXPECT_EQ(viewed("b"), 1);
    EXPECT_TRUE(view_hours("unknown").empty());
    EXPECT_EQ(backend->number("select count(distinct snippet_id) from snippet_view_hours"), 2);
}

TEST_P(StoreContract, ABatchThatIsGivenAgainCountsOnceForItsHour) {
    create(snippet("a"));
    apply("1", {{"a", 3}});
    apply("1", {{"a", 3}});
    at_once(20, [&](int) { return store->apply_views("2", model::NumbersById{{"a", 10}}, deadline()); });
    EXPECT_EQ(viewed("a"), 13);
}

TEST_P(StoreContract, TheHoursOfABatchAreOneMoreStatementOnSqliteAndNoneOnPostgres) {
    create(snippet("a"));
    apply("1", {{"a", 3}});
    apply("1", {{"a", 3}});
    EXPECT_EQ(backend->statements("apply_view_hours"), GetParam() == "SQLite"s ? 1u : 0u);
    EXPECT_EQ(viewed("a"), 3);
}

TEST_P(StoreContract, HoursAreListedOldestFirstFromTheOneThatWasAskedFor) {
    create(snippet("a"));
    create(snippet("b"));
    backend->execute(
        "insert into snippet_view_hours (snippet_id, hour, count) "
        "values ('a', 1002, 3), ('a', 1000, 1), ('b', 1001, 9), ('a', 1001, 2)");
    const auto hours = [this](UnixMillis since) {
        std::vector<std::pair<std::int64_t, std::int64_t>> pairs;
        for (const model::ViewHour& hour : view_hours("a", since)) pairs.emplace_back(hour.hour, hour.count);
        return pairs;
    };
    using Pairs = std::vector<std::pair<std::int64_t, std::int64_t>>;
    constexpr UnixMillis kHour = 60 * kMinute;
    EXPECT_EQ(hours(0), (Pairs{{1000, 1}, {1001, 2}, {1002, 3}}));
    EXPECT_EQ(hours(1001 * kHour), (Pairs{{1001, 2}, {1002, 3}}));
    EXPECT_EQ(hours(1002 * kHour - 1), (Pairs{{1001, 2}, {1002, 3}}));
    EXPECT_EQ(hours(1003 * kHour), Pairs{});
}

TEST_P(StoreContract, HoursGoWithTheirSnippet) {
    for (const char* id : {"deleted", "burned", "expired", "edited"}) {
        Snippet made = snippet(id);
        made.burn_after_reading = id == "burned"s;
        if (id == "expired"s) made.expires_at = kLongAgo;
        create(made);
    }
    apply("1", {{"deleted", 1}, {"burned", 1}, {"expired", 1}, {"edited", 1}});
    run(store->delete_snippet("deleted", std::nullopt, deadline()));
    run(store->burn_snippet("burned", deadline()));
    purge();
    update(snippet("edited"));
    EXPECT_EQ(backend->number("select count(distinct snippet_id) from snippet_view_hours"), 1);
    EXPECT_EQ(viewed("edited"), 1);
}

TEST_P(StoreContract, APurgeForgetsHoursOlderThan400DaysInBatches) {
    create(snippet("a"));
    const std::int64_t oldest_kept = model::hour_of(base::unix_now_ms()) - 400 * 24;
    // A little away from the bound, so that the end of an hour in the middle of the test does not matter.
    for (const std::int64_t age : {-3, -2, -1, 2}) {
        backend->execute("insert into snippet_view_hours (snippet_id, hour, count) values ('a', " +
                         std::to_string(oldest_kept + age) + ", 1)");
    }
    const Purged first = purge(2);
    EXPECT_EQ(first.others, 2);
    EXPECT_TRUE(first.more);
    const Purged second = purge(2);
    EXPECT_EQ(second.others, 1);
    EXPECT_FALSE(second.more);
    EXPECT_EQ(viewed("a"), 1);
}

TEST_P(StoreContract, ViewsEditsAndDeletionsGoOnSideBySide) {
    constexpr int kIds = 30;
    model::NumbersById counts;
    for (int i = 0; i < kIds; ++i) {
        create(snippet("id" + std::to_string(i)));
        counts.emplace_back("id" + std::to_string(i), 1);
    }
    std::vector<std::future<model::NumbersById>> batches;
    std::vector<std::future<bool>> writes;
    for (int i = 0; i < kIds; ++i) {
        batches.push_back(loop.start(store->apply_views("batch " + std::to_string(i), counts, deadline())));
        const std::string id = "id" + std::to_string(i);
        writes.push_back(loop.start(i % 3 ? store->update_snippet(snippet(id), deadline())
                                          : store->delete_snippet(id, std::nullopt, deadline())));
    }
    for (auto& write : writes) EXPECT_TRUE(Loop::get(std::move(write)));
    for (auto& batch : batches) EXPECT_GE(Loop::get(std::move(batch)).size(), 20u);
    for (int i = 0; i < kIds; ++i) {
        const Loaded loaded = load("id" + std::to_string(i));
        ASSERT_EQ(loaded.state, i % 3 ? State::found : State::missing);
        if (i % 3) {
            EXPECT_EQ(loaded.snippet->view_count, kIds);
            EXPECT_EQ(loaded.snippet->version, 2);
        }
    }
}

}  // namespace
}  // namespace snippetd::store
