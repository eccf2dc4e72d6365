#pragma once

#include "base/alerts.hpp"
#include "base/awaitable.hpp"
#include "redis/clients.hpp"

#include <atomic>
#include <string>

namespace snippetd::app {

/// Looks whether the Redis server may evict what must not be lost: with `maxmemory-policy allkeys-*` it removes views
/// and the limiter's counters as it does entries of the cache. Raises the alert `redis_evicts` while that is so. The
/// policy can be changed while the server runs, and another server may have another one, so it is read again and again.
class RedisWatch {
  public:
    static constexpr base::Milliseconds kLookEvery{2000};

    RedisWatch(redis::Clients& clients, base::Alerts& alerts);

    /// On a loop that has a client, for good.
    base::Awaitable<void> run();
    /// Thread-safe, like `note`.
    bool evicts() const { return evicts_; }
    /// What the server says of its memory (INFO memory).
    void note(const std::string& memory);

  private:
    redis::Clients& clients_;
    base::Alerts& alerts_;
    std::atomic<bool> evicts_{false};
};

}  // namespace snippetd::app
