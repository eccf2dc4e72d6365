#include "sql/connection.hpp"

#include <chrono>
#include <mutex>
#include <thread>

#include <fmt/format.h>
#include <libpq-fe.h>
#include <poll.h>
#include <soci/postgresql/soci-postgresql.h>
#include <soci/soci.h>
#include <soci/sqlite3/soci-sqlite3.h>
#include <sys/socket.h>

namespace snippetd::sql {

void StatementCounters::count(const char* statement) {
    metrics_
        .counter("snippetd_db_statements_total", "SQL statements sent, by what they are for.",
                 {{"statement", statement}})
        .add();
}

Connection::Connection(StatementCounters& counters) : counters_{counters} {}
Connection::~Connection() = default;

void Connection::connect() {
    prepared_.clear();
    session_ = std::make_unique<soci::session>();
    open(*session_);
}

namespace {

class PostgresConnection : public Connection {
  public:
    PostgresConnection(PostgresOptions options, StatementCounters& counters)
        : Connection{counters}, options_{std::move(options)} {
        // Without these a cut network blocks libpq until TCP gives up, many minutes later.
        const bool has_query = options_.url.find('?') != options_.url.npos;
        options_.url +=
            fmt::format("{}connect_timeout=2&tcp_user_timeout=3000&application_name=snippetd", has_query ? '&' : '?');
    }

    ~PostgresConnection() override { forget_socket(); }

    bool alive() override {
        pollfd readable{PQsocket(raw()), POLLIN, 0};
        if (readable.fd < 0) return false;
        // Nobody is asked anything between two statements, so what arrives then is the server's farewell or its
        // absence.
        if (poll(&readable, 1, 0) == 0) return true;
        PQconsumeInput(raw());
        return PQstatus(raw()) == CONNECTION_OK && !(readable.revents & (POLLERR | POLLHUP | POLLNVAL)) && drained();
    }

    void interrupt() override {
        const std::lock_guard lock{socket_mutex_};
        if (socket_ >= 0) shutdown(socket_, SHUT_RDWR);
    }

    void hang_up() override { interrupt(); }

    bool is_lost(const std::exception& error) override {
        const std::string state = sqlstate(error);
        // Class 57P0x: the server is shutting down or has been told to end this session; class 08: connection errors.
        return PQstatus(raw()) != CONNECTION_OK || state.starts_with("57P0") || state.starts_with("08");
    }

    void execute_script(const std::string& text) override {
        PGresult* result = PQexec(raw(), text.c_str());
        const ExecStatusType status = PQresultStatus(result);
        PQclear(result);
        if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK) {
            throw std::runtime_error{PQerrorMessage(raw())};
        }
    }

  private:
    void open(soci::session& session) override {
        forget_socket();
        session.open(soci::postgresql, options_.url);
        session << fmt::format("set statement_timeout = {}", options_.statement_timeout.count());
        session << fmt::format("set lock_timeout = {}", options_.lock_timeout.count());
        const std::lock_guard lock{socket_mutex_};
        socket_ = PQsocket(raw());
    }

    PGconn* raw() { return static_cast<soci::postgresql_session_backend*>(Connection::session().get_backend())->conn_; }

    /// Reads what the server said on its own account (a notice, a parameter change); false when it has hung up.
    bool drained() {
        while (PGnotify* notice = PQnotifies(raw())) PQfreemem(notice);
        pollfd readable{PQsocket(raw()), POLLIN, 0};
        return poll(&readable, 1, 0) == 0;
    }

    void forget_socket() {
        const std::lock_guard lock{socket_mutex_};
        socket_ = -1;
    }

    PostgresOptions options_;
    std::mutex socket_mutex_;
    int socket_ = -1;  ///< for `interrupt`; -1 while there is no connection
};

constexpr std::chrono::milliseconds kSqliteBusyTimeout{5000};

class SqliteConnection : public Connection {
  public:
    SqliteConnection(SqliteOptions options, StatementCounters& counters)
        : Connection{counters}, options_{std::move(options)} {}

    ~SqliteConnection() override { forget_handle(); }

    bool alive() override { return true; }

    void interrupt() override {
        const std::lock_guard lock{handle_mutex_};
        if (handle_) sqlite_api::sqlite3_interrupt(handle_);
    }

    bool is_lost(const std::exception&) override { return false; }

    void execute_script(const std::string& text) override {
        char* message = nullptr;
        if (sqlite_api::sqlite3_exec(handle_, text.c_str(), nullptr, nullptr, &message) == SQLITE_OK) return;
        const std::string reason = message ? message : "unknown error";
        sqlite_api::sqlite3_free(message);
        throw std::runtime_error{reason};
    }

  private:
    void open(soci::session& session) override {
        forget_handle();
        // SOCI takes a string with '=' for a list of options.
        const bool plain = options_.path.find('=') == options_.path.npos;
        session.open(soci::sqlite3, plain ? options_.path : fmt::format("db=\"{}\"", options_.path));
        session << fmt::format("pragma busy_timeout = {}", kSqliteBusyTimeout.count());
        if (!options_.read_only) use_write_ahead_log(session);
        session << "pragma synchronous = full";
        session << "pragma foreign_keys = on";
        session << "pragma cache_size = -4096";  // KiB, for each connection
        session << "pragma temp_store = memory";
        if (options_.read_only) session << "pragma query_only = on";
        const std::lock_guard lock{handle_mutex_};
        handle_ = static_cast<soci::sqlite3_session_backend*>(session.get_backend())->conn_;
    }

    /// SQLite answers "busy" at once, whatever the timeout, when two connections change the mode of a new file at the
    /// same time (https://www.sqlite.org/c3ref/busy_handler.html), so the wait is here.
    static void use_write_ahead_log(soci::session& session) {
        const auto end = std::chrono::steady_clock::now() + kSqliteBusyTimeout;
        for (;;) {
            try {
                session << "pragma journal_mode = wal";
                return;
            } catch (const soci::sqlite3_soci_error& error) {
                if (error.result() != SQLITE_BUSY || std::chrono::steady_clock::now() >= end) throw;
            }
            std::this_thread::sleep_for(std::chrono::milliseconds{10});
        }
    }

    void forget_handle() {
        const std::lock_guard lock{handle_mutex_};
        handle_ = nullptr;
    }

    SqliteOptions options_;
    std::mutex handle_mutex_;
    sqlite_api::sqlite3* handle_ = nullptr;
};

}  // namespace

std::unique_ptr<Connection> make_postgres_connection(PostgresOptions options, StatementCounters& counters) {
    return std::make_unique<PostgresConnection>(std::move(options), counters);
}

std::unique_ptr<Connection> make_sqlite_connection(SqliteOptions options, StatementCounters& counters) {
    return std::make_unique<SqliteConnection>(std::move(options), counters);
}

bool names_missing_row(const std::exception& error) {
    if (sqlstate(error) == "23503") return true;
    // SOCI keeps no extended result code, which alone would tell this constraint from others.
    const auto* sqlite = dynamic_cast<const soci::sqlite3_soci_error*>(&error);
    return sqlite && std::string_view{sqlite->what()}.find("FOREIGN KEY constraint failed") != std::string_view::npos;
}

std::string sqlstate(const std::exception& error) {
    const auto* postgres = dynamic_cast<const soci::postgresql_soci_error*>(&error);
    return postgres ? postgres->sqlstate() : std::string{};
}

}  // namespace snippetd::sql
