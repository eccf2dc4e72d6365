#pragma once

#include "base/clock.hpp"

#include <array>
#include <cstddef>
#include <functional>
#include <iterator>
#include <mutex>
#include <string>
#include <unordered_map>

namespace snippetd::limiter {

/// Clients that are known to be over their limit, and until when: as long as they go on, they cost no look at the
/// central counters. Shared by all workers.
class OverLimit {
  public:
    static constexpr std::size_t kShards = 16;
    /// Overflow rule: some other client is forgotten, which costs one look at the central counters.
    static constexpr std::size_t kClientsPerShardMax = 4096;

    void remember(const std::string& client, base::SteadyTime until) {
        Shard& shard = shard_of(client);
        const std::lock_guard lock{shard.mutex};
        shard.until[client] = until;
        if (shard.until.size() <= kClientsPerShardMax) return;
        const auto some = shard.until.begin();
        shard.until.erase(some->first == client ? std::next(some) : some);
    }

    /// How long the client is still over its limit; zero when it is not known to be.
    base::Milliseconds left(const std::string& client, base::SteadyTime now) {
        Shard& shard = shard_of(client);
        const std::lock_guard lock{shard.mutex};
        const auto found = shard.until.find(client);
        if (found == shard.until.end()) return base::Milliseconds{0};
        if (found->second <= now) {
            shard.until.erase(found);
            return base::Milliseconds{0};
        }
        return std::chrono::ceil<base::Milliseconds>(found->second - now);
    }

  private:
    struct Shard {
        std::mutex mutex;
        std::unordered_map<std::string, base::SteadyTime> until;
    };
    Shard& shard_of(const std::string& client) { return shards_[std::hash<std::string>{}(client) % kShards]; }

    std::array<Shard, kShards> shards_;
};

}  // namespace snippetd::limiter
