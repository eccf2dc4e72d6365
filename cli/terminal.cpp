#include "terminal.hpp"

#include "base/visible.hpp"
#include "failure.hpp"
#include "signals.hpp"
#include "text.hpp"

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <optional>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

namespace snippetd::cli {

namespace {

constexpr std::size_t kAnswerBytesMax = 4096;

/// False, with errno, when not all can be written.
bool write_all(int descriptor, std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t written = ::write(descriptor, bytes.data(), bytes.size());
        if (written < 0 && errno == EINTR && signal_received() == 0) continue;
        if (written < 0) return false;
        bytes.remove_prefix(static_cast<std::size_t>(written));
    }
    return true;
}

/// Turns the echo off for as long as it lives.
class WithoutEcho {
  public:
    explicit WithoutEcho(int terminal) : terminal_{terminal} {
        if (tcgetattr(terminal_, &before_) != 0) return;
        termios quiet = before_;
        quiet.c_lflag &= ~static_cast<tcflag_t>(ECHO);
        changed_ = tcsetattr(terminal_, TCSAFLUSH, &quiet) == 0;
    }
    ~WithoutEcho() {
        if (!changed_) return;
        tcsetattr(terminal_, TCSAFLUSH, &before_);
        write_all(terminal_, "\n");
    }
    WithoutEcho(const WithoutEcho&) = delete;
    WithoutEcho& operator=(const WithoutEcho&) = delete;

  private:
    int terminal_;
    termios before_{};
    bool changed_ = false;
};

std::string read_answer(int terminal) {
    std::string line;
    char c = 0;
    while (line.size() < kAnswerBytesMax) {
        const ssize_t got = ::read(terminal, &c, 1);
        check_interrupted();
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0 || c == '\n') break;
        line += c;
    }
    return line;
}

}  // namespace

Terminal::Terminal(Talk talk)
    : talk_{talk}, out_is_terminal_{isatty(STDOUT_FILENO) == 1}, err_is_terminal_{isatty(STDERR_FILENO) == 1} {}

void Terminal::print(std::string_view bytes) const {
    if (write_all(STDOUT_FILENO, bytes)) return;
    const int reason = errno;
    check_interrupted();
    throw Failure{ExitCode::local_file, fmt::format("cannot write to standard output: {}", std::strerror(reason))};
}

void Terminal::show(std::string_view text) const {
    if (out_is_terminal_) return print(base::visible(text));
    print(text);
}

void Terminal::show_in_styles(std::string_view text) const {
    print(base::visible_in_styles(text));
}

bool Terminal::wants_colours() const {
    const auto value_of = [](const char* name) {
        const char* value = std::getenv(name);
        return std::string_view{value ? value : ""};
    };
    return out_is_terminal_ && value_of("NO_COLOR").empty() && !value_of("TERM").empty() && value_of("TERM") != "dumb";
}

void Terminal::print_line(std::string_view line) const {
    print(std::string{line} + '\n');
}

void Terminal::complain(std::string_view message) const {
    write_all(STDERR_FILENO, fmt::format("snip: {}\n", message));
}

void Terminal::tell(std::string_view message) const {
    if (talk_ != Talk::quiet) complain(message);
}

void Terminal::explain(std::string_view message) const {
    if (talk_ == Talk::verbose) complain(message);
}

void Terminal::draw(std::string_view text) const {
    write_all(STDERR_FILENO, text);
}

void Terminal::show_progress(std::string_view name, std::uint64_t done_bytes, std::uint64_t total_bytes) const {
    if (quiet() || !err_is_terminal_ || total_bytes == 0) return;
    const std::uint64_t percent = done_bytes * 100 / total_bytes;
    draw(fmt::format("\r\x1b[Ksnip: sending {}: {} % of {} KiB", shorten(printable(name), 40), percent,
                     total_bytes / 1024));
}

void Terminal::clear_progress() const {
    if (!quiet() && err_is_terminal_) draw("\r\x1b[K");
}

int Terminal::columns() const {
    winsize size{};
    const bool known = ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
    return known ? size.ws_col : 80;
}

std::string ask(std::string_view question, bool hidden) {
    const int terminal = open("/dev/tty", O_RDWR | O_CLOEXEC);
    if (terminal < 0) {
        throw Failure{ExitCode::bad_input,
                      "there is no terminal to ask on: give --username with the password on standard "
                      "input, or --token-stdin"};
    }
    struct Close {
        int descriptor;
        ~Close() { close(descriptor); }
    } const closes{terminal};
    // Before the question: what is typed as soon as it stands there is neither shown nor lost.
    std::optional<WithoutEcho> silent;
    if (hidden) silent.emplace(terminal);
    write_all(terminal, question);
    return read_answer(terminal);
}

}  // namespace snippetd::cli
