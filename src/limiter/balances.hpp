#pragma once

#include "base/clock.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string>
#include <unordered_map>

namespace snippetd::limiter {

/// What this process has taken from the central counters for its clients and not used yet, or used and not paid for.
/// A balance is good for one window and then forgotten, debts too. Thread-safe.
class Balances {
  public:
    static constexpr std::size_t kShards = 16;
    /// Overflow rule: who is not there yet has no balance, so nothing is taken ahead for it and no debt is noted, until
    /// a window has ended for some others.
    static constexpr std::size_t kClientsPerShardMax = 4096;

    /// A window of a client's policy.
    struct Window {
        std::int64_t number = 0;
        base::UnixMillis ends_at = 0;
    };

    /// Pays `cost` from the balance; false, and nothing is paid, when that is less.
    bool spend(const std::string& client, Window window, std::uint32_t cost);
    /// Changes the balance by `amount`. What is of a window that is over is dropped.
    void add(const std::string& client, Window window, std::int64_t amount, base::UnixMillis now);
    /// Negative for a debt.
    std::int64_t of(const std::string& client, Window window);

    /// Whether the caller may take a part of the quota ahead for this client, which it then ends: one at a time, or as
    /// many parts would be taken as requests come together. False also when there is no room for what it would bring.
    bool begin_lease(const std::string& client, base::UnixMillis now);
    void end_lease(const std::string& client);

  private:
    struct Balance {
        Window window;
        std::int64_t amount = 0;
        bool leasing = false;
    };
    struct Shard {
        std::mutex mutex;
        std::unordered_map<std::string, Balance> balances;
        base::UnixMillis swept_at = 0;
    };
    Shard& shard_of(const std::string& client) { return shards_[std::hash<std::string>{}(client) % kShards]; }
    /// The client's, made when there is room; null when there is none. The shard's mutex is held.
    static Balance* find_or_make(Shard& shard, const std::string& client, base::UnixMillis now);
    static void forget_if_empty(Shard& shard, const std::string& client);

    std::array<Shard, kShards> shards_;
};

}  // namespace snippetd::limiter
