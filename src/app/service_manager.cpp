#include "app/service_manager.hpp"

#include "base/log.hpp"
#include "base/numbers.hpp"
#include "base/timer.hpp"

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <system_error>

#include <boost/asio/this_coro.hpp>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

namespace snippetd::app {

namespace {

std::string variable(const char* name) {
    const char* value = std::getenv(name);
    return value ? value : "";
}

std::optional<base::Milliseconds> watchdog_from_environment() {
    const std::string process = variable("WATCHDOG_PID");
    if (!process.empty() && process != std::to_string(getpid())) return std::nullopt;  // it is another one's
    // As wide as systemd's own: a watchdog of two hours is one too.
    const std::optional<std::uint64_t> microseconds = base::parse_number<std::uint64_t>(variable("WATCHDOG_USEC"));
    if (!microseconds || *microseconds == 0) return std::nullopt;
    const std::uint64_t half_ms = *microseconds / 2000;
    constexpr std::uint64_t kLeast = 1, kMost = 24 * 60 * 60 * 1000;
    return base::Milliseconds{std::clamp(half_ms, kLeast, kMost)};
}

/// The error's number, or 0.
int send_to(const std::string& socket, std::string_view state) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (socket.size() >= sizeof address.sun_path) return ENAMETOOLONG;
    std::memcpy(address.sun_path, socket.data(), socket.size());
    if (socket.front() == '@') address.sun_path[0] = '\0';
    const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + socket.size());
    const int descriptor = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (descriptor < 0) return errno;
    const ssize_t sent = ::sendto(descriptor, state.data(), state.size(), MSG_NOSIGNAL,
                                  reinterpret_cast<const sockaddr*>(&address), length);
    const int error = sent < 0 ? errno : 0;
    ::close(descriptor);
    return error;
}

}  // namespace

ServiceManager::ServiceManager() : socket_{variable("NOTIFY_SOCKET")} {
    if (!socket_.empty()) watchdog_interval_ = watchdog_from_environment();
}

void ServiceManager::tell(std::string_view state) const {
    if (socket_.empty()) return;
    if (const int error = send_to(socket_, state)) {
        log::warn("the service manager cannot be told",
                  {{"state", state.substr(0, state.find('\n'))}, {"reason", std::generic_category().message(error)}});
    }
}

base::Awaitable<void> ServiceManager::keep_reassuring(std::function<base::Awaitable<void>()> proof) const {
    base::Timer timer{co_await boost::asio::this_coro::executor};
    while (true) {
        co_await proof();
        tell("WATCHDOG=1");
        co_await base::pause(timer, *watchdog_interval_);
    }
}

}  // namespace snippetd::app
