#include "programs.hpp"

#include "failure.hpp"
#include "text.hpp"

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <vector>

#include <fcntl.h>
#include <fmt/format.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

namespace snippetd::cli {

namespace {

/// posix_spawnp(3) with what a child needs: the signals as they are by default, and perhaps its own streams.
class Spawn {
  public:
    Spawn() {
        posix_spawn_file_actions_init(&actions_);
        posix_spawnattr_init(&attributes_);
        sigset_t defaults;
        sigemptyset(&defaults);
        for (const int number : {SIGPIPE, SIGINT, SIGQUIT}) sigaddset(&defaults, number);
        posix_spawnattr_setsigdefault(&attributes_, &defaults);
        flags_ = POSIX_SPAWN_SETSIGDEF;
    }
    ~Spawn() {
        posix_spawn_file_actions_destroy(&actions_);
        posix_spawnattr_destroy(&attributes_);
    }
    Spawn(const Spawn&) = delete;
    Spawn& operator=(const Spawn&) = delete;

    /// A program that goes on in the background must not hold the pipe that the link was printed to.
    void silence() {
        posix_spawn_file_actions_addopen(&actions_, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
        posix_spawn_file_actions_addopen(&actions_, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    }
    void read_from(int descriptor) { posix_spawn_file_actions_adddup2(&actions_, descriptor, STDIN_FILENO); }
    void read_nothing() { posix_spawn_file_actions_addopen(&actions_, STDIN_FILENO, "/dev/null", O_RDONLY, 0); }
    void in_new_session() { flags_ |= POSIX_SPAWN_SETSID; }

    /// Nothing when there is no such program.
    std::optional<pid_t> start(const std::vector<std::string>& command) {
        posix_spawnattr_setflags(&attributes_, flags_);
        std::vector<char*> arguments;
        for (const std::string& argument : command) arguments.push_back(const_cast<char*>(argument.c_str()));
        arguments.push_back(nullptr);
        pid_t child = 0;
        if (posix_spawnp(&child, arguments.front(), &actions_, &attributes_, arguments.data(), environ) != 0) {
            return std::nullopt;
        }
        return child;
    }

  private:
    posix_spawn_file_actions_t actions_;
    posix_spawnattr_t attributes_;
    short flags_ = 0;
};

int wait_for(pid_t child) {
    int status = 0;
    while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    return status;
}

bool feed(const std::vector<std::string>& command, std::string_view text) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) return false;
    Spawn spawn;
    spawn.read_from(ends[0]);
    spawn.silence();
    const std::optional<pid_t> child = spawn.start(command);
    close(ends[0]);
    bool written = child.has_value();
    while (written && !text.empty()) {
        const ssize_t count = write(ends[1], text.data(), text.size());
        if (count < 0 && errno == EINTR) continue;
        written = count > 0;
        if (written) text.remove_prefix(static_cast<std::size_t>(count));
    }
    close(ends[1]);
    return child && wait_for(*child) == 0 && written;
}

bool is_set(const char* variable) {
    const char* value = std::getenv(variable);
    return value && *value;
}

std::string editor() {
    for (const char* variable : {"VISUAL", "EDITOR"}) {
        if (is_set(variable)) return std::getenv(variable);
    }
    return "vi";
}

}  // namespace

void copy_to_clipboard(std::string_view text) {
    std::vector<std::vector<std::string>> commands;
    if (is_set("WAYLAND_DISPLAY")) commands.push_back({"wl-copy"});
    if (is_set("DISPLAY")) {
        commands.push_back({"xclip", "-selection", "clipboard"});
        commands.push_back({"xsel", "--clipboard", "--input"});
    }
    commands.push_back({"pbcopy"});
    commands.push_back({"clip.exe"});
    for (const std::vector<std::string>& command : commands) {
        if (feed(command, text)) return;
    }
    throw Failure{ExitCode::other,
                  "the link is not copied: none of wl-copy, xclip, xsel, pbcopy and clip.exe is there for "
                  "this display and takes it"};
}

void open_in_browser(const std::string& url) {
    for (const char* program : {"xdg-open", "open", "wslview"}) {
        Spawn spawn;
        spawn.read_nothing();
        spawn.silence();
        spawn.in_new_session();
        if (spawn.start({program, url})) return;
    }
    throw Failure{ExitCode::other, "the link is not opened: there is none of xdg-open, open and wslview"};
}

void run_editor(const std::string& path) {
    const std::string command = editor();
    struct sigaction ignore {
    }, interrupt{}, quit{};
    ignore.sa_handler = SIG_IGN;
    sigaction(SIGINT, &ignore, &interrupt);
    sigaction(SIGQUIT, &ignore, &quit);
    Spawn spawn;
    // As git does: the variable may hold arguments, and the path is none of the shell's business.
    const std::optional<pid_t> child = spawn.start({"sh", "-c", command + " \"$@\"", command, path});
    const int status = child ? wait_for(*child) : -1;
    sigaction(SIGINT, &interrupt, nullptr);
    sigaction(SIGQUIT, &quit, nullptr);
    if (status == 0) return;
    const std::string how = !child              ? "does not start"
                            : WIFEXITED(status) ? fmt::format("ended with {}", WEXITSTATUS(status))
                                                : fmt::format("was ended by signal {}", WTERMSIG(status));
    throw Failure{ExitCode::other,
                  fmt::format("the editor `{}` {}: set VISUAL or EDITOR to one that works", printable(command), how)};
}

}  // namespace snippetd::cli
