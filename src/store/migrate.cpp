#include "store/migrate.hpp"

#include "base/fold_case.hpp"
#include "base/log.hpp"

#include <stdexcept>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <soci/soci.h>

namespace snippetd::store {

// Generated from the files in migrations/ (see cmake/embed.cmake).
std::span<const std::pair<std::string_view, std::string_view>> postgres_migrations();
std::span<const std::pair<std::string_view, std::string_view>> sqlite_migrations();

Migrations migrations(DialectName dialect) {
    return dialect == DialectName::postgres ? postgres_migrations() : sqlite_migrations();
}

namespace {

// Any constant will do, as long as every release uses the same.
constexpr long long kMigrationLock = 7316402;

/// Fills in what a search looks into, for the rows that were there before PostgreSQL's 0005_bodies.
void fold_existing(sql::Connection& connection) {
    soci::session& session = connection.session();
    std::vector<std::string> ids;
    std::string id, title, body;
    soci::statement list = (session.prepare << "select id from snippets", soci::into(id));
    list.execute(false);
    while (list.fetch()) ids.push_back(id);
    soci::statement load = (session.prepare << "select title, body from snippets where id = :id", soci::use(id, "id"),
                            soci::into(title), soci::into(body));
    soci::statement store =
        (session.prepare << "update snippets set title_folded = :title, body_folded = :body where id = :id",
         soci::use(title, "title"), soci::use(body, "body"), soci::use(id, "id"));
    for (const std::string& one : ids) {
        id = one;
        load.execute(true);
        title = base::fold_case(title);
        body = base::fold_case(body);
        store.execute(true);
    }
}

int apply_missing(sql::Connection& connection, DialectName dialect) {
    soci::session& session = connection.session();
    session << "create table if not exists schema_migrations (version integer primary key, name text not null, "
               "applied_at bigint not null)";
    int current = 0;
    session << "select coalesce(max(version), 0) from schema_migrations", soci::into(current);
    const Migrations all = migrations(dialect);
    if (current > static_cast<int>(all.size())) {
        throw std::runtime_error{fmt::format(
            "the database has schema version {}, this release knows only {}: a newer release has migrated it", current,
            all.size())};
    }
    int applied = 0;
    for (int version = current + 1; version <= static_cast<int>(all.size()); ++version, ++applied) {
        const auto& [name, text] = all[static_cast<std::size_t>(version - 1)];
        connection.about_to("migrate");
        connection.execute_script(std::string{text});
        if (dialect == DialectName::postgres && name == "0005_bodies") fold_existing(connection);
        const std::string stored_name{name};
        const long long now = base::unix_now_ms();
        session << "insert into schema_migrations (version, name, applied_at) values (:version, :name, :now)",
            soci::use(version), soci::use(stored_name), soci::use(now);
        log::info("migration applied", {{"name", stored_name}});
    }
    return applied;
}

}  // namespace

int migrate(sql::Connection& connection, DialectName dialect) {
    soci::session& session = connection.session();
    if (dialect == DialectName::postgres) {
        session << "begin";
        session << fmt::format("select pg_advisory_xact_lock({})", kMigrationLock);
    } else {
        session << "begin exclusive";
    }
    try {
        const int applied = apply_missing(connection, dialect);
        session << "commit";
        return applied;
    } catch (const std::exception& error) {
        const std::string reason = connection.describe(error).text();
        connection.execute_script("rollback");
        throw std::runtime_error{reason};
    }
}

}  // namespace snippetd::store
