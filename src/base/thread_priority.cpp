#include "base/thread_priority.hpp"

#include <sys/resource.h>
#include <unistd.h>

namespace snippetd::base {

namespace {

// A third of a loop's share: enough that a loop that waits for a lock of such a thread gets it soon.
constexpr int kNice = 5;

}  // namespace

void step_back() {
    const auto thread = static_cast<id_t>(gettid());
    // It may have been started like that. To be nicer is always allowed.
    if (getpriority(PRIO_PROCESS, thread) < kNice) setpriority(PRIO_PROCESS, thread, kNice);
}

}  // namespace snippetd::base
