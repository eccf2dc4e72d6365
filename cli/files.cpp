#include "files.hpp"

#include "failure.hpp"
#include "signals.hpp"
#include "text.hpp"

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

namespace snippetd::cli {

namespace {

namespace fs = std::filesystem;

class Descriptor {
  public:
    explicit Descriptor(int number) : number_{number} {}
    ~Descriptor() {
        if (number_ > STDERR_FILENO) close(number_);
    }
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;

    int get() const { return number_; }

  private:
    int number_;
};

[[noreturn]] void fail(std::string_view what, std::string_view path, int reason) {
    check_interrupted();
    throw Failure{ExitCode::local_file, fmt::format("cannot {} {}: {}", what, printable(path), std::strerror(reason))};
}

std::string read_all(int descriptor, std::string_view path) {
    std::string content;
    std::string chunk(64 * 1024, '\0');
    while (true) {
        check_interrupted();
        const ssize_t got = ::read(descriptor, chunk.data(), chunk.size());
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) fail("read", path, errno);
        if (got == 0) return content;
        content.append(chunk, 0, static_cast<std::size_t>(got));
        if (content.size() > kFileBytesMax) {
            throw Failure{ExitCode::bad_input, fmt::format("{} has more than {} MiB, which no server takes",
                                                           printable(path), kFileBytesMax >> 20)};
        }
    }
}

void write_all_to(int descriptor, std::string_view bytes, std::string_view path) {
    while (!bytes.empty()) {
        const ssize_t written = ::write(descriptor, bytes.data(), bytes.size());
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) fail("write", path, errno);
        bytes.remove_prefix(static_cast<std::size_t>(written));
    }
}

/// Makes a folder that only its owner can enter; one that is there stays as it is.
void make_private_folder(const fs::path& folder) {
    std::error_code failure;
    if (fs::is_directory(folder, failure)) return;
    if (folder.has_parent_path() && folder != folder.parent_path()) make_private_folder(folder.parent_path());
    if (mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) fail("make the folder", folder.string(), errno);
}

}  // namespace

std::string read_input(const std::string& path) {
    if (path == "-") return read_all(STDIN_FILENO, "standard input");
    const Descriptor file{open(path.c_str(), O_RDONLY | O_CLOEXEC)};
    if (file.get() < 0) fail("read", path, errno);
    struct stat status {};
    if (fstat(file.get(), &status) == 0 && S_ISDIR(status.st_mode)) fail("read", path, EISDIR);
    return read_all(file.get(), path);
}

void write_output(const std::string& path, std::string_view bytes) {
    const Descriptor file{open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666)};
    if (file.get() < 0) fail("write", path, errno);
    write_all_to(file.get(), bytes, path);
}

std::optional<std::string> PrivateFile::read() const {
    const Descriptor file{open(path_.c_str(), O_RDONLY | O_CLOEXEC)};
    if (file.get() < 0 && (errno == ENOENT || errno == ENOTDIR)) return std::nullopt;
    if (file.get() < 0) fail("read", path_.string(), errno);
    struct stat status {};
    if (fstat(file.get(), &status) != 0) fail("read", path_.string(), errno);
    if ((status.st_mode & 077) != 0) {
        throw Failure{ExitCode::local_file, fmt::format("{0} holds secrets and others can read it (mode {1:04o}): "
                                                        "chmod 600 {0}",
                                                        printable(path_.string()), status.st_mode & 07777)};
    }
    return read_all(file.get(), path_.string());
}

void PrivateFile::update(const std::function<std::optional<std::string>(std::optional<std::string>)>& change) const {
    const fs::path folder = path_.parent_path();
    make_private_folder(folder);
    const Descriptor lock{open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
    if (lock.get() < 0) fail("open the folder", folder.string(), errno);
    while (flock(lock.get(), LOCK_EX) != 0) {
        check_interrupted();
        if (errno != EINTR) fail("lock the folder", folder.string(), errno);
    }
    const std::optional<std::string> content = change(read());
    if (content) return write(*content);
    if (unlink(path_.c_str()) != 0 && errno != ENOENT) fail("remove", path_.string(), errno);
}

void PrivateFile::write(std::string_view bytes) const {
    std::string temporary = path_.string() + ".XXXXXX";
    const Descriptor file{mkostemp(temporary.data(), O_CLOEXEC)};  // mode 0600
    if (file.get() < 0) fail("write", path_.string(), errno);
    try {
        write_all_to(file.get(), bytes, temporary);
        if (fsync(file.get()) != 0) fail("write", temporary, errno);
        if (rename(temporary.c_str(), path_.c_str()) != 0) fail("write", path_.string(), errno);
    } catch (...) {
        unlink(temporary.c_str());
        throw;
    }
}

std::filesystem::path path_below(const char* variable, const char* fallback, const char* name) {
    const char* folder = std::getenv(variable);
    if (folder && fs::path{folder}.is_absolute()) return fs::path{folder} / "snippetd" / name;
    const char* home = std::getenv("HOME");
    if (!home || *home == '\0') {
        throw Failure{ExitCode::local_file,
                      fmt::format("HOME is not set, nor {}: there is no place for {}", variable, name)};
    }
    return fs::path{home} / fallback / "snippetd" / name;
}

Draft::Draft(const std::string& name, std::string_view text) : name_{name} {
    const char* given = std::getenv("TMPDIR");
    std::string folder = (fs::path{given && *given ? given : "/tmp"} / "snip-XXXXXX").string();
    if (!mkdtemp(folder.data())) fail("make a folder", folder, errno);
    folder_ = folder;
    const Descriptor file{open(path().c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600)};
    if (file.get() < 0) fail("write", path(), errno);
    write_all_to(file.get(), text, path());
}

std::string Draft::text() const {
    std::ifstream file{path(), std::ios::binary};
    return {std::istreambuf_iterator<char>{file}, std::istreambuf_iterator<char>{}};
}

Draft::~Draft() {
    std::error_code ignored;  // nothing can be done about a scratch folder that stays
    if (!kept_) fs::remove_all(folder_, ignored);
}

}  // namespace snippetd::cli
