#include "app/data_files.hpp"

#include "base/log.hpp"

#include <cerrno>
#include <charconv>
#include <cstring>
#include <filesystem>
#include <stdexcept>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
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

DataLock::DataLock(const std::string& path) : path_{path} {
    if (path.empty() || path == ":memory:") return;
    // One lock for all names of the file.
    std::error_code failure;
    const std::filesystem::path real = std::filesystem::canonical(path, failure);
    const std::string lock_path = (failure ? path : real.string()) + "-lock";
    // Closed in programs that this one starts, which would keep the lock.
    file_ = open(lock_path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, kOwnerOnly);
    if (file_ < 0) {
        throw std::runtime_error{fmt::format("cannot open the file {}: {}", lock_path, std::strerror(errno))};
    }
}

DataLock::~DataLock() {
    if (file_ >= 0) close(file_);
}

bool DataLock::take(int kind) {
    if (file_ < 0) return true;
    while (flock(file_, kind | LOCK_NB) != 0) {
        if (errno == EWOULDBLOCK) return false;
        if (errno == EINTR) continue;
        log::warn("the database cannot be locked here: start only one process on it",
                  {{"file", path_}, {"reason", std::strerror(errno)}});
        return true;
    }
    // For who does not get it; the lock holds without it.
    const std::string number = fmt::format("{}\n", getpid());
    if (ftruncate(file_, 0) != 0 || pwrite(file_, number.data(), number.size(), 0) < 0) {
        log::debug("the lock file does not name this process", {{"reason", std::strerror(errno)}});
    }
    return true;
}

bool DataLock::take_alone() {
    return take(LOCK_EX);
}

bool DataLock::share() {
    return take(LOCK_SH);
}

void DataLock::release() {
    if (file_ >= 0) flock(file_, LOCK_UN);
}

std::string DataLock::explain() const {
    char number[16];
    const ssize_t read = file_ < 0 ? 0 : pread(file_, number, sizeof number, 0);
    long process = 0;
    if (read > 0) std::from_chars(number, number + read, process);
    return fmt::format("another snippetd{} uses the database {}",
                       process > 0 ? fmt::format(" (process {})", process) : "", path_);
}

}  // namespace snippetd::app
