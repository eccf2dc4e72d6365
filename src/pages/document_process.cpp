#include "pages/document_process.hpp"

#include "base/error.hpp"
#include "base/log.hpp"
#include "highlight/highlight.hpp"
#include "model/languages.hpp"
#include "pages/code.hpp"
#include "pages/diff.hpp"
#include "pages/markdown.hpp"
#include "pages/picture_document.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <new>
#include <vector>

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

extern char** environ;

// Both ends of the socket are this program, so what goes over it are structures as they lie in memory, each followed by
// as many bytes as it says. The service's end believes none of it.

namespace snippetd::pages {

namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kSanitized = true;
constexpr int kSlowness = 10;
#else
constexpr bool kSanitized = false;
constexpr int kSlowness = 1;
#endif

/// By purpose, what the process is started with.
constexpr std::array<std::string_view, 3> kArguments{"render-differences", "render-code", "render-pictures"};
constexpr int kSocket = 3;  // in the process
constexpr int kDocumentsMax = 1000;
constexpr rlim_t kLifetimeSecondsMax = 600;  // of the processor, should its own timer ever fail
// What a process keeps of earlier documents counts as its own, so it ends before that leaves too little for the next.
constexpr long kGrowthKibMax = 16 * 1024;
// Beside the text's own memory: the grammars that are kept, and what a large one adds before that is noticed.
constexpr std::size_t kGrammarBytesMax = highlight::kKeptGrammarBytesMax + 16 * 1024 * 1024;
// Time for a text to end without colours from some line on, rather than not at all.
constexpr base::Milliseconds kColoursTimeLeft{50};
// Of the clock: a busy machine may take a while to give it its time of the processor.
constexpr base::Milliseconds kPatience{3000 * kSlowness};

struct RequestHead {
    DocumentKind kind;
    std::uint32_t context;
    std::uint32_t time_ms_max;
    std::array<std::uint32_t, 4> bytes;  ///< of each of `texts_of`
};
using Texts = std::array<std::string, 4>;

std::array<std::string_view, 4> texts_of(const DocumentRequest& request) {
    return {request.first, request.second, request.first_colours, request.second_colours};
}

struct AnswerHead {
    DocumentOutcome outcome;
    std::uint32_t cut, html_bytes;
    std::uint32_t last;  ///< it ends now
    std::uint64_t added, removed;
};

// --- The process.

bool read_all(void* to, std::size_t size) {
    for (auto* at = static_cast<char*>(to); size > 0;) {
        const ssize_t got = ::read(kSocket, at, size);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) return false;
        at += got;
        size -= static_cast<std::size_t>(got);
    }
    return true;
}

bool write_all(const void* from, std::size_t size) {
    for (const auto* at = static_cast<const char*>(from); size > 0;) {
        const ssize_t put = ::send(kSocket, at, size, MSG_NOSIGNAL);
        if (put < 0 && errno == EINTR) continue;
        if (put <= 0) return false;
        at += put;
        size -= static_cast<std::size_t>(put);
    }
    return true;
}

void set_limit(__rlimit_resource resource, rlim_t value) {
    const rlimit limit{value, value};
    setrlimit(resource, &limit);
}

std::size_t mapped_bytes() {
    std::size_t pages = 0;
    std::ifstream{"/proc/self/statm"} >> pages;
    return pages * static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
}

/// What the process may take: for one document, and with what it keeps from one to the next. Zero: nobody knows.
class MemoryLimit {
  public:
    explicit MemoryLimit(std::size_t kept_bytes) {
        const std::size_t mapped = mapped_bytes();
        if (mapped > 0) most_ = mapped + kDocumentMemoryBytesMax + kept_bytes;
    }

    /// From now on it is for the next document.
    void begin_document() const {
        if (kSanitized || most_ == 0) return;  // a sanitizer's shadow is larger than any limit
        const rlimit limit{std::min<rlim_t>(most_, mapped_bytes() + kDocumentMemoryBytesMax), most_};
        setrlimit(RLIMIT_AS, &limit);
    }

  private:
    rlim_t most_ = 0;
};

/// From now on the process may take so much time of the processor; SIGPROF ends it then. Zero: no limit any more.
void limit_time(base::Milliseconds time) {
    const auto ms = time.count() * kSlowness;
    itimerval timer{};
    timer.it_value.tv_sec = ms / 1000;
    timer.it_value.tv_usec = ms % 1000 * 1000;
    setitimer(ITIMER_PROF, &timer, nullptr);
}

long resident_kib_max() {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_maxrss;
}

base::Milliseconds processor_time() {
    timespec time{};
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return std::chrono::duration_cast<base::Milliseconds>(std::chrono::seconds{time.tv_sec} +
                                                          std::chrono::nanoseconds{time.tv_nsec});
}

/// Colours the code in a document, for as long as that takes no more than half of the document's time, and a part of
/// its room.
class CodeInDocument {
  public:
    CodeInDocument(highlight::Highlighter& highlighter, base::Milliseconds time_max)
        : highlighter_{highlighter}, end_{processor_time() + time_max / 2 * kSlowness} {}

    std::optional<std::string> operator()(std::string_view code, std::string_view name) {
        const std::optional<std::string_view> language = model::language_named(name);
        const base::Milliseconds left = end_ - processor_time();
        if (!language || left.count() <= 0 || code.size() > kColouredBytesMax || bytes_ > kDocumentBytesMax / 4) {
            return std::nullopt;
        }
        const auto runs = highlighter_.colour(code, *language, left);
        if (!runs) return std::nullopt;
        std::string html = coloured_html(code, shortened(*runs));
        bytes_ += html.size();
        return html;
    }

  private:
    highlight::Highlighter& highlighter_;
    const base::Milliseconds end_;
    std::size_t bytes_ = 0;  ///< of what was made
};

/// In the texts' colours, unless that is too long.
Diff difference_of(const RequestHead& head, const Texts& texts) {
    const auto& [first, second, first_colours, second_colours] = texts;
    DiffOptions options;
    options.style = head.kind == DocumentKind::diff_split ? DiffStyle::split : DiffStyle::inline_;
    options.context = head.context;
    const auto before = read_runs(first_colours, first.size()), after = read_runs(second_colours, second.size());
    if (before) options.before = *before;
    if (after) options.after = *after;
    Diff diff = diff_html(first, second, options);
    if (diff.html.size() <= kDocumentBytesMax || (!before && !after)) return diff;
    options.before = options.after = {};
    return diff_html(first, second, options);
}

Document make_here(const RequestHead& head, const Texts& texts) {
    const std::string &first = texts[0], &second = texts[1];
    static highlight::Highlighter highlighter;
    Document document;
    try {
        if (head.kind == DocumentKind::colours) {
            const base::Milliseconds time = base::Milliseconds{head.time_ms_max} - kColoursTimeLeft;
            const auto runs = highlighter.colour(first, second, time * kSlowness);
            if (runs) document.html = written(shortened(*runs));
        } else if (head.kind == DocumentKind::picture) {
            document.html = draw_picture(first, second, texts[2]);
        } else if (head.kind == DocumentKind::markdown) {
            std::optional<std::string> html = markdown_html_within(
                first, kDocumentBytesMax, CodeInDocument{highlighter, base::Milliseconds{head.time_ms_max}});
            if (html) {
                document.html = *std::move(html);
            } else {
                document.outcome = DocumentOutcome::too_large;
            }
        } else {
            Diff diff = difference_of(head, texts);
            document.html = std::move(diff.html);
            document.added = diff.added;
            document.removed = diff.removed;
            document.cut = diff.cut;
            if (document.html.size() > kDocumentBytesMax) document.outcome = DocumentOutcome::too_large;
        }
    } catch (const std::bad_alloc&) {
        document.outcome = DocumentOutcome::too_large;
    }
    if (document.outcome != DocumentOutcome::made) document.html.clear();
    return document;
}

// --- The service's end.

/// As the process needs it: nothing of ours, which may hold passwords, but what a sanitizer and the loader read.
std::vector<char*> environment() {
    std::vector<char*> kept;
    for (char** variable = environ; *variable; ++variable) {
        const std::string_view text{*variable};
        for (const std::string_view prefix : {"ASAN_", "UBSAN_", "LSAN_", "TSAN_", "LD_LIBRARY_PATH="}) {
            if (text.starts_with(prefix)) kept.push_back(*variable);
        }
    }
    kept.push_back(nullptr);
    return kept;
}

/// Waits until the socket is ready; false when the deadline comes first.
bool wait_for(int socket, short events, base::Deadline deadline) {
    while (true) {
        const auto left = std::chrono::duration_cast<base::Milliseconds>(deadline - base::steady_now()).count();
        if (left <= 0) return false;
        pollfd polled{socket, events, 0};
        const int ready = ::poll(&polled, 1, static_cast<int>(left));
        if (ready > 0) return true;
        if (ready < 0 && errno != EINTR) return false;
    }
}

enum class Io { done, ended, late };

Io receive_all(int socket, void* to, std::size_t size, base::Deadline deadline) {
    for (auto* at = static_cast<char*>(to); size > 0;) {
        const ssize_t got = ::recv(socket, at, size, MSG_DONTWAIT);
        if (got > 0) {
            at += got;
            size -= static_cast<std::size_t>(got);
        } else if (got == 0 || (errno != EAGAIN && errno != EINTR)) {
            return Io::ended;
        } else if (errno == EAGAIN && !wait_for(socket, POLLIN, deadline)) {
            return Io::late;
        }
    }
    return Io::done;
}

Io send_all(int socket, const void* from, std::size_t size, base::Deadline deadline) {
    for (const auto* at = static_cast<const char*>(from); size > 0;) {
        const ssize_t put = ::send(socket, at, size, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (put > 0) {
            at += put;
            size -= static_cast<std::size_t>(put);
        } else if (errno != EAGAIN && errno != EINTR) {
            return Io::ended;
        } else if (errno == EAGAIN && !wait_for(socket, POLLOUT, deadline)) {
            return Io::late;
        }
    }
    return Io::done;
}

[[noreturn]] void give_up(const char* why) {
    throw base::Unavailable{why};
}

}  // namespace

std::string_view to_text(DocumentOutcome outcome) {
    switch (outcome) {
        case DocumentOutcome::made: return "made";
        case DocumentOutcome::too_slow: return "too_slow";
        case DocumentOutcome::too_large: return "too_large";
        case DocumentOutcome::crashed: break;
    }
    return "crashed";
}

void DocumentProcess::start() {
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) give_up("no socket for a document's process");
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, ends[1], kSocket);
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_addclosefrom_np(&actions, kSocket + 1);
    posix_spawnattr_t attributes;
    posix_spawnattr_init(&attributes);
    sigset_t nothing;
    sigemptyset(&nothing);
    posix_spawnattr_setsigmask(&attributes, &nothing);
    posix_spawnattr_setpgroup(&attributes, 0);  // a terminal's Ctrl-C is for the service, which ends this one
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETPGROUP);
    std::string name = "snippetd", argument{kArguments[static_cast<std::size_t>(purpose_)]};
    std::array<char*, 3> arguments{name.data(), argument.data(), nullptr};
    std::vector<char*> variables = environment();
    const int failure =
        posix_spawn(&process_, "/proc/self/exe", &actions, &attributes, arguments.data(), variables.data());
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    ::close(ends[1]);
    socket_ = ends[0];
    documents_left_ = kDocumentsMax;
    if (failure == 0) return;
    process_ = -1;
    end();
    log::warn("cannot start a process for documents", {{"error", std::strerror(failure)}});
    give_up("no process for documents");
}

Document DocumentProcess::make(const DocumentRequest& request) {
    const base::Deadline deadline = base::deadline_in(kPatience);
    if (socket_ < 0) start();
    // One that has died meanwhile, of whatever, has not seen this document.
    pollfd polled{socket_, POLLIN, 0};
    if (::poll(&polled, 1, 0) > 0) {
        end();
        start();
    }
    if (!send(request, deadline)) return after_death();
    return receive(deadline);
}

bool DocumentProcess::send(const DocumentRequest& request, base::Deadline deadline) {
    const auto texts = texts_of(request);
    RequestHead head{request.kind, request.context, static_cast<std::uint32_t>(request.time_max.count()), {}};
    std::transform(texts.begin(), texts.end(), head.bytes.begin(),
                   [](std::string_view text) { return static_cast<std::uint32_t>(text.size()); });
    Io outcome = send_all(socket_, &head, sizeof head, deadline);
    for (const std::string_view text : texts) {
        if (outcome == Io::done) outcome = send_all(socket_, text.data(), text.size(), deadline);
    }
    if (outcome == Io::late) {
        end();
        give_up("a document's process does not read");
    }
    return outcome == Io::done;
}

Document DocumentProcess::receive(base::Deadline deadline) {
    AnswerHead head{};
    Document document;
    Io outcome = receive_all(socket_, &head, sizeof head, deadline);
    if (outcome == Io::done && head.html_bytes > kDocumentBytesMax) return after_death();
    if (outcome == Io::done) {
        document.html.resize(head.html_bytes);
        outcome = receive_all(socket_, document.html.data(), document.html.size(), deadline);
    }
    if (outcome == Io::ended) return after_death();
    if (outcome == Io::late) {
        end();
        give_up("the machine is too busy for a document");
    }
    document.outcome = std::min(head.outcome, DocumentOutcome::crashed);
    document.added = head.added;
    document.removed = head.removed;
    document.cut = head.cut != 0;
    if (--documents_left_ == 0 || head.last != 0) end();
    return document;
}

Document DocumentProcess::after_death() {
    ::kill(process_, SIGABRT);  // no more than a word when it is dead already
    int status = 0;
    while (waitpid(process_, &status, 0) < 0 && errno == EINTR) {
    }
    process_ = -1;
    end();
    const int signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    // Nobody but the system's administrator, or a system without memory, sends these.
    if (signal == SIGKILL || signal == SIGTERM) give_up("a document's process was killed");
    Document document;
    document.outcome = signal == SIGPROF || signal == SIGXCPU ? DocumentOutcome::too_slow : DocumentOutcome::crashed;
    return document;
}

void DocumentProcess::end() {
    if (socket_ >= 0) ::close(socket_);
    socket_ = -1;
    if (process_ < 0) return;
    ::kill(process_, SIGKILL);
    while (waitpid(process_, nullptr, 0) < 0 && errno == EINTR) {
    }
    process_ = -1;
}

bool is_document_process(int argc, char** argv) {
    return argc == 2 && std::find(kArguments.begin(), kArguments.end(), argv[1]) != kArguments.end();
}

int run_document_process(char** argv) {
    const bool code = argv[1] == kArguments[static_cast<std::size_t>(DocumentProcess::Purpose::code)];
    const std::size_t grammars = code ? kGrammarBytesMax : 0;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    std::signal(SIGTERM, SIG_IGN);  // which may go to all processes of a unit: the service ends this one
    set_limit(RLIMIT_CORE, 0);
    set_limit(RLIMIT_CPU, kLifetimeSecondsMax);
    const MemoryLimit memory{grammars};
    const long growth_max = kGrowthKibMax + static_cast<long>(grammars / 1024);
    const long before_kib = resident_kib_max();
    RequestHead head{};
    while (read_all(&head, sizeof head)) {
        Texts texts;
        bool whole = true;
        for (std::size_t i = 0; i < texts.size() && whole; ++i) {
            texts[i].resize(head.bytes[i]);
            whole = read_all(texts[i].data(), texts[i].size());
        }
        if (!whole) break;
        memory.begin_document();
        limit_time(base::Milliseconds{head.time_ms_max});
        const Document document = make_here(head, texts);
        limit_time(base::Milliseconds{0});
        const bool last = resident_kib_max() - before_kib > growth_max * kSlowness;
        const AnswerHead answer{
            document.outcome, document.cut ? 1U : 0U, static_cast<std::uint32_t>(document.html.size()),
            last ? 1U : 0U,   document.added,         document.removed};
        if (!write_all(&answer, sizeof answer) || !write_all(document.html.data(), document.html.size()) || last) break;
    }
    return 0;
}

}  // namespace snippetd::pages
