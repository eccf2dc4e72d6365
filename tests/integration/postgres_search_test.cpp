#include "support/letters.hpp"
#include "support/run.hpp"
#include "support/store_backends.hpp"

#include <map>
#include <memory>
#include <string>

#include <fmt/format.h>
#include <gtest/gtest.h>

/// A search on PostgreSQL does not depend on how the database was made.
namespace snippetd::store {
namespace {

const auto* const kPostgres = testing::AddGlobalTestEnvironment(new test::SharedPostgres);

TEST(PostgresStore, ASearchDoesNotDependOnTheDatabasesLocale) {
    const std::map<std::string, std::string> locales{{"plain_c", "locale 'C'"},
                                                     {"turkish", "locale_provider icu icu_locale 'tr' locale 'C'"}};
    for (const auto& [name, locale] : locales) {
        SCOPED_TRACE(locale);
        const test::PrivatePostgres& cluster = test::SharedPostgres::cluster();
        cluster.execute("create database " + name + " template template0 encoding 'UTF8' " + locale);
        test::Loop loop;
        test::PostgresBackend backend{cluster.url(name)};
        backend.migrate();
        test::find_by_any_letter(*backend.open(), loop);
    }
}

TEST(PostgresStore, ASearchThatFindsNothingDoesNotGoThroughAllSnippets) {
    constexpr int kSnippets = 5000;
    const std::string url = test::SharedPostgres::create_migrated_database();
    test::Loop loop;
    test::PostgresBackend backend{url};
    std::unique_ptr<Store> store = backend.open();
    const auto deadline = [] { return base::deadline_in(test::kPatience); };
    model::Snippet made;
    made.id = "first";
    made.body = "a text";
    made.visibility = model::Visibility::public_;
    loop.run(store->create_snippet(made, std::nullopt, deadline()));
    while (loop.run(store->index_some(deadline())).left > 0) {
    }
    // Without a word to the planner, which knows nothing of what it has not been told to look at.
    backend.execute(fmt::format(
        "insert into snippets select (jsonb_populate_record(s, jsonb_build_object('id', 'more' || n, 'created_at', "
        "s.created_at - n))).* from snippets s, generate_series(1, {0}) n where s.id = 'first';"
        "insert into search_terms select 'more' || n, t.created_at - n, t.terms from search_terms t, "
        "generate_series(1, {0}) n where t.snippet_id = 'first'; delete from search_pending",
        kSnippets));
    ListQuery query;
    query.text = "nowhere to be found";
    EXPECT_TRUE(loop.run(store->list_public(query, deadline())).empty());
    const auto read_of = [&backend](const char* index) {
        return backend.number(
            fmt::format("select coalesce(sum(idx_tup_read), 0) from pg_stat_user_indexes "
                        "where indexrelname = '{}'",
                        index));
    };
    store.reset();  // a session tells what it has done when it ends
    EXPECT_TRUE(test::wait_until([&] { return read_of("search_terms_by_time") > 0; }));
    EXPECT_LT(read_of("search_terms_by_time"), kSnippets / 2) << "the newest ones only";
}

}  // namespace
}  // namespace snippetd::store
