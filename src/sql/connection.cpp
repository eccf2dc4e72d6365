#include "sql/connection.hpp"

#include "base/ascii.hpp"
#include "base/fold_case.hpp"
#include "base/log.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <mutex>
#include <stdexcept>
#include <thread>

#include <fmt/format.h>
#include <libpq-fe.h>
#include <poll.h>
#include <soci/postgresql/soci-postgresql.h>
#include <soci/soci.h>
#include <soci/sqlite3/soci-sqlite3.h>
#include <sys/socket.h>

namespace snippetd::sql {

base::CountersBy StatementCounters::for_one_thread() const {
    return {metrics_, "snippetd_db_statements_total", "SQL statements sent, by what they are for.", "statement"};
}

Connection::Connection(StatementCounters& counters) : counters_{counters.for_one_thread()} {}
Connection::~Connection() = default;

void Connection::connect() {
    prepared_.clear();
    session_ = std::make_unique<soci::session>();
    about_to("");
    try {
        open(*session_);
    } catch (const soci::soci_error& error) {
        throw std::runtime_error{describe(error).text()};
    }
}

Failure Connection::describe(const std::exception& error) {
    Failure failure{statement_, "", error.what(), Trouble::none};
    if (const auto* soci = dynamic_cast<const soci::soci_error*>(&error)) {
        failure.reason = soci->get_error_message();  // without the statement and what was bound to it
        // SOCI quotes what it could not convert.
        failure.reason.erase(std::min(failure.reason.size(), failure.reason.find('"')));
    }
    return failure;
}

std::string Failure::text() const {
    std::string out = statement;
    if (!code.empty()) out += (out.empty() ? "" : " ") + fmt::format("[{}]", code);
    if (!reason.empty()) out += (out.empty() ? "" : ": ") + reason;
    return out;
}

namespace {

/// Whether the primary message of an error of this SQLSTATE names only what the schema and the server consist of.
/// Others quote what was sent: 22 (data exceptions), 42601 (syntax, in what a trigger puts together), and P0 and
/// whatever a trigger may raise. Constraint violations quote values only in DETAIL, which is not asked for.
bool names_no_values(std::string_view state) {
    constexpr std::array<std::string_view, 12> kClasses{"08", "23", "25", "28", "40", "42",
                                                        "53", "54", "55", "57", "58", "XX"};
    return state != "42601" && std::find(kClasses.begin(), kClasses.end(), state.substr(0, 2)) != kClasses.end();
}

std::string one_line(const std::string& text) {
    std::string line{base::trimmed(text, " \t\r\n")};
    std::replace(line.begin(), line.end(), '\n', ' ');
    return line;
}

/// Whether the URL says which servers will do. Throws when libpq would not understand the URL: what it says then quotes
/// the password.
bool check_url(const std::string& url) {
    const std::unique_ptr<PQconninfoOption, decltype(&PQconninfoFree)> options{PQconninfoParse(url.c_str(), nullptr),
                                                                               PQconninfoFree};
    bool understood = options != nullptr, says_which = false;
    for (const PQconninfoOption* option = options.get(); option && option->keyword; ++option) {
        // With an unescaped `/` in it, the beginning of a password is taken for the port.
        if (option->val && std::string_view{option->keyword} == "port") {
            understood = std::string_view{option->val}.find_first_not_of("0123456789,") == std::string_view::npos;
        }
        if (option->val && std::string_view{option->keyword} == "target_session_attrs") says_which = true;
    }
    if (!understood) throw std::invalid_argument{"the URL is not a connection URI (special characters need %XX)"};
    return says_which;
}

/// What the server says beside its answers, as a line of the log. What a function of the database says may quote
/// anything: of that only the code is told.
void log_notice(void*, const PGresult* result) {
    const auto field = [result](int code) {
        const char* text = PQresultErrorField(result, code);
        return std::string{text ? text : ""};
    };
    const std::string severity = field(PG_DIAG_SEVERITY_NONLOCALIZED);
    const bool told = field(PG_DIAG_CONTEXT).empty();
    const log::Level level = severity == "WARNING" || severity == "FATAL" ? log::Level::warn
                             : severity.starts_with("DEBUG")              ? log::Level::debug
                                                                          : log::Level::info;
    log::write(level, "the database says",
               {{"severity", severity},
                {"code", field(PG_DIAG_SQLSTATE)},
                {"message", told ? one_line(field(PG_DIAG_MESSAGE_PRIMARY)) : "(of a function of the database)"}});
}

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

    std::function<void()> canceller() override {
        const std::lock_guard lock{socket_mutex_};
        if (!cancel_) return {};
        return [cancel = cancel_] {
            // When nobody takes the request, the socket is cut instead.
            std::array<char, 256> reason{};
            PQcancel(cancel.get(), reason.data(), static_cast<int>(reason.size()));
        };
    }

    void hang_up() override { interrupt(); }

    bool keeps_statements() override { return !pooled_; }

    Failure describe(const std::exception& error) override {
        Failure failure = Connection::describe(error);
        const auto* postgres = dynamic_cast<const soci::postgresql_soci_error*>(&error);
        if (!postgres) return failure;
        failure.code = sqlstate(error);
        // Blank when it is libpq that noticed: it speaks of the connection.
        const bool told = failure.code.find_first_not_of(' ') == std::string::npos || names_no_values(failure.code);
        failure.reason = told ? one_line(postgres->get_error_message()) : "";
        return failure;
    }

    bool is_lost(const std::exception& error) override {
        const std::string state = sqlstate(error);
        // Class 57P0x: the server is shutting down or has been told to end this session; class 08: connection errors.
        // 25006: what was to be written has met a server that only reads.
        return PQstatus(raw()) != CONNECTION_OK || state.starts_with("57P0") || state.starts_with("08") ||
               state == "25006" || dynamic_cast<const LeadsToReader*>(&error);
    }

    bool had_no_effect(const std::exception& error) override {
        // 57P01 answers a statement that was interrupted: the server ends a session that waits or works, not one that
        // commits.
        const std::string state = sqlstate(error);
        return state == "25006" || state == "57P01";
    }

    void execute_script(const std::string& text) override {
        PGresult* result = PQexec(raw(), text.c_str());
        const ExecStatusType status = PQresultStatus(result);
        const char* state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
        const std::string code = state ? state : "";
        PQclear(result);
        if (status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK) return;
        const bool told = code.empty() || names_no_values(code);
        throw std::runtime_error{Failure{"", code, told ? one_line(PQerrorMessage(raw())) : "", Trouble::none}.text()};
    }

  private:
    void open(soci::session& session) override {
        forget_socket();
        const bool any_will_do = check_url(options_.url);
        open_any(session, any_will_do);
        // No DETAIL, HINT and CONTEXT, which quote values.
        PQsetErrorVerbosity(raw(), PQERRORS_TERSE);
        PQsetNoticeReceiver(raw(), log_notice, nullptr);
        int process = 0, reads_only = 0;
        session << "select pg_backend_pid(), case when pg_is_in_recovery() or "
                   "current_setting('transaction_read_only') = 'on' then 1 else 0 end",
            soci::into(process), soci::into(reads_only);
        if (reads_only != 0 && !any_will_do) throw LeadsToReader{};
        // A pooler makes up the key with which its clients may cancel a statement, and the number of the process in it.
        pooled_ = options_.pooler == Pooler::transaction ||
                  (options_.pooler == Pooler::detect && process != PQbackendPID(raw()));
        if (!pooled_) {
            // No statement here is worth compiling, which the planner takes it for when it knows little (JIT).
            session << fmt::format(
                "select set_config('statement_timeout', '{}', false), set_config('lock_timeout', '{}', false), "
                "set_config('jit', 'off', false)",
                options_.statement_timeout.count(), options_.lock_timeout.count());
        }
        const std::lock_guard lock{socket_mutex_};
        socket_ = PQsocket(raw());
        cancel_ = {PQgetCancel(raw()), PQfreeCancel};
    }

    /// Of several servers that the URL names the first that takes writes, unless the URL says what it wants. What a
    /// pooler says about its server may be of yesterday (PgBouncer repeats what its first one said), so when libpq
    /// finds none, the first one is connected to and asked.
    void open_any(soci::session& session, bool as_it_stands) {
        const auto attempt = [this, &session](const char* which) -> std::string {
            try {
                session.open(soci::postgresql, options_.url + which);
                return "";
            } catch (const soci::soci_error& error) {
                // libpq names the server, the database and the user here, never the password.
                std::string reason = one_line(error.get_error_message());
                const std::string_view of_soci = "Cannot establish connection to the database. ";
                return reason.starts_with(of_soci) ? reason.substr(of_soci.size()) : reason;
            }
        };
        std::string reason = attempt(as_it_stands ? "" : "&target_session_attrs=read-write");
        if (!as_it_stands && reason.find("read-only") != std::string::npos) reason = attempt("");
        if (!reason.empty()) throw std::runtime_error{reason};
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
        cancel_.reset();
    }

    PostgresOptions options_;
    bool pooled_ = false;
    std::mutex socket_mutex_;
    int socket_ = -1;                   ///< for `interrupt`; -1 while there is no connection
    std::shared_ptr<PGcancel> cancel_;  ///< for `canceller`; null while there is no connection
};

/// `extended` is a result code, `system_error` the errno of the system call that failed, or 0.
Trouble trouble_of(int extended, int system_error) {
    switch (extended & 0xff) {
        case SQLITE_FULL: return Trouble::disk_full;
        case SQLITE_CORRUPT:
        case SQLITE_NOTADB: return Trouble::corrupt;
        case SQLITE_IOERR:
        case SQLITE_CANTOPEN:
            // Only ENOSPC at a write has a code of its own.
            if (system_error == ENOSPC || system_error == EDQUOT || system_error == EFBIG) return Trouble::disk_full;
            return Trouble::unusable;
        case SQLITE_READONLY:
        case SQLITE_PERM: return Trouble::unusable;
        default: return Trouble::none;
    }
}

/// `contains_folded(text, folded)`: whether `folded`, made by base::fold_case, is in what that makes of `text`.
void contains_folded(sqlite_api::sqlite3_context* context, int, sqlite_api::sqlite3_value** values) {
    const auto text = [values](int i) {
        const auto* bytes = reinterpret_cast<const char*>(sqlite_api::sqlite3_value_text(values[i]));
        return std::string_view{bytes ? bytes : "",
                                static_cast<std::size_t>(sqlite_api::sqlite3_value_bytes(values[i]))};
    };
    const std::string in = base::fold_case(text(0));
    const std::string_view what = text(1);
    // Faster than std::string's search, which stops at each first letter.
    sqlite_api::sqlite3_result_int(context, memmem(in.data(), in.size(), what.data(), what.size()) != nullptr);
}

/// `beginning(rowid)`: of that row of `bodies` the text's first kBeginningBytes bytes, which may end within a
/// character. A select of a part of a large text reads all of it.
void beginning(sqlite_api::sqlite3_context* context, int, sqlite_api::sqlite3_value** values) {
    sqlite_api::sqlite3* handle = sqlite_api::sqlite3_context_db_handle(context);
    sqlite_api::sqlite3_blob* blob = nullptr;
    std::string bytes;
    int result = sqlite_api::sqlite3_blob_open(handle, "main", "bodies", "body",
                                               sqlite_api::sqlite3_value_int64(values[0]), 0, &blob);
    if (result == SQLITE_OK) {
        bytes.resize(static_cast<std::size_t>(std::min(sqlite_api::sqlite3_blob_bytes(blob), kBeginningBytes)));
        result = sqlite_api::sqlite3_blob_read(blob, bytes.data(), static_cast<int>(bytes.size()), 0);
    }
    sqlite_api::sqlite3_blob_close(blob);
    if (result != SQLITE_OK) {
        sqlite_api::sqlite3_result_error_code(context, result);
        return;
    }
    using sqlite_api::sqlite3_destructor_type;  // which SQLITE_TRANSIENT names
    sqlite_api::sqlite3_result_text(context, bytes.data(), static_cast<int>(bytes.size()), SQLITE_TRANSIENT);
}

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

    Failure describe(const std::exception& error) override {
        const int system_error = errno;
        Failure failure = Connection::describe(error);
        const auto* sqlite = dynamic_cast<const soci::sqlite3_soci_error*>(&error);
        if (!sqlite) return failure;
        int code = sqlite->result();
        const int extended = handle_ ? sqlite_api::sqlite3_extended_errcode(handle_) : code;
        if ((extended & 0xff) == code) code = extended;
        failure.code = std::to_string(code);
        // SQLite keeps the errno of a failed open, but not that of a failed write, which is the last one that failed.
        const int kept = handle_ ? sqlite_api::sqlite3_system_errno(handle_) : 0;
        failure.trouble = trouble_of(code, kept ? kept : system_error);
        // A fixed text for each code. Of the messages, those of constraints name tables and columns; others, such as
        // those of triggers and of functions, may quote anything.
        failure.reason = sqlite_api::sqlite3_errstr(code);
        const std::string message = sqlite->get_error_message();
        const std::size_t which = message.find("constraint failed: ");
        if ((code & 0xff) == SQLITE_CONSTRAINT && code != SQLITE_CONSTRAINT_TRIGGER && which != std::string::npos) {
            failure.reason += message.substr(which + std::string_view{"constraint failed"}.size());
        }
        return failure;
    }

    void execute_script(const std::string& text) override {
        char* message = nullptr;
        if (sqlite_api::sqlite3_exec(handle_, text.c_str(), nullptr, nullptr, &message) == SQLITE_OK) return;
        sqlite_api::sqlite3_free(message);
        const int code = sqlite_api::sqlite3_extended_errcode(handle_);
        throw std::runtime_error{
            Failure{"", std::to_string(code), sqlite_api::sqlite3_errstr(code), Trouble::none}.text()};
    }

  private:
    void open(soci::session& session) override {
        forget_handle();
        // SOCI takes a string with '=' for a list of options.
        const bool plain = options_.path.find('=') == options_.path.npos;
        session.open(soci::sqlite3, plain ? options_.path : fmt::format("db=\"{}\"", options_.path));
        session << fmt::format("pragma busy_timeout = {}", options_.busy_timeout.count());
        if (!options_.read_only) use_write_ahead_log(session);
        session << fmt::format("pragma journal_size_limit = {}", kSqliteWalKeptBytes);
        session << "pragma synchronous = full";
        session << "pragma foreign_keys = on";
        session << "pragma cache_size = -4096";  // KiB, for each connection
        session << "pragma temp_store = memory";
        if (options_.read_only) session << "pragma query_only = on";
        auto* handle = static_cast<soci::sqlite3_session_backend*>(session.get_backend())->conn_;
        sqlite_api::sqlite3_create_function(handle, "contains_folded", 2, SQLITE_UTF8 | SQLITE_DETERMINISTIC, nullptr,
                                            contains_folded, nullptr, nullptr);
        sqlite_api::sqlite3_create_function(handle, "beginning", 1, SQLITE_UTF8, nullptr, beginning, nullptr, nullptr);
        const std::lock_guard lock{handle_mutex_};
        handle_ = handle;
    }

    /// SQLite answers "busy" at once, whatever the timeout, when two connections change the mode of a new file at the
    /// same time (https://www.sqlite.org/c3ref/busy_handler.html), so the wait is here.
    void use_write_ahead_log(soci::session& session) const {
        const auto end = std::chrono::steady_clock::now() + options_.busy_timeout;
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
    // A connection is one thread's at a time, so SQLite need not lock it for each call; another thread may interrupt it
    // all the same (https://www.sqlite.org/threadsafe.html, https://www.sqlite.org/c3ref/interrupt.html).
    static const int kConfigured = sqlite_api::sqlite3_config(SQLITE_CONFIG_MULTITHREAD);
    if (kConfigured != SQLITE_OK) log::warn("SQLite was in use before it could be configured", {});
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
