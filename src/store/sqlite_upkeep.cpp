#include "store/sqlite_upkeep.hpp"

#include "base/log.hpp"
#include "store/migrate.hpp"

#include <algorithm>
#include <filesystem>
#include <limits>

#include <fmt/format.h>
#include <soci/soci.h>
#include <sys/statvfs.h>

namespace snippetd::store {

namespace {

std::uint64_t size_of_file(const std::string& path) {
    std::error_code absent;
    const std::uintmax_t size = std::filesystem::file_size(path, absent);
    return absent ? 0 : size;
}

/// Writes `kRoomBytesMin` and takes them back: an id that no request can have, since they are all hashes.
constexpr const char* kTakeRoom =
    "insert into idempotency_records (id, fingerprint, response, created_at) "
    "values ('room', '', zeroblob(:bytes), 0) on conflict (id) do nothing";
constexpr const char* kGiveBack = "delete from idempotency_records where id = 'room'";

}  // namespace

bool is_sqlite_current(sql::Connection& connection) {
    soci::session& session = connection.session();
    int known = 0, applied = 0;
    session << "select count(*) from sqlite_master where name = 'schema_migrations'", soci::into(known);
    if (known == 0) return false;
    session << "select coalesce(max(version), 0) from schema_migrations", soci::into(applied);
    return applied == static_cast<int>(migrations(DialectName::sqlite).size());
}

std::uint64_t room_beside(const std::string& path) {
    const std::filesystem::path folder = std::filesystem::path{path}.parent_path();
    struct statvfs disk {};
    if (statvfs(folder.empty() ? "." : folder.c_str(), &disk) != 0) return std::numeric_limits<std::uint64_t>::max();
    return std::uint64_t{disk.f_bavail} * disk.f_frsize;
}

SqliteUpkeep::SqliteUpkeep(Options options) : options_{std::move(options)} {}

void SqliteUpkeep::start() {
    look_for_room();
    lock_had_at_ = base::steady_now();
    connection_ = options_.make_connection();
    check();
    thread_ = std::thread{[this] { run(); }};
}

void SqliteUpkeep::stop() {
    {
        const std::lock_guard lock{mutex_};
        stopping_ = true;
    }
    changed_.notify_all();
    if (thread_.joinable()) thread_.join();
    {
        // Again and again: what is interrupted before its statement begins goes on to the end of that.
        std::unique_lock lock{check_mutex_};
        while (checking_) {
            checking_->interrupt();
            check_ended_.wait_for(lock, base::Milliseconds{10});
        }
    }
    if (checker_.joinable()) checker_.join();
    connection_.reset();
}

void SqliteUpkeep::begin(sql::Trouble trouble, const std::string& detail) {
    if (!troubles_[static_cast<std::size_t>(trouble)].exchange(true)) options_.on_change(trouble, true, detail);
}

void SqliteUpkeep::end(sql::Trouble trouble, const std::string& detail) {
    if (troubles_[static_cast<std::size_t>(trouble)].exchange(false)) options_.on_change(trouble, false, detail);
}

void SqliteUpkeep::note(const sql::Failure& failure) {
    if (failure.trouble != sql::Trouble::none) begin(failure.trouble, failure.text());
}

void SqliteUpkeep::look_for_room() {
    const std::uint64_t room = room_beside(options_.path);
    if (room >= kRoomBytesMin) return;
    begin(sql::Trouble::disk_full, fmt::format("{} bytes are left on the disk of {}", room, options_.path));
}

bool SqliteUpkeep::well() {
    look_for_room();
    for (const auto& trouble : troubles_) {
        if (trouble) return false;
    }
    return true;
}

void SqliteUpkeep::run() {
    std::unique_lock lock{mutex_};
    while (!changed_.wait_for(lock, kInterval, [this] { return stopping_; })) {
        lock.unlock();
        turn();
        lock.lock();
    }
}

void SqliteUpkeep::turn() {
    look_for_room();
    const bool room_wanted = has(sql::Trouble::disk_full) || has(sql::Trouble::unusable);
    if (try_to_write(room_wanted)) {
        lock_had_at_ = base::steady_now();
        end(sql::Trouble::unusable, "the database can be written again");
        if (room_wanted && room_beside(options_.path) >= kRoomBytesMin) {
            end(sql::Trouble::disk_full, "there is room on the disk again");
        }
        cut_log();
    } else if (base::steady_now() - lock_had_at_ > kLockedMax && !has(sql::Trouble::disk_full)) {
        begin(sql::Trouble::unusable, "nothing can be written, for another process has the database locked");
    }
    mind_check();
}

bool SqliteUpkeep::try_to_write(bool with_room) {
    try {
        if (!connected_) connection_->connect();
        connected_ = true;
        soci::session& session = connection_->session();
        session << "begin immediate";
        if (!with_room) {
            session << "rollback";
            return true;
        }
        const long long bytes = kRoomBytesMin;
        connection_->about_to("take_room");
        session << kTakeRoom, soci::use(bytes, "bytes");
        session << "commit";
        session << kGiveBack;
        return true;
    } catch (const soci::soci_error& error) {
        note(connection_->describe(error));
        give_up();
    } catch (const std::runtime_error& error) {
        if (!has(sql::Trouble::disk_full)) begin(sql::Trouble::unusable, error.what());  // it does not connect
    }
    return false;
}

/// Ends the transaction that has failed, so that its lock keeps nobody waiting.
void SqliteUpkeep::give_up() {
    try {
        connection_->session() << "rollback";
    } catch (const soci::soci_error&) {
        // What has failed has ended it already.
    }
}

void SqliteUpkeep::cut_log() {
    const std::string log_path = options_.path + "-wal";
    const std::uint64_t size = size_of_file(log_path);
    if (size <= kWalBytesMax) return;
    try {
        soci::session& session = connection_->session();
        // First what needs no lock, so that the second one, which keeps writers out, has little left to do.
        session << "pragma wal_checkpoint(passive)";
        session << "pragma wal_checkpoint(truncate)";
    } catch (const soci::soci_error& error) {
        note(connection_->describe(error));
    }
    const std::uint64_t now = size_of_file(log_path);
    if (now >= size) return;
    log::info("the write-ahead log is cut",
              {{"bytes", static_cast<long long>(size)}, {"bytes_now", static_cast<long long>(now)}});
}

/// Starts a check, unless one is under way.
void SqliteUpkeep::check() {
    {
        const std::lock_guard lock{check_mutex_};
        if (checking_) return;
        checking_ = options_.make_connection();
    }
    if (checker_.joinable()) checker_.join();
    check_began_at_ = base::steady_now();
    checker_ = std::thread{[this] {
        sql::Connection& connection = *checking_;
        try {
            connection.connect();
            connection.about_to("quick_check");
            std::string found;
            connection.session() << "pragma quick_check(1)", soci::into(found);
            if (found == "ok") {
                log::debug("the database is sound");
                end(sql::Trouble::corrupt, "the database is sound again");
            } else {
                begin(sql::Trouble::corrupt, found);
            }
        } catch (const soci::soci_error& error) {
            const sql::Failure failure = connection.describe(error);
            note(failure);
            log::info("the database has not been checked to its end", {{"reason", failure.text()}});
        } catch (const std::runtime_error& error) {
            log::warn("the database has not been checked", {{"reason", error.what()}});
        }
        const std::lock_guard lock{check_mutex_};
        check_ended_at_ = base::steady_now();
        checking_.reset();
        check_ended_.notify_all();
    }};
}

void SqliteUpkeep::mind_check() {
    bool again = false;
    {
        const std::lock_guard lock{check_mutex_};
        const base::SteadyTime now = base::steady_now();
        if (checking_ && now - check_began_at_ > kCheckMax) checking_->interrupt();
        // So that reading all of a large file is not all that the disk does.
        const auto pause = std::max<base::SteadyTime::duration>(kCheckPause, 10 * (check_ended_at_ - check_began_at_));
        again = !checking_ && has(sql::Trouble::corrupt) && now - check_ended_at_ > pause;
    }
    if (again) check();
}

}  // namespace snippetd::store
