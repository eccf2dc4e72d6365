#pragma once

#include "base/awaitable.hpp"
#include "base/clock.hpp"

#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace snippetd::app {

/// Who started the process and wants to know how it is: systemd, or whoever else speaks its protocol (sd_notify(3),
/// which says that it is stable and needs no library). Nobody, when the environment names no socket.
class ServiceManager {
  public:
    /// Reads NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID.
    ServiceManager();

    /// `READY=1`, `STOPPING=1`, `WATCHDOG=1` and the like, by lines. What does not arrive is logged: the service goes
    /// on. Safe from any thread.
    void tell(std::string_view state) const;

    /// Whether it takes the service for hung, and starts it anew, when it is not told otherwise again and again.
    bool wants_watchdog() const { return watchdog_interval_.has_value(); }
    /// Tells it so for good, twice in the time that it grants, whenever `proof` has returned. To be called only when it
    /// wants that.
    base::Awaitable<void> keep_reassuring(std::function<base::Awaitable<void>()> proof) const;

  private:
    std::string socket_;  ///< its path, or its abstract name behind `@`; empty: nobody
    std::optional<base::Milliseconds> watchdog_interval_;
};

}  // namespace snippetd::app
