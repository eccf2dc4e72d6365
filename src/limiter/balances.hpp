#pragma once

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
    /// Overflow rule: some other client's balance is forgotten, which costs that one at most a lease, or its debt.
    static constexpr std::size_t kClientsPerShardMax = 4096;

    /// Pays `cost` from the balance; false, and nothing is paid, when that is less.
    bool spend(const std::string& client, std::int64_t window, std::uint32_t cost);
    /// Changes the balance by `amount`.
    void add(const std::string& client, std::int64_t window, std::int64_t amount);
    /// Negative for a debt.
    std::int64_t of(const std::string& client, std::int64_t window);

  private:
    struct Balance {
        std::int64_t window = 0;
        std::int64_t amount = 0;
    };
    struct Shard {
        std::mutex mutex;
        std::unordered_map<std::string, Balance> balances;
    };
    Shard& shard_of(const std::string& client) { return shards_[std::hash<std::string>{}(client) % kShards]; }

    std::array<Shard, kShards> shards_;
};

}  // namespace snippetd::limiter
