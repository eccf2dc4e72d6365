#pragma once

#include "base/alerts.hpp"
#include "base/awaitable.hpp"
#include "base/metrics.hpp"
#include "redis/client.hpp"
#include "redis/health.hpp"

#include <memory>
#include <shared_mutex>
#include <string>
#include <utility>
#include <vector>

namespace snippetd::redis {

/// The process's clients, one for each loop that speaks to Redis. Thread-safe.
class Clients {
  public:
    /// `consequence`: what the service does without Redis, for the alert.
    Clients(Client::Options options, std::string consequence, base::Metrics& metrics, base::Alerts& alerts);

    struct Release {
        Clients* clients;
        void operator()(Client* client) const;
    };
    using Owned = std::unique_ptr<Client, Release>;

    /// A client for the loop of `executor`, to be started by the caller, who owns it.
    Owned make(const base::Executor& executor);
    /// The client of the loop that the caller runs on. Throws std::logic_error when it has none.
    Client& of(const base::Executor& executor) const;

    bool all_up() const { return health_.all_up(); }

  private:
    Client::Options options_;
    base::Metrics& metrics_;
    Health health_;
    mutable std::shared_mutex mutex_;
    std::vector<std::pair<base::Executor, Client*>> clients_;  ///< guarded by mutex_
};

}  // namespace snippetd::redis
