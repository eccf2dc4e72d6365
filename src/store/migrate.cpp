#include "store/migrate.hpp"

#include "base/fail_point.hpp"
#include "base/fold_case.hpp"
#include "base/log.hpp"
#include "store/snippet_row.hpp"

#include <stdexcept>
#include <string>
#include <string_view>
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

constexpr std::string_view kFolding = "0005_bodies";
constexpr std::string_view kFailPoints = "migration";
constexpr base::Milliseconds kProgressEvery{5000};
// What one transaction of the folding takes: whichever is reached first.
constexpr int kFoldedRowsMax = 1000;
constexpr long long kFoldedBytesMax = 8 * 1024 * 1024;

/// 0 before the first migration. Only reads, so that a role which may do no more can start. PostgreSQL's `to_regclass`
/// would not do: within a transaction it may remember that there was no table.
int schema_version(soci::session& session, DialectName dialect) {
    int there = 0, version = 0;
    const char* looks = dialect == DialectName::postgres
                            ? "select count(*) from pg_tables where tablename = 'schema_migrations' "
                              "and schemaname = any(current_schemas(false))"
                            : "select count(*) from sqlite_master where type = 'table' and name = 'schema_migrations'";
    session << looks, soci::into(there);
    if (there != 0) session << "select coalesce(max(version), 0) from schema_migrations", soci::into(version);
    const std::size_t known = migrations(dialect).size();
    if (version > static_cast<int>(known)) {
        throw std::runtime_error{fmt::format(
            "the database has schema version {}, this release knows only {}: a newer release has migrated it", version,
            known)};
    }
    return version;
}

void record(soci::session& session, int version, std::string_view name) {
    base::FailPoints::pass_or_throw(kFailPoints);
    const std::string stored_name{name};
    const long long now = base::unix_now_ms();
    session << "insert into schema_migrations (version, name, applied_at) values (:version, :name, :now)",
        soci::use(version), soci::use(stored_name), soci::use(now);
    log::info("migration applied", {{"name", stored_name}});
}

void make_ledger(soci::session& session) {
    session << "create table if not exists schema_migrations (version integer primary key, name text not null, "
               "applied_at bigint not null)";
}

/// Begins a transaction of PostgreSQL that excludes those of other instances that migrate, after theirs, and that may
/// take as long as it takes. The lock ends with the transaction: behind a pooler no session is ours.
void begin_alone(sql::Connection& connection) {
    const char* patience = "1ms";
    while (true) {
        connection.execute_script(
            fmt::format("begin; set local statement_timeout = 0; set local idle_in_transaction_session_timeout = 0; "
                        "set local lock_timeout = '{}'",
                        patience));
        try {
            connection.session() << fmt::format("select pg_advisory_xact_lock({})", kMigrationLock);
        } catch (const soci::soci_error& error) {
            if (sql::sqlstate(error) != "55P03") throw;  // lock_not_available
            connection.execute_script("rollback");
            log::info("another instance migrates the database; waiting for it");
            patience = "5s";
            continue;
        }
        connection.execute_script("set local lock_timeout = 0");
        return;
    }
}

/// Of the rows after `last`, those that have no folded text yet, as many as one transaction takes. A body has at least
/// one character, so that no folded text is empty.
std::vector<std::string> next_unfolded(sql::Connection& connection, const std::string& last) {
    std::string id;
    long long size = 0, sum = 0;
    soci::statement list =
        make_statement(connection,
                       "select id, octet_length(body) from snippets where id > :last and body_folded = '' and "
                       "octet_length(body) > 0 order by id limit :limit",
                       soci::use(last, "last"), soci::use(kFoldedRowsMax, "limit"), soci::into(id), soci::into(size));
    list.execute(false);
    std::vector<std::string> ids;
    while (list.fetch() && sum < kFoldedBytesMax) {
        ids.push_back(id);
        sum += size;
    }
    return ids;
}

/// The rows are locked meanwhile, so that an edit by an instance of the release before is not overtaken.
void fold(sql::Connection& connection, const std::vector<std::string>& wanted) {
    const std::string wanted_ids = to_array(wanted);
    std::string id, title, body;
    soci::statement load =
        make_statement(connection, "select id, title, body from snippets where id = any(:ids::text[]) for update",
                       soci::use(wanted_ids, "ids"), soci::into(id), soci::into(title), soci::into(body));
    load.execute(false);
    std::vector<std::string> ids, titles, bodies;
    while (load.fetch()) {
        ids.push_back(id);
        titles.push_back(base::fold_case(title));
        bodies.push_back(base::fold_case(body));
    }
    const std::string loaded_ids = to_array(ids), folded_titles = to_array(titles), folded_bodies = to_array(bodies);
    connection.session() << "update snippets s set title_folded = d.title, body_folded = d.body "
                            "from unnest(:ids::text[], :titles::text[], :bodies::text[]) as d (id, title, body) "
                            "where s.id = d.id",
        soci::use(loaded_ids, "ids"), soci::use(folded_titles, "titles"), soci::use(folded_bodies, "bodies");
}

/// Fills in what a search looks into, for the rows that were there before PostgreSQL's 0005_bodies; returns how many.
/// In transactions of its own, each of some rows: so none is long, nobody waits for more than a few rows' lock, and
/// what is interrupted goes on where it was.
long long fold_existing(sql::Connection& connection, int version) {
    soci::session& session = connection.session();
    long long about = 0, done = 0;
    session << "select greatest(reltuples, 0)::bigint from pg_class where oid = 'snippets'::regclass",
        soci::into(about);
    std::string last;
    base::SteadyTime told = base::steady_now();
    while (true) {
        begin_alone(connection);
        std::vector<std::string> ids;
        if (schema_version(session, DialectName::postgres) < version) ids = next_unfolded(connection, last);
        if (!ids.empty()) fold(connection, ids);
        base::FailPoints::pass_or_throw(kFailPoints);
        connection.execute_script("commit");
        if (ids.empty()) return done;
        last = ids.back();
        done += static_cast<long long>(ids.size());
        if (base::steady_now() < told + kProgressEvery) continue;
        told = base::steady_now();
        log::info("filling in what a search looks into",
                  {{"migration", kFolding}, {"rows", done}, {"of_about", about}});
    }
}

/// All that is missing in one transaction, but for what is filled in before a migration counts as applied.
int migrate_postgres(sql::Connection& connection) {
    soci::session& session = connection.session();
    const Migrations all = migrations(DialectName::postgres);
    const int wanted = static_cast<int>(all.size());
    if (schema_version(session, DialectName::postgres) == wanted) return 0;
    int applied = 0;
    bool filled = false;
    while (true) {
        begin_alone(connection);
        int version = schema_version(session, DialectName::postgres) + 1;
        if (version == 1) make_ledger(session);
        bool fill = false;
        for (; version <= wanted && !fill; ++version) {
            const auto& [name, text] = all[static_cast<std::size_t>(version - 1)];
            connection.about_to("migrate");
            connection.execute_script(std::string{text});
            if (name == kFolding && !filled) {
                int some = 0;
                session << "select count(*) from (select 1 from snippets limit 1) s", soci::into(some);
                fill = some != 0;
            }
            if (fill) break;
            record(session, version, name);
            ++applied;
        }
        base::FailPoints::pass_or_throw(kFailPoints);
        connection.execute_script("commit");
        base::FailPoints::pass_or_throw(kFailPoints);
        if (!fill) return applied;
        // Until nothing is left of what instances of the release before have written meanwhile.
        while (fold_existing(connection, version) > 0) {
        }
        filled = true;
    }
}

int migrate_sqlite(sql::Connection& connection) {
    soci::session& session = connection.session();
    session << "begin exclusive";
    make_ledger(session);
    const Migrations all = migrations(DialectName::sqlite);
    int applied = 0;
    for (int version = schema_version(session, DialectName::sqlite) + 1; version <= static_cast<int>(all.size());
         ++version, ++applied) {
        const auto& [name, text] = all[static_cast<std::size_t>(version - 1)];
        connection.about_to("migrate");
        connection.execute_script(std::string{text});
        record(session, version, name);
    }
    base::FailPoints::pass_or_throw(kFailPoints);
    session << "commit";
    base::FailPoints::pass_or_throw(kFailPoints);
    return applied;
}

}  // namespace

int migrate(sql::Connection& connection, DialectName dialect) {
    try {
        return dialect == DialectName::postgres ? migrate_postgres(connection) : migrate_sqlite(connection);
    } catch (const std::exception& error) {
        std::string reason = connection.describe(error).text();
        if (reason.find("[42501]") != std::string::npos) {
            reason += "; run `snippetd migrate` with a role that may create tables";
        }
        try {
            connection.execute_script("rollback");
        } catch (const std::exception&) {
            // The transaction has ended with its connection.
        }
        throw std::runtime_error{reason};
    }
}

}  // namespace snippetd::store
