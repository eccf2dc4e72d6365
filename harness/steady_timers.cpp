// libfaketime moves the absolute times of every timerfd, also of those that go by the steady clock (its issue 378):
// Asio's "already due" becomes a time that is days away. Loaded before it, this leaves the timers to the kernel.

#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <unistd.h>

extern "C" int timerfd_settime(int fd, int flags, const itimerspec* timer, itimerspec* old) noexcept {
    return static_cast<int>(syscall(SYS_timerfd_settime, fd, flags, timer, old));
}
