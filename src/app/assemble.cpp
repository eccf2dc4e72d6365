#include "app/assemble.hpp"

#include "app/alone.hpp"
#include "app/data_files.hpp"
#include "app/redis_fleet.hpp"
#include "base/log.hpp"
#include "sql/pool.hpp"
#include "store/migrate.hpp"
#include "store/sql_store.hpp"
#include "store/sqlite_upkeep.hpp"

#include <algorithm>
#include <chrono>
#include <mutex>
#include <set>
#include <stdexcept>
#include <thread>

#include <fmt/format.h>

namespace snippetd::app {

namespace {

constexpr base::Milliseconds kConnectPatience{5000};
constexpr base::Milliseconds kConnectPause{200};
constexpr std::string_view kSqliteScheme = "sqlite:";
// Jobs that one transaction of SQLite's writer takes: what waits while the disk flushes the one before.
constexpr std::size_t kSqliteBatchMax = 64;
constexpr unsigned kSqliteReaders = 2;
constexpr unsigned kSqliteSearchers = 1;  // a search may look at every row: who comes in the meantime waits for its end
constexpr base::Milliseconds kUpkeepBusyTimeout{100};
constexpr base::Milliseconds kLockPatience{1000}, kLockPause{20};

bool is_sqlite(const settings::Settings& settings) {
    return settings.database.starts_with(kSqliteScheme);
}

bool has_redis(const settings::Settings& settings) {
    return !settings.redis.empty();
}

std::string sqlite_path(const settings::Settings& settings) {
    return settings.database.substr(kSqliteScheme.size());
}

/// Statements outlive any use of them; so does this.
/// The queue of single snippets that wait for a statement to take them along.
constexpr const char* kLookUps = "look-ups";

std::shared_ptr<sql::StatementCounters> make_counters(base::Metrics& metrics) {
    return std::make_shared<sql::StatementCounters>(metrics);
}

std::unique_ptr<sql::Connection> make_connection(const settings::Settings& settings, sql::StatementCounters& counters,
                                                 bool read_only) {
    if (is_sqlite(settings)) return sql::make_sqlite_connection({sqlite_path(settings), read_only}, counters);
    sql::PostgresOptions options;
    options.url = settings.database;
    options.pooler = settings.database_pooler;
    return sql::make_postgres_connection(std::move(options), counters);
}

/// What to add to a complaint about the file when it has no room; else nothing.
std::string full_disk(const settings::Settings& settings) {
    const std::uint64_t room = store::room_beside(sqlite_path(settings));
    if (room >= store::SqliteUpkeep::kRoomBytesMin) return {};
    return fmt::format("; the disk is full: {} bytes are left there", room);
}

/// Takes a lock that a process which is just ending may still have.
bool get_lock(DataLock& lock, bool (DataLock::*take)()) {
    const base::Deadline deadline = base::deadline_in(kLockPatience);
    while (!(lock.*take)()) {
        if (base::steady_now() >= deadline) return false;
        std::this_thread::sleep_for(kLockPause);
    }
    return true;
}

/// Brings the file up to date, when nobody else uses it.
int migrate_file(sql::Connection& connection, DataLock& lock) {
    if (store::is_sqlite_current(connection)) return 0;
    if (!get_lock(lock, &DataLock::take_alone)) {
        if (store::is_sqlite_current(connection)) return 0;  // the other one has done it
        throw std::runtime_error{lock.explain() + ", which a migration would change under it"};
    }
    return store::migrate(connection, store::DialectName::sqlite);
}

/// Connects, waiting a little for a database that is just starting, and migrates.
int connect_and_migrate(const settings::Settings& settings, sql::StatementCounters& counters, DataLock* lock) {
    const auto connection = make_connection(settings, counters, false);
    const base::Deadline deadline = base::deadline_in(kConnectPatience);
    while (true) {
        try {
            connection->connect();
            break;
        } catch (const std::exception& error) {
            const bool hopeless = is_sqlite(settings) || dynamic_cast<const std::invalid_argument*>(&error);
            if (hopeless || base::steady_now() >= deadline) {
                throw std::runtime_error{fmt::format("cannot open the database {}: {}{}",
                                                     settings::mask_password(settings.database), error.what(),
                                                     lock ? full_disk(settings) : "")};
            }
        }
        std::this_thread::sleep_for(kConnectPause);
    }
    try {
        if (lock) return migrate_file(*connection, *lock);
        return store::migrate(*connection, store::DialectName::postgres);
    } catch (const std::exception& error) {
        throw std::runtime_error{fmt::format("cannot migrate the database {}: {}{}",
                                             settings::mask_password(settings.database), error.what(),
                                             lock ? full_disk(settings) : "")};
    }
}

/// The lock of the SQLite file, made with the file; not taken yet.
std::unique_ptr<DataLock> prepare_file(const settings::Settings& settings) {
    prepare_data_files(sqlite_path(settings));
    return std::make_unique<DataLock>(sqlite_path(settings));
}

std::shared_ptr<sql::Pool> make_pool(const settings::Settings& settings,
                                     std::shared_ptr<sql::StatementCounters> counters, sql::Pool::Options options,
                                     bool read_only) {
    options.make_connection = [settings, counters, read_only] {
        return make_connection(settings, *counters, read_only);
    };
    auto pool = std::make_shared<sql::Pool>(std::move(options));
    if (!pool->wait_until_connected(kConnectPatience)) {
        throw std::runtime_error{fmt::format("cannot open the database {}: {}",
                                             settings::mask_password(settings.database), pool->last_error())};
    }
    return pool;
}

/// How `connections` to PostgreSQL are shared out, at least one to each. The search's share is small: a search looks at
/// every row, so that several at a time take the database's cores from everything else. Of what remains reads get as
/// much as writes: a write holds its connection longer, but of reads there are more
/// (docs/decisions/0029-postgresql-under-faults.md).
struct Shares {
    unsigned write, read, search, watch = 1;
};

Shares shares_of(unsigned connections) {
    const unsigned search = std::max(1u, connections / 8);
    const unsigned rest = std::max(connections, search + 3) - search - 1;
    return {rest / 2, rest - rest / 2, search};
}

/// Tells of connections that cannot be made: of each reason once, until all connections stand; and of `database_down`
/// as long as a pool has none. Thread-safe.
class Reachability {
  public:
    explicit Reachability(base::Alerts& alerts) : alerts_{alerts} {}

    void note(const std::string& pool, bool up) {
        const std::lock_guard lock{mutex_};
        if (up) {
            down_.erase(pool);
        } else {
            down_.insert(pool);
        }
        if (down_.empty()) {
            alerts_.resolve("database_down", "PostgreSQL answers again");
        } else {
            alerts_.raise("database_down", "there is no connection to PostgreSQL; cached reads go on");
        }
    }
    void failed(const std::string& pool, const std::string& reason) {
        const std::lock_guard lock{mutex_};
        failing_.insert(pool);
        if (!told_.insert(reason).second) return;
        log::warn("cannot connect to the database", {{"pool", pool}, {"reason", reason}});
    }
    void complete(const std::string& pool) {
        const std::lock_guard lock{mutex_};
        if (failing_.erase(pool) == 0 || !failing_.empty()) return;
        told_.clear();
        log::info("all connections to the database stand");
    }

  private:
    base::Alerts& alerts_;
    std::mutex mutex_;
    std::set<std::string> down_;     ///< guarded by mutex_; pools without a connection
    std::set<std::string> failing_;  ///< guarded by mutex_; pools that lack a connection or more
    std::set<std::string> told_;     ///< guarded by mutex_; reasons
};

/// Edits are left for the other instances, when there may be any.
store::Outbox outbox_of(const settings::Settings& settings) {
    return has_redis(settings) ? store::Outbox::on : store::Outbox::off;
}

std::string_view alert_of(sql::Trouble trouble) {
    switch (trouble) {
        case sql::Trouble::disk_full: return "disk_full";
        case sql::Trouble::corrupt: return "database_corrupt";
        case sql::Trouble::unusable:
        case sql::Trouble::none: break;
    }
    return "database_down";
}

std::shared_ptr<store::SqliteUpkeep> make_upkeep(const settings::Settings& settings,
                                                 std::shared_ptr<sql::StatementCounters> counters,
                                                 base::Alerts& alerts) {
    for (const sql::Trouble trouble : {sql::Trouble::disk_full, sql::Trouble::corrupt, sql::Trouble::unusable}) {
        alerts.declare(std::string{alert_of(trouble)});
    }
    store::SqliteUpkeep::Options options;
    options.path = sqlite_path(settings);
    options.make_connection = [path = options.path, counters] {
        return sql::make_sqlite_connection({path, false, kUpkeepBusyTimeout}, *counters);
    };
    options.on_change = [&alerts](sql::Trouble trouble, bool begins, const std::string& detail) {
        const std::string alert{alert_of(trouble)};
        if (begins) {
            alerts.raise(alert, detail);
        } else {
            alerts.resolve(alert, detail);
        }
    };
    return std::make_shared<store::SqliteUpkeep>(std::move(options));
}

std::unique_ptr<store::Store> make_file_store(const settings::Settings& settings, Role role, base::Metrics& metrics,
                                              base::QueueMeters& queues, base::Alerts& alerts) {
    const std::shared_ptr<DataLock> held = prepare_file(settings);
    DataLock& lock = *held;
    const auto counters = make_counters(metrics);
    // Before anything is changed. Without Redis nobody would tell the other one of an edit.
    if (role == Role::serve && !has_redis(settings) && !get_lock(lock, &DataLock::take_alone)) {
        throw std::runtime_error{lock.explain() + "; each would show the other's edits late without --redis"};
    }
    connect_and_migrate(settings, *counters, &lock);
    if (role == Role::work) lock.release();
    if (role == Role::serve && has_redis(settings) && !get_lock(lock, &DataLock::share)) {
        throw std::runtime_error{lock.explain() + ", which has no --redis and must be alone"};
    }
    const auto upkeep = make_upkeep(settings, counters, alerts);
    const auto note = [upkeep](const sql::Failure& failure) { upkeep->note(failure); };
    const auto make_readers = [&](const char* name, unsigned threads, bool steps_back) {
        sql::Pool::Options readers;
        readers.steps_back = steps_back;
        if (steps_back) readers.queue_least = 2 * threads;
        readers.name = name;
        readers.threads = threads;
        readers.meter = queues.make(name);
        readers.stuck_grace = base::Milliseconds{0};  // nothing is lost with a read, and while it lasts the log grows
        readers.on_failure = note;
        return make_pool(settings, counters, std::move(readers), true);
    };
    sql::Pool::Options writer;
    writer.name = "sqlite-write";
    writer.batch_max = kSqliteBatchMax;
    writer.meter = queues.make(writer.name);
    writer.on_failure = [note, held](const sql::Failure& failure) { note(failure); };  // the lock lasts as it does
    store::Pools pools;
    pools.read = make_readers("sqlite-read", kSqliteReaders, false);
    pools.search = make_readers("sqlite-search", kSqliteSearchers, true);
    pools.write = make_pool(settings, counters, std::move(writer), false);
    pools.watch = pools.read;
    pools.forget = pools.write;
    pools.look_ups = queues.make(kLookUps);
    upkeep->start();
    return store::make_sqlite_store(std::move(pools), outbox_of(settings), upkeep);
}

std::unique_ptr<store::Store> make_server_store(const settings::Settings& settings, base::Metrics& metrics,
                                                base::QueueMeters& queues, base::Alerts& alerts) {
    const auto counters = make_counters(metrics);
    connect_and_migrate(settings, *counters, nullptr);
    alerts.declare("database_down");
    const auto reachability = std::make_shared<Reachability>(alerts);
    const auto share = [&](const char* name, unsigned threads, bool only_reads, bool is_slow = false) {
        sql::Pool::Options options;
        if (is_slow) options.queue_least = 2 * threads;
        options.name = name;
        options.threads = threads;
        options.only_reads = only_reads;
        options.meter = queues.make(name);
        options.on_change = [reachability, pool = options.name](bool up) { reachability->note(pool, up); };
        options.on_failed_attempt = [reachability, pool = options.name](const std::string& reason) {
            reachability->failed(pool, reason);
        };
        options.on_complete = [reachability, pool = options.name] { reachability->complete(pool); };
        return make_pool(settings, counters, std::move(options), false);
    };
    const Shares shares = shares_of(settings.database_connections);
    store::Pools pools;
    pools.write = share("postgres-write", shares.write, false);
    pools.read = share("postgres-read", shares.read, true);
    pools.search = share("postgres-search", shares.search, true, true);
    pools.watch = share("postgres-watch", shares.watch, true);  // what it forgets it may forget again
    pools.forget = pools.watch;
    pools.look_ups = queues.make(kLookUps);
    pools.creates = queues.make("creates");
    return store::make_postgres_store(std::move(pools), outbox_of(settings));
}

}  // namespace

Backends assemble(const settings::Settings& settings, Role role, base::Metrics& metrics, base::QueueMeters& queues,
                  base::Alerts& alerts) {
    Backends backends;
    if (is_sqlite(settings)) {
        backends.store = make_file_store(settings, role, metrics, queues, alerts);
    } else {
        backends.store = make_server_store(settings, metrics, queues, alerts);
    }
    if (has_redis(settings)) {
        backends.fleet = std::make_unique<RedisFleet>(settings, *backends.store, metrics, alerts);
    } else {
        backends.fleet = std::make_unique<Alone>(settings, *backends.store, metrics);
    }
    return backends;
}

int migrate_database(const settings::Settings& settings) {
    base::Metrics metrics;
    sql::StatementCounters counters{metrics};
    const std::unique_ptr<DataLock> lock = is_sqlite(settings) ? prepare_file(settings) : nullptr;
    return connect_and_migrate(settings, counters, lock.get());
}

}  // namespace snippetd::app
