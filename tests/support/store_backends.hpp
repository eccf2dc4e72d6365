#pragma once

#include "base/metrics.hpp"
#include "sql/connection.hpp"
#include "sql/pool.hpp"
#include "store/migrate.hpp"
#include "store/sql_store.hpp"
#include "support/private_postgres.hpp"
#include "support/run.hpp"
#include "support/temporary_folder.hpp"

#include <memory>
#include <stdexcept>
#include <string>

#include <gtest/gtest.h>
#include <soci/soci.h>

namespace snippetd::test {

/// A database of a test's own, and stores over it.
class Backend {
  public:
    virtual ~Backend() = default;

    virtual store::DialectName dialect() const = 0;
    /// A connection beside the store's, for what a store does not do.
    virtual std::unique_ptr<sql::Connection> connect() = 0;
    /// A store with connections of its own, put together as app/assemble.cpp does it. The schema must be there.
    virtual std::unique_ptr<store::Store> open() = 0;

    int migrate() { return store::migrate(*connect(), dialect()); }
    void execute(const std::string& script) { connect()->execute_script(script); }
    long long number(const std::string& query) {
        long long value = 0;
        connect()->session() << query, soci::into(value);
        return value;
    }
    /// How often a statement of that name has been sent.
    std::uint64_t statements(const char* name) {
        return metrics_.counter("snippetd_db_statements_total", "", {{"statement", name}}).value();
    }

  protected:
    std::shared_ptr<sql::Pool> make_pool(sql::Pool::Options options) {
        auto pool = std::make_shared<sql::Pool>(std::move(options));
        if (!pool->wait_until_connected(kPatience)) throw std::runtime_error{"no connection: " + pool->last_error()};
        return pool;
    }

    base::Metrics metrics_;
    sql::StatementCounters counters_{metrics_};
};

class SqliteBackend : public Backend {
  public:
    explicit SqliteBackend(std::string path) : path_{std::move(path)} {}

    store::DialectName dialect() const override { return store::DialectName::sqlite; }
    std::unique_ptr<sql::Connection> connect() override { return connected(false); }
    std::unique_ptr<store::Store> open() override {
        sql::Pool::Options readers, writer;
        readers.threads = 2;
        readers.make_connection = [this] { return sql::make_sqlite_connection({path_, true}, counters_); };
        writer.batch_max = 64;
        writer.make_connection = [this] { return sql::make_sqlite_connection({path_, false}, counters_); };
        store::Pools pools;
        pools.write = pools.forget = make_pool(std::move(writer));
        pools.read = pools.search = pools.watch = make_pool(std::move(readers));
        return store::make_sqlite_store(std::move(pools), store::Outbox::on);
    }

  private:
    std::unique_ptr<sql::Connection> connected(bool read_only) {
        auto connection = sql::make_sqlite_connection({path_, read_only}, counters_);
        connection->connect();
        return connection;
    }
    std::string path_;
};

class PostgresBackend : public Backend {
  public:
    explicit PostgresBackend(std::string url) : url_{std::move(url)} {}

    store::DialectName dialect() const override { return store::DialectName::postgres; }
    std::unique_ptr<sql::Connection> connect() override {
        auto connection = make_connection();
        connection->connect();
        return connection;
    }
    std::unique_ptr<store::Store> open() override {
        sql::Pool::Options options;
        options.threads = 4;
        options.make_connection = [this] { return make_connection(); };
        const auto pool = make_pool(std::move(options));
        return store::make_postgres_store({pool, pool, pool, pool, pool}, store::Outbox::on);
    }

  private:
    std::unique_ptr<sql::Connection> make_connection() {
        sql::PostgresOptions options;
        options.url = url_;
        return sql::make_postgres_connection(std::move(options), counters_);
    }
    std::string url_;
};

/// The one cluster of the process; it starts when the first test needs it and stops after the last one.
class SharedPostgres : public testing::Environment {
  public:
    static PrivatePostgres& cluster() {
        if (!cluster_) cluster_ = std::make_unique<PrivatePostgres>();
        return *cluster_;
    }
    /// A new database that has the schema.
    static std::string create_migrated_database() {
        static const std::string pattern = [] {
            const std::string url = cluster().create_database();
            PostgresBackend{url}.migrate();
            return url.substr(url.rfind('/') + 1);
        }();
        return cluster().create_database(pattern);
    }
    void TearDown() override { cluster_.reset(); }

  private:
    static inline std::unique_ptr<PrivatePostgres> cluster_;
};

}  // namespace snippetd::test
