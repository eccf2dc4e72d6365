#pragma once

#include "base/clock.hpp"
#include "base/metrics.hpp"

#include <functional>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <typeindex>

namespace soci {
class session;
}

namespace snippetd::sql {

/// `snippetd_db_statements_total{statement}`: each connection looks its counters up for itself.
class StatementCounters {
  public:
    explicit StatementCounters(base::Metrics& metrics) : metrics_{metrics} {}
    base::CountersBy for_one_thread() const;

  private:
    base::Metrics& metrics_;
};

/// What an error says about what the database stands on.
enum class Trouble {
    none,       ///< nothing: it is about the statement, or passes by itself
    disk_full,  ///< no room, no quota, or as large as a file may be
    corrupt,    ///< what is read is not what was written
    unusable,   ///< the file cannot be opened, read or written
};

/// What a log may say about an error: nothing that was bound to a statement, and nothing that was read. What the
/// drivers' own exceptions say (`what()`) is full of both.
struct Failure {
    std::string statement;  ///< by the name under which it is counted; empty when there was none
    std::string code;       ///< SQLSTATE, or SQLite's extended result code; empty when the error is of another kind
    std::string reason;
    Trouble trouble = Trouble::none;  ///< of SQLite's file; a server tells nobody of its disk

    /// All of it on one line.
    std::string text() const;
};

/// One connection to a database, used by one thread at a time. It is lazy: nothing happens before `connect`.
class Connection {
  public:
    virtual ~Connection();

    /// Connects, or connects anew. Throws std::runtime_error when the database cannot be reached, std::invalid_argument
    /// when it never will be; both may be logged.
    void connect();
    /// Whether the other side is still there, as far as can be told without asking it.
    virtual bool alive() = 0;
    /// Makes a statement that another thread is blocked in fail soon. Safe from any thread, as `canceller`.
    virtual void interrupt() = 0;
    /// What asks the server to give up the statement that runs here now. It may block for as long as the server is
    /// silent, and may outlive the connection, so it is for a thread of its own; until it has returned no other
    /// statement may be sent, which it might hit. Empty where there is nothing to ask.
    virtual std::function<void()> canceller() { return {}; }
    /// The last call before the destructor, which then does not wait for the other side.
    virtual void hang_up() {}
    /// Whether `error`, thrown by a statement here, means that the connection is of no use any more.
    virtual bool is_lost(const std::exception& error) = 0;
    /// Whether `error`, after which the connection is lost, says that the statement has had no effect.
    virtual bool had_no_effect(const std::exception&) { return false; }
    /// Whether a prepared statement that has a name is there when it is executed. Behind a pooler that gives each
    /// transaction another session it is not, or is another client's.
    virtual bool keeps_statements() { return true; }
    /// What may be told about `error`, thrown by the last statement here.
    virtual Failure describe(const std::exception& error);
    /// Runs several statements, separated by semicolons, as they stand. Throws std::runtime_error, which may be logged.
    virtual void execute_script(const std::string& text) = 0;

    soci::session& session() { return *session_; }
    /// To be called once per statement that is sent, with the name under which it is counted.
    void count(const char* statement) {
        about_to(statement);
        counters_.of(statement).add();
    }
    /// Names what comes next without counting it.
    void about_to(const char* statement) { statement_ = statement; }

    /// A statement prepared on first use and kept until the connection is lost. `P` is constructible from
    /// Connection& and the statement's text, and holds the statement with the variables bound to it. One P, one text.
    template <class P>
    P& prepared(const std::string& text) {
        std::unique_ptr<Prepared>& slot = prepared_[std::type_index{typeid(P)}];
        if (!slot) slot = std::make_unique<Holder<P>>(*this, text);
        return static_cast<Holder<P>&>(*slot).value;
    }

    /// Lets go of all prepared statements. Needed after one has thrown: SOCI 4.0.3 keeps the parameters of a failed
    /// execution and loses them at the next one.
    void forget_prepared() { prepared_.clear(); }

  protected:
    explicit Connection(StatementCounters& counters);

    virtual void open(soci::session& session) = 0;

  private:
    struct Prepared {
        virtual ~Prepared() = default;
    };
    template <class P>
    struct Holder : Prepared {
        Holder(Connection& connection, const std::string& text) : value{connection, text} {}
        P value;
    };

    base::CountersBy counters_;
    const char* statement_ = "";  ///< the last one that was sent
    std::unique_ptr<soci::session> session_;
    // After session_, so that statements go first: in SOCI 4.0.3 a statement that outlives its session's connection
    // crashes in its destructor.
    std::map<std::type_index, std::unique_ptr<Prepared>> prepared_;
};

/// Whether there is a pooler between us and PostgreSQL which gives each transaction another session (PgBouncer with
/// `pool_mode=transaction`). Then nothing may be left behind in a session: no prepared statement, no setting.
enum class Pooler {
    detect,  ///< there is one when the server's process is another than the one that the connection was promised
    none,
    transaction,
};

/// `url` is a libpq connection URI. A connection that leads to a server which only reads is refused, unless the URL
/// says what it wants (`target_session_attrs`). `statement_timeout` bounds each statement, `lock_timeout` each wait for
/// a row. Behind a pooler they are not set.
struct PostgresOptions {
    std::string url;
    base::Milliseconds statement_timeout{5000};
    base::Milliseconds lock_timeout{600};
    Pooler pooler = Pooler::detect;
};
std::unique_ptr<Connection> make_postgres_connection(PostgresOptions options, StatementCounters& counters);

/// WAL, which is cut to kSqliteWalKeptBytes when it begins anew, synchronous=FULL (what was acknowledged survives a
/// power loss), foreign keys on. Statements may call
/// `contains_folded(text, folded)`, which looks for a text that base::fold_case has made in what it makes of another,
/// and `beginning(rowid)`: the first kBeginningBytes bytes of the text in that row of `bodies`, the last character of
/// which may be cut.
struct SqliteOptions {
    std::string path;
    bool read_only = false;
    base::Milliseconds busy_timeout{5000};  ///< how long a statement waits for another process's lock
};
inline constexpr int kBeginningBytes = 1024;
inline constexpr long long kSqliteWalKeptBytes = 8 * 1024 * 1024;
std::unique_ptr<Connection> make_sqlite_connection(SqliteOptions options, StatementCounters& counters);

/// The connection leads to a server that does not take writes: a standby, or one that was made read-only.
struct LeadsToReader : std::runtime_error {
    LeadsToReader() : std::runtime_error{"the server is read-only (a standby, or default_transaction_read_only)"} {}
};

/// Whether `error` says that what was written refers to a row that is not there (a foreign key).
bool names_missing_row(const std::exception& error);

/// SQLSTATE of an error of PostgreSQL (its manual, appendix A), or an empty string.
std::string sqlstate(const std::exception& error);

}  // namespace snippetd::sql
