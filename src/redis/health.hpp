#pragma once

#include "base/alerts.hpp"
#include "base/metrics.hpp"

#include <cstddef>
#include <mutex>
#include <set>
#include <string>

namespace snippetd::redis {

/// Whether Redis answers this process: `snippetd_redis_up`, and the alert `redis_down`, which is told once per change
/// however many connections notice it. Thread-safe.
class Health {
  public:
    /// `consequence` ends the alert's text: what the service does without Redis.
    Health(base::Metrics& metrics, base::Alerts& alerts, std::string consequence);

    /// One more connection that has to stand for all to be well. It counts as down until it has told otherwise, without
    /// an alert.
    void expect(const void* client);
    void forget(const void* client);
    void up(const void* client);
    void down(const void* client, const std::string& reason);
    /// The server has refused a command that it should have taken: a defect or a wrong server, which does not pass.
    /// Raises the alert `redis_refuses`, for good.
    void refused(const std::string& error);

    /// Whether all connections stand.
    bool all_up() const;

  private:
    base::Alerts& alerts_;
    std::string consequence_;
    mutable std::mutex mutex_;
    std::set<const void*> not_up_;  ///< guarded by mutex_
    std::set<const void*> failed_;  ///< guarded by mutex_; those that have told so: the alert is raised while any has
};

}  // namespace snippetd::redis
