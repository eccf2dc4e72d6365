#pragma once

#include "base/alerts.hpp"
#include "base/clock.hpp"
#include "base/metrics.hpp"

#include <atomic>
#include <cstddef>
#include <mutex>
#include <set>
#include <string>

namespace snippetd::redis {

/// Whether Redis answers this process: `snippetd_redis_up`, and the alert `redis_down`, which is told once per change
/// however many connections notice it, and whenever each of them does: it is resolved when all have been well for a
/// while, which is longer each time when troubles follow close upon each other. Thread-safe.
class Health {
  public:
    static constexpr base::Milliseconds kSettled{500};  ///< all must be well for so long
    static constexpr base::Milliseconds kSettledMax{2000};
    static constexpr base::Milliseconds kCloseUpon{60000};  ///< an alert so soon after the last one doubles it

    /// `consequence` ends the alert's text: what the service does without Redis.
    Health(base::Metrics& metrics, base::Alerts& alerts, std::string consequence);

    /// One more connection that has to stand for all to be well. It counts as down until it has told otherwise, without
    /// an alert.
    void expect(const void* client);
    void forget(const void* client);
    void up(const void* client, base::SteadyTime now = base::steady_now());
    void down(const void* client, const std::string& reason, base::SteadyTime now = base::steady_now());
    /// To be called a few times a second while a connection stands: resolves the alert when it is time.
    void settle(base::SteadyTime now);
    /// The server has refused a command that it should have taken: a defect, a wrong server or a wrong setting of it.
    /// Raises the alert `redis_refuses`, until `accepted` by the same client.
    void refused(const void* client, const std::string& error);
    void accepted(const void* client);

    /// A command of this kind was refused, or has succeeded, on any connection of the process.
    void command_refused(const std::string& kind);
    void command_succeeded(const std::string& kind);
    /// Whether the last command of that kind was refused.
    bool is_unproven(const std::string& kind) const;
    bool any_unproven() const { return any_unproven_.load(std::memory_order_relaxed); }

    /// Whether all connections stand, and have long enough.
    bool all_up() const;

  private:
    base::Alerts& alerts_;
    std::string consequence_;
    mutable std::mutex mutex_;
    std::set<const void*> not_up_;    ///< guarded by mutex_
    std::set<const void*> failed_;    ///< guarded by mutex_; those that have told so: the alert is raised while any has
    std::set<const void*> refused_;   ///< guarded by mutex_
    std::set<std::string> unproven_;  ///< guarded by mutex_; kinds of commands
    std::atomic<bool> any_unproven_{false};
    bool raised_ = false;  ///< guarded by mutex_, as what follows
    base::Milliseconds settled_{kSettled};
    base::SteadyTime well_since_;
    base::SteadyTime resolved_at_;
    bool was_raised_ = false;  ///< ever
};

}  // namespace snippetd::redis
