#include "contract/store_contract.hpp"

#include <algorithm>
#include <future>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include <gtest/gtest.h>

/// Migrations, on every database.
namespace snippetd::store {
namespace {

using namespace std::string_literals;

/// A database without the schema.
class MigrationContract : public testing::TestWithParam<const char*> {
  protected:
    MigrationContract() {
        if (GetParam() == "SQLite"s) {
            backend = std::make_unique<test::SqliteBackend>(folder.file("snippets.db"));
        } else {
            backend = std::make_unique<test::PostgresBackend>(test::SharedPostgres::cluster().create_database());
        }
    }
    test::TemporaryFolder folder;
    std::unique_ptr<test::Backend> backend;
};
INSTANTIATE_TEST_SUITE_P(, MigrationContract, testing::Values("SQLite", "PostgreSQL"),
                         [](const auto& test) { return std::string{test.param}; });

TEST_P(MigrationContract, OfManyInstancesThatStartAtOnceOneMigrates) {
    const int all = static_cast<int>(migrations(backend->dialect()).size());
    ASSERT_GE(all, 1);
    std::vector<std::future<int>> futures;
    for (int i = 0; i < 6; ++i)
        futures.push_back(std::async(std::launch::async, [this] { return backend->migrate(); }));
    std::vector<int> applied;
    for (auto& future : futures) applied.push_back(future.get());
    EXPECT_EQ(std::count(applied.begin(), applied.end(), all), 1);
    EXPECT_EQ(std::count(applied.begin(), applied.end(), 0), 5);
    EXPECT_EQ(backend->number("select count(*) from schema_migrations"), all);
    EXPECT_EQ(backend->number("select count(*) from snippets"), 0);
}

TEST_P(MigrationContract, WhatWasThereBeforeTextsMovedIsThereAndIsFound) {
    const Migrations all = migrations(backend->dialect());
    backend->execute(
        "create table schema_migrations (version integer primary key, name text not null, applied_at bigint not null)");
    for (std::size_t i = 0; i < 4; ++i) {
        backend->execute(std::string{all[i].second});
        backend->execute("insert into schema_migrations (version, name, applied_at) values (" + std::to_string(i + 1) +
                         ", '" + std::string{all[i].first} + "', 1)");
    }
    backend->execute(
        "insert into accounts (id, username, password_hash, created_at) values ('id of ann', 'ann', 'hash', 1)");
    for (const char* values : {"('a', 'id of ann', 'Größe', 'ПРИВЕТ 2'", "('b', 'id of ann', '', 'zwei €'"}) {
        backend->execute(
            "insert into snippets (id, owner_id, title, body, language, visibility, tags, version, created_at, "
            "updated_at, burn_after_reading, edit_token_hash, forked_from) values " +
            std::string{values} + ", 'text', 'public', '[]', 2, 5, 6, 0, '', '')");
    }
    backend->execute(
        "insert into revisions (snippet_id, version, title, body, language, visibility, created_at) "
        "values ('a', 1, 'old', 'früher', 'text', 'public', 5)");
    backend->execute("insert into snippet_views (snippet_id, count) values ('a', 7)");
    EXPECT_EQ(backend->migrate(), static_cast<int>(all.size()) - 4);

    Loop loop;
    const auto store = backend->open();
    const auto deadline = [] { return base::deadline_in(test::kPatience); };
    const Loaded loaded = loop.run(store->load_snippet("a", deadline()));
    ASSERT_TRUE(loaded.snippet);
    EXPECT_EQ(loaded.snippet->title, "Größe");
    EXPECT_EQ(loaded.snippet->body, "ПРИВЕТ 2");
    EXPECT_EQ(loaded.snippet->view_count, 7);
    const auto revisions = loop.run(store->list_revisions("a", kAfterAllVersions, 1000, deadline()));
    ASSERT_EQ(revisions.size(), 1u);
    EXPECT_EQ(revisions.front().size, 7) << "bytes";
    EXPECT_EQ(loop.run(store->find_revision("a", 1, deadline())).value().body, "früher");
    const auto found = [&](const std::string& text) {
        ListQuery query;
        query.text = text;
        const auto snippets = loop.run(store->list_owned("id of ann", query, deadline()));
        return snippets.size() == 1 ? snippets.front().id : std::to_string(snippets.size());
    };
    EXPECT_EQ(found("GRÖSSE"), "a");
    EXPECT_EQ(found("привет"), "a");
    EXPECT_EQ(found("ZWEI"), "b");
    Snippet next = *loaded.snippet;
    next.body = "three";
    EXPECT_TRUE(loop.run(store->update_snippet(next, deadline())));
    EXPECT_EQ(loop.run(store->find_revision("a", 2, deadline())).value().body, "ПРИВЕТ 2");
    EXPECT_EQ(loop.run(store->load_snippet("a", deadline())).snippet->body, "three");
    EXPECT_TRUE(loop.run(store->delete_snippet("a", std::nullopt, deadline())));
    const bool apart = backend->dialect() == DialectName::sqlite;
    EXPECT_EQ(backend->number(apart ? "select count(*) from bodies" : "select count(*) from snippets"), 1);
}

TEST_P(MigrationContract, ADatabaseOfANewerReleaseIsLeftAlone) {
    backend->migrate();
    backend->execute("insert into schema_migrations (version, name, applied_at) values (9999, 'newer', 1)");
    EXPECT_THROW(backend->migrate(), std::runtime_error);
    EXPECT_EQ(backend->number("select max(version) from schema_migrations"), 9999);
    backend->execute("delete from schema_migrations where version = 9999");
    EXPECT_EQ(backend->migrate(), 0) << "the lock was let go";
}

TEST_P(MigrationContract, AMigrationThatFailsLeavesNothingOfItself) {
    // In the way of one of the tables that the first migration makes, though not of the first of them.
    backend->execute("create table idempotency_records (id text)");
    EXPECT_ANY_THROW(backend->migrate());
    EXPECT_ANY_THROW(backend->number("select count(*) from accounts"));
    backend->execute("drop table idempotency_records");
    EXPECT_EQ(backend->migrate(), static_cast<int>(migrations(backend->dialect()).size()));
}

}  // namespace
}  // namespace snippetd::store
