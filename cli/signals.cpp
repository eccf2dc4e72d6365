#include "signals.hpp"

#include "failure.hpp"

#include <algorithm>
#include <atomic>
#include <csignal>

#include <poll.h>

namespace snippetd::cli {

namespace {

std::atomic<int> received{0};
static_assert(std::atomic<int>::is_always_lock_free);

void remember(int number) {
    received = number;
}

}  // namespace

void catch_signals() {
    struct sigaction action {};
    action.sa_handler = remember;  // without SA_RESTART: a read from a terminal ends
    for (const int number : {SIGINT, SIGTERM, SIGHUP}) {
        struct sigaction before {};
        sigaction(number, nullptr, &before);
        if (before.sa_handler != SIG_IGN) sigaction(number, &action, nullptr);  // nohup stays in force
    }
    std::signal(SIGPIPE, SIG_IGN);
}

int signal_received() {
    return received;
}

void check_interrupted() {
    if (const int number = received) throw Interrupted{number};
}

void pause_for(Milliseconds duration) {
    // In pieces: a signal that comes between the check and the wait is seen a moment later.
    constexpr Milliseconds kPiece{200};
    const auto until = std::chrono::steady_clock::now() + duration;
    while (true) {
        check_interrupted();
        const auto left = std::chrono::ceil<Milliseconds>(until - std::chrono::steady_clock::now());
        if (left.count() <= 0) return;
        poll(nullptr, 0, static_cast<int>(std::min(left, kPiece).count()));
    }
}

}  // namespace snippetd::cli
