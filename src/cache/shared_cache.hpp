#pragma once

#include "base/clock.hpp"
#include "cache/sieve_cache.hpp"

#include <array>
#include <cstdint>
#include <deque>
#include <limits>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

namespace snippetd::cache {

/// What the workers of the process have in common: asked only when a worker's near cache does not know, so its locks
/// are not on the hot path, and what one worker has loaded no other has to load again.
///
/// A worker takes a copy of its own: if all workers answered from one entry, its reference count would be the one cache
/// line that a viral link makes all cores fight for.
class SharedCache {
  public:
    static constexpr std::size_t kShards = 16;
    /// How long a version floor is remembered: longer than any load can be under way.
    static constexpr base::Milliseconds kTombstoneKept{5000};
    /// Overflow rule: the oldest go. The store does not take so many writes in that time.
    static constexpr std::size_t kTombstonesMax = 4096;

    /// `capacity` in bytes, over all shards.
    explicit SharedCache(std::size_t capacity);

    /// A copy of the entry that is valid at `now`, or null.
    std::shared_ptr<const Entry> copy(std::string_view id, base::SteadyTime now);
    /// A copy of the entry, however old, or null.
    std::shared_ptr<const Entry> copy_stale(std::string_view id);
    /// Keeps the entry, unless its version lies below what an invalidation has set: a slow load never puts an old
    /// version back.
    void put(const std::shared_ptr<const Entry>& entry);
    /// The lowest version of `id` that may be served, as far as is remembered; 0 when nothing is.
    std::int64_t floor(std::string_view id);
    /// Forgets versions of `id` below `floor`, and refuses them for a while.
    void invalidate(std::string_view id, std::int64_t floor);
    void update_count(std::string_view id, std::int64_t count);

  private:
    struct Tombstone {
        std::int64_t floor = 0;
        base::SteadyTime until;
    };
    struct Shard {
        explicit Shard(std::size_t capacity) : entries{capacity} {}
        void bury(std::string_view id, std::int64_t floor, base::SteadyTime now);

        std::mutex mutex;
        SieveCache entries;
        std::unordered_map<std::string, Tombstone> tombstones;
        std::deque<std::pair<std::string, base::SteadyTime>>
            burials;  ///< oldest first; until when each tombstone stands
    };

    Shard& shard_of(std::string_view id) { return *shards_[std::hash<std::string_view>{}(id) % kShards]; }

    std::array<std::unique_ptr<Shard>, kShards> shards_;
};

}  // namespace snippetd::cache
