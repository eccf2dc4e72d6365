#include "app/data_files.hpp"

#include "base/log.hpp"

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <stdexcept>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

namespace snippetd::app {

namespace {

constexpr mode_t kOwnerOnly = S_IRUSR | S_IWUSR, kEverybody = S_IRWXO;

void make_folder(const std::filesystem::path& folder) {
    if (folder.empty() || std::filesystem::exists(folder)) return;
    std::error_code failure;
    if (folder.has_parent_path()) std::filesystem::create_directories(folder.parent_path(), failure);
    if (!failure && mkdir(folder.c_str(), S_IRWXU) != 0 && errno != EEXIST) {
        failure.assign(errno, std::generic_category());
    }
    if (failure) {
        throw std::runtime_error{fmt::format("cannot make the folder {}: {}", folder.string(), failure.message())};
    }
}

/// False when it is there already.
bool make_file(const std::string& path) {
    const int file = open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, kOwnerOnly);
    if (file < 0 && errno == EEXIST) return false;
    if (file < 0) throw std::runtime_error{fmt::format("cannot make the file {}: {}", path, std::strerror(errno))};
    const bool set = fchmod(file, kOwnerOnly) == 0;  // a umask may have taken more
    const int why = errno;
    close(file);
    if (!set) throw std::runtime_error{fmt::format("cannot protect the file {}: {}", path, std::strerror(why))};
    return true;
}

void take_from_everybody(const std::string& path) {
    struct stat found {};
    if (stat(path.c_str(), &found) != 0 || !S_ISREG(found.st_mode) || (found.st_mode & kEverybody) == 0) return;
    // The group's access has come with everybody's.
    if (chmod(path.c_str(), kOwnerOnly) == 0) {
        log::info("a file that everybody could read is its owner's alone now", {{"file", path}});
    } else {
        log::warn("everybody on this machine can read the database",
                  {{"file", path}, {"reason", std::strerror(errno)}});
    }
}

}  // namespace

void prepare_data_files(const std::string& path) {
    if (path.empty() || path == ":memory:") return;
    make_folder(std::filesystem::path{path}.parent_path());
    if (make_file(path)) return;
    for (const char* suffix : {"", "-wal", "-shm", "-journal"}) take_from_everybody(path + suffix);
}

}  // namespace snippetd::app
