#pragma once

#include "base/clock.hpp"
#include "sql/connection.hpp"

#include <array>
#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

namespace snippetd::store {

/// Looks after the file of the embedded store, on threads of its own:
///
/// - What goes wrong with it (the disk is full, the file is damaged or cannot be used) is said once, when it begins and
///   when it is over. It begins with a statement that fails so, with too little room on the disk, or with a write lock
///   that cannot be had for `kLockedMax`; it is over when a write of `kRoomBytesMin` succeeds.
/// - At start it reads the whole file (`PRAGMA quick_check`), for `kCheckMax` at most; a damaged one again from time to
///   time.
/// - A write-ahead log that has grown, because something read for long, is put into the file and cut when nobody reads.
class SqliteUpkeep {
  public:
    struct Options {
        std::string path;
        std::function<std::unique_ptr<sql::Connection>()> make_connection;  ///< with a short busy timeout
        /// Called when a trouble begins and when it is over, by any thread.
        std::function<void(sql::Trouble trouble, bool begins, const std::string& detail)> on_change;
    };

    static constexpr base::Milliseconds kInterval{1000};
    static constexpr base::Milliseconds kLockedMax{5000};
    static constexpr base::Milliseconds kCheckMax{30'000};
    static constexpr base::Milliseconds kCheckPause{3000};  ///< between two checks of a damaged file, at least
    static constexpr std::uint64_t kRoomBytesMin = 1024 * 1024;
    static constexpr std::uint64_t kWalBytesMax = 2 * sql::kSqliteWalKeptBytes;

    explicit SqliteUpkeep(Options options);
    ~SqliteUpkeep() { stop(); }
    SqliteUpkeep(const SqliteUpkeep&) = delete;
    SqliteUpkeep& operator=(const SqliteUpkeep&) = delete;

    /// Looks at the room on the disk at once, and then from time to time at everything.
    void start();
    /// Returns when nothing is under way any more.
    void stop();

    /// A statement has failed. From any thread.
    void note(const sql::Failure& failure);
    /// Whether nothing is known to be wrong, after a look at the room on the disk. From any thread.
    bool well();

  private:
    static constexpr std::size_t kTroubles = 4;

    void begin(sql::Trouble trouble, const std::string& detail);
    void end(sql::Trouble trouble, const std::string& detail);
    bool has(sql::Trouble trouble) const { return troubles_[static_cast<std::size_t>(trouble)]; }
    void look_for_room();
    void run();
    void turn();
    /// Whether the write lock can be had; `with_room` writes as well.
    bool try_to_write(bool with_room);
    void give_up();
    void cut_log();
    void check();
    void mind_check();

    Options options_;
    std::unique_ptr<sql::Connection> connection_;  ///< of `run`
    bool connected_ = false;                       ///< of `run`
    base::SteadyTime lock_had_at_;                 ///< of `run`
    std::array<std::atomic<bool>, kTroubles> troubles_{};

    std::mutex check_mutex_;
    std::condition_variable check_ended_;
    std::unique_ptr<sql::Connection> checking_;  ///< guarded by check_mutex_; null when no check is under way
    base::SteadyTime check_began_at_;            ///< of `run`
    base::SteadyTime check_ended_at_;            ///< guarded by check_mutex_
    std::thread checker_;                        ///< of `run`

    std::mutex mutex_;
    std::condition_variable changed_;
    bool stopping_ = false;  ///< guarded by mutex_
    std::thread thread_;
};

/// Whether all migrations of this release have been applied; false for a new file.
bool is_sqlite_current(sql::Connection& connection);

/// How many bytes a file in the folder of `path` may take; the largest number when that is not known.
std::uint64_t room_beside(const std::string& path);

}  // namespace snippetd::store
