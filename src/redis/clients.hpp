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

/// The process's clients: one for each loop that speaks to Redis, and for each that moves cached bodies one more, so
/// that what is small and urgent does not queue behind what is large. Thread-safe.
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
    Owned make(const base::Executor& executor, Use use = Use::background);
    /// That loop's second client, for what is large (`Use::bulk`); `probe` does what is done over it.
    Owned make_bulk(const base::Executor& executor, Probe probe);
    /// A client that listens to a channel and takes no command but PING; neither `of` nor `bulk_of` finds it.
    Owned make_listener(const base::Executor& executor, std::string channel,
                        std::function<void(std::string payload)> on_message);
    /// The client of the loop that the caller runs on. Throws std::logic_error when it has none.
    Client& of(const base::Executor& executor) const;
    /// The one for what is large, else that of `of`.
    Client& bulk_of(const base::Executor& executor) const;

    bool all_up() const { return health_.all_up(); }

  private:
    struct Known {
        base::Executor executor;
        Client* client;
        bool bulk;
    };

    Owned own(const base::Executor& executor, Client::Options options);
    Client* find(const base::Executor& executor, bool bulk) const;

    Client::Options options_;
    base::Metrics& metrics_;
    Health health_;
    mutable std::shared_mutex mutex_;
    std::vector<Known> clients_;  ///< guarded by mutex_
};

}  // namespace snippetd::redis
