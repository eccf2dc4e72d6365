#pragma once

#include "base/alerts.hpp"
#include "base/awaitable.hpp"
#include "base/metrics.hpp"
#include "redis/client.hpp"
#include "redis/health.hpp"

#include <functional>
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
    /// A client that listens to a channel and takes no command but PING; `of` does not find it.
    Owned make_listener(const base::Executor& executor, std::string channel,
                        std::function<void(std::string payload)> on_message);
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
