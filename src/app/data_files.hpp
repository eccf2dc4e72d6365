#pragma once

#include <string>

/// The embedded store's folder and file, which hold what people have made private: nobody but the user who runs the
/// service can read them, whatever the umask is.
namespace snippetd::app {

/// Makes the folder of the database file `path` (mode 0700) and the file (mode 0600), where they are missing; SQLite
/// gives its `-wal` and `-shm` the mode of the file. A file that is there, and these two, become mode 0600 when all
/// users have access, which only a umask has given them; access of the group alone stays, because somebody has given
/// it, for backups perhaps. A folder that is there stays as it is. Throws std::runtime_error when the folder or the
/// file cannot be made.
void prepare_data_files(const std::string& path);

/// Who else uses the database: a lock on the file `PATH-lock` beside it, which ends with the process in whatever way.
/// Processes that keep texts in memory without telling each other of edits (all without --redis) must be alone.
class DataLock {
  public:
    /// Throws std::runtime_error when the file cannot be made.
    explicit DataLock(const std::string& path);
    ~DataLock();
    DataLock(const DataLock&) = delete;
    DataLock& operator=(const DataLock&) = delete;

    /// Locks it for this process alone; false while another one has a lock of either kind.
    bool take_alone();
    /// Locks it for this process and others that do the same; instead of the lock for itself, if it has that.
    bool share();
    void release();
    /// What to tell who cannot have it.
    std::string explain() const;

  private:
    bool take(int kind);

    std::string path_;  ///< of the database
    int file_ = -1;     ///< -1 when there is nothing to be locked
};

}  // namespace snippetd::app
