#pragma once

#include "base/metrics.hpp"

#include <array>
#include <atomic>
#include <cstddef>
#include <functional>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

namespace snippetd::base {

/// Memory that clients make a process hold, bounded for all of them together and for each of them. Thread-safe.
///
/// A large holding counts for its client, who may have a quarter of everything; and the large ones together leave an
/// eighth to the small ones, so that who sends a password is not in the way of who sends a thousand files.
class MemoryBudget {
  public:
    /// Holdings are counted in such steps, in bytes.
    static constexpr std::size_t kStepBytes = 16 * 1024;
    /// Up to here a holding is small: nobody looks whose it is.
    static constexpr std::size_t kSmallBytesMax = 64 * 1024;

    enum class Outcome {
        granted,
        client_full,  ///< the client has its share
        all_full,
    };

    /// A group that a client belongs to, and how many shares of a client the group has: for an address itself and one.
    struct Group {
        std::string key;
        std::size_t shares = 1;
    };
    /// Says whose a holding is. Called when that one becomes large.
    using Groups = std::function<std::vector<Group>()>;

    /// `bytes`: of all together. `holding_max`: what a single holding may be; a client may have one, whatever its share
    /// is. `metrics` outlive it.
    MemoryBudget(std::size_t bytes, std::size_t holding_max, Metrics& metrics);

    /// Something that one client makes the process hold. For one thread at a time; the budget outlives it.
    class Holding {
      public:
        explicit Holding(MemoryBudget& budget) : budget_{budget} {}
        ~Holding() { release(); }
        Holding(const Holding&) = delete;
        Holding& operator=(const Holding&) = delete;

        /// From now on it is that many bytes. Refused, it is what it was. Becoming less is never refused.
        Outcome set(std::size_t bytes, const Groups& groups);
        void release();
        /// As it is counted.
        std::size_t bytes() const { return bytes_; }

      private:
        MemoryBudget& budget_;
        std::size_t bytes_ = 0;
        std::vector<Group> groups_;  ///< those it counts for, while it is large
    };

    std::size_t bytes_max() const { return bytes_max_; }
    std::size_t client_bytes_max() const { return client_bytes_max_; }
    std::size_t large_bytes_max() const { return bytes_max_ / 8 * 7; }
    /// What is held now.
    std::size_t bytes() const { return bytes_.load(std::memory_order_relaxed); }

  private:
    struct Shard {
        std::mutex mutex;
        std::unordered_map<std::string, std::size_t> bytes;  ///< guarded by mutex; by the key of a group
    };

    bool take(std::size_t bytes, std::size_t bytes_max);
    bool take_for_all(const std::vector<Group>& groups, std::size_t bytes);
    bool take_for(const Group& group, std::size_t bytes);
    void give_back_for(const Group& group, std::size_t bytes);
    Shard& shard_of(const std::string& key) { return shards_[std::hash<std::string>{}(key) % shards_.size()]; }

    const std::size_t bytes_max_;
    const std::size_t client_bytes_max_;
    Counter& client_refused_;
    Counter& all_refused_;
    std::atomic<std::size_t> bytes_{0};
    std::array<Shard, 16> shards_;
};

}  // namespace snippetd::base
