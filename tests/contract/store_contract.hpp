#pragma once

#include "base/error.hpp"
#include "store/store.hpp"
#include "support/run.hpp"
#include "support/store_backends.hpp"

#include <algorithm>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

/// What every store keeps, on every database: each file beside this one has a subject of it.
namespace snippetd::store {

using model::Snippet;
using model::Visibility;
using test::Loop;
using Outcome = CreateResult::Outcome;
using State = Loaded::State;
using Ids = std::vector<std::string>;

inline constexpr UnixMillis kLongAgo = 1'500'000'000'000;
inline constexpr UnixMillis kMinute = 60'000;
inline constexpr base::Milliseconds kMinutes{60'000}, kOver{0};  // lifetimes of sessions
inline constexpr UnixMillis kEver = std::numeric_limits<UnixMillis>::max();
inline constexpr UnixMillis kDay = 24 * 60 * kMinute;

/// What has a meaning to somebody on the way: SQL, SOCI's parameters, JSON, LIKE, arrays of PostgreSQL, fmt.
inline const std::vector<std::string> kOddTexts{
    "plain",
    ":id",
    ":id::text",
    "::",
    "select ':x' -- :y",
    "'; drop table snippets; --",
    "''",
    "'",
    "\"",
    "\"\"",
    "\\",
    "\\\\",
    "\\'",
    "E'\\n'",
    "{}",
    "{0}",
    "{{}}",
    "{\"a\",\"b\"}",
    "[1,2]",
    "null",
    "NULL",
    "%",
    "_",
    "%s %d %n",
    "$1",
    "?",
    "$$body$$",
    "/* */",
    "--",
    "\t",
    " leading",
    "trailing ",
    "a\nb\r\nc",
    "\xef\xbb\xbf"
    "bom",
    "\x01\x02\x7f",
    "ä€😀",
    "e\xcc\x81",
    "\xf4\x8f\xbf\xbf",
    "<script>&amp;",
    "\\u0041",
    "0",
    "",
};

class StoreContract : public testing::TestWithParam<const char*> {
  protected:
    StoreContract() {
        if (std::string{GetParam()} == "SQLite") {
            backend = std::make_unique<test::SqliteBackend>(folder.file("snippets.db"));
            backend->migrate();
        } else {
            backend = std::make_unique<test::PostgresBackend>(test::SharedPostgres::create_migrated_database());
        }
        store = backend->open();
    }

    static Deadline deadline() { return base::deadline_in(test::kPatience); }
    template <class T>
    T run(Awaitable<T> coroutine) {
        return loop.run(std::move(coroutine));
    }
    /// Starts `count` of them at a time and gives what each gives.
    template <class Start>
    auto at_once(int count, Start start) {
        std::vector<decltype(loop.start(start(0)))> futures;
        for (int i = 0; i < count; ++i) futures.push_back(loop.start(start(i)));
        std::vector<decltype(futures[0].get())> results;
        for (auto& future : futures) results.push_back(Loop::get(std::move(future)));
        return results;
    }

    static TokenMaker by_password(const std::string& name) {
        return {"id of " + name, TokenMaker::Kind::password, "hash of " + name};
    }

    void create_account(const std::string& name) {
        ASSERT_TRUE(run(store->create_account({"id of " + name, name, kLongAgo}, "hash of " + name, deadline())));
    }
    static Snippet snippet(const std::string& id) {
        Snippet snippet;
        snippet.id = id;
        snippet.body = "body of " + id;
        snippet.language = "text";
        snippet.created_at = snippet.updated_at = kLongAgo;
        return snippet;
    }
    static Snippet owned(const std::string& id, const std::string& owner) {
        Snippet made = snippet(id);
        made.owner_id = "id of " + owner;
        made.owner_name = owner;
        return made;
    }
    /// The column of snippets and revisions that says something of their text.
    std::string body_column() const { return backend->dialect() == DialectName::sqlite ? "size" : "body"; }
    Outcome create(const Snippet& made) { return run(store->create_snippet(made, std::nullopt, deadline())).outcome; }
    CreateResult create(const Snippet& made, const IdempotencyRecord& record) {
        return run(store->create_snippet(made, record, deadline()));
    }
    std::vector<Loaded> load(const Ids& ids) {
        return at_once(static_cast<int>(ids.size()), [this, &ids](int i) {
            return store->load_snippet(ids[static_cast<std::size_t>(i)], deadline());
        });
    }
    Loaded load(const std::string& id) { return run(store->load_snippet(id, deadline())); }
    bool update(const Snippet& next) { return run(store->update_snippet(next, deadline())); }
    model::NumbersById apply(const std::string& batch, const model::NumbersById& counts) {
        model::NumbersById totals = run(store->apply_views(batch, counts, deadline()));
        std::sort(totals.begin(), totals.end());
        return totals;
    }
    std::vector<model::ViewHour> view_hours(const std::string& id, UnixMillis since = kLongAgo) {
        return run(store->view_hours(id, since, deadline()));
    }
    /// The views of all hours together, which the end of an hour in the middle of a test does not change.
    std::int64_t viewed(const std::string& id) {
        std::int64_t total = 0;
        for (const model::ViewHour& hour : view_hours(id)) total += hour.count;
        return total;
    }
    /// All that the outbox holds, sorted.
    model::NumbersById undelivered() {
        model::NumbersById floors = run(store->list_undelivered(base::Milliseconds{0}, 10'000, deadline())).floors;
        std::sort(floors.begin(), floors.end());
        return floors;
    }
    /// Who is in force.
    model::CacheServer in_force() {
        return run(store->list_undelivered(base::Milliseconds{0}, 1, deadline())).in_force;
    }
    void put_in_force(const std::string& run_id, const model::CacheServer& known) {
        run(store->set_cache_server(run_id, known, deadline()));
    }
    void forget(const model::NumbersById& delivered) {
        if (in_force().epoch == 0) put_in_force("a server", {});
        run(store->forget_delivered(delivered, in_force(), deadline()));
    }
    Purged purge(int limit = 100) { return run(store->purge(limit, deadline())); }
    Ids public_ids(const ListQuery& query = {}) {
        return either_way([&] { return store->list_public(query, deadline()); });
    }
    Ids owned_ids(const std::string& owner, const ListQuery& query = {}) {
        return either_way([&] { return store->list_owned("id of " + owner, query, deadline()); });
    }
    /// What a list gives: the same whether what was written last is in the index or not.
    template <class List>
    Ids either_way(List list) {
        const Ids looked_through = ids_of(run(list()));
        index_all();
        EXPECT_EQ(ids_of(run(list())), looked_through);
        return looked_through;
    }
    void index_all() {
        for (int round = 0; round < 10'000; ++round) {
            if (run(store->index_some(deadline())).left == 0) return;
        }
        FAIL() << "the index never gets all";
    }
    static Ids ids_of(const std::vector<Snippet>& snippets) {
        Ids ids;
        for (const Snippet& one : snippets) ids.push_back(one.id);
        return ids;
    }

    test::TemporaryFolder folder;
    std::unique_ptr<test::Backend> backend;
    Loop loop;
    std::unique_ptr<Store> store;  // goes first: its threads answer to the loop
};

inline void expect_same(const Snippet& actual, const Snippet& expected) {
    EXPECT_EQ(actual.id, expected.id);
    EXPECT_EQ(actual.title, expected.title);
    EXPECT_EQ(actual.body, expected.body);
    EXPECT_EQ(actual.language, expected.language);
    EXPECT_EQ(actual.visibility, expected.visibility);
    EXPECT_EQ(actual.tags, expected.tags);
    EXPECT_EQ(actual.owner_id, expected.owner_id);
    EXPECT_EQ(actual.owner_name, expected.owner_name);
    EXPECT_EQ(actual.version, expected.version);
    EXPECT_EQ(actual.view_count, expected.view_count);
    EXPECT_EQ(actual.created_at, expected.created_at);
    EXPECT_EQ(actual.updated_at, expected.updated_at);
    EXPECT_EQ(actual.expires_at, expected.expires_at);
    EXPECT_EQ(actual.burn_after_reading, expected.burn_after_reading);
    EXPECT_EQ(actual.edit_token_hash, expected.edit_token_hash);
    EXPECT_EQ(actual.forked_from, expected.forked_from);
}

}  // namespace snippetd::store
