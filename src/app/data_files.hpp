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

}  // namespace snippetd::app
