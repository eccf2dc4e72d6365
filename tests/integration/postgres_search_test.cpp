#include "support/letters.hpp"
#include "support/run.hpp"
#include "support/store_backends.hpp"

#include <map>
#include <string>

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

}  // namespace
}  // namespace snippetd::store
