#pragma once

#include "base/clock.hpp"
#include "cache/entry_cache.hpp"

#include <array>
#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
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
/// line that a viral link makes all cores fight for. Sending a large text costs far more than that, so a large entry is
/// in memory once, here, and is sent from here.
///
/// The locks are one for each shard, the bound is one for all: a text may be as large as the whole cache, and what
/// gives way to it is looked for in all shards, in turn.
class SharedCache {
  public:
    static constexpr std::size_t kShards = 16;
    /// How long a version floor is remembered: longer than any load can be under way.
    static constexpr base::Milliseconds kTombstoneKept{5000};
    /// Overflow rule: the oldest go. The store does not take so many writes in that time.
    static constexpr std::size_t kTombstonesMax = 4096;

    /// An entry above that is not copied.
    static constexpr std::size_t kCopiedBytesMax = 64 * 1024;

    /// `capacity` in bytes, over all shards.
    explicit SharedCache(std::size_t capacity);
    ~SharedCache();

    /// A copy of the entry that is valid at `now`, a large entry itself, or null.
    std::shared_ptr<const Entry> copy(std::string_view id, base::SteadyTime now);
    /// The same of the entry, however old.
    std::shared_ptr<const Entry> copy_stale(std::string_view id);
    /// Keeps the entry, unless its version lies below what an invalidation has set: a slow load never puts an old
    /// version back.
    void put(const std::shared_ptr<const Entry>& entry);
    /// See EntryCache.
    void replace(const std::shared_ptr<const Entry>& entry, const std::shared_ptr<const Entry>& whole);
    /// The lowest version of `id` that may be served, as far as is remembered; 0 when nothing is.
    std::int64_t floor(std::string_view id);
    /// Forgets versions of `id` below `floor`, and refuses them for a while.
    void invalidate(std::string_view id, std::int64_t floor);
    void update_count(std::string_view id, std::int64_t count);

    /// Of all entries, and of what is just being put: never above the capacity for longer than it takes to evict.
    std::size_t bytes() const { return bytes_; }

  private:
    struct Tombstone {
        std::int64_t floor = 0;
        base::SteadyTime until;
    };
    struct Shard {
        explicit Shard(std::size_t capacity) : entries{capacity, capacity} {}
        void bury(std::string_view id, std::int64_t floor, base::SteadyTime now);

        std::mutex mutex;
        EntryCache entries;
        std::unordered_map<std::string, Tombstone> tombstones;
        std::deque<std::pair<std::string, base::SteadyTime>>
            burials;  ///< oldest first; until when each tombstone stands
    };

    bool make_room(std::size_t bytes);
    /// Calls `act` with the lock of the shard and counts what it changes; `reserved` is given back.
    template <class F>
    void change(Shard& shard, std::size_t reserved, F act);

    Shard& shard_of(std::string_view id) { return *shards_[std::hash<std::string_view>{}(id) % kShards]; }

    std::size_t capacity_;
    std::atomic<std::size_t> bytes_{0};
    std::atomic<std::size_t> hand_{0};  ///< the shard in which room is looked for next
    std::array<std::unique_ptr<Shard>, kShards> shards_;
};

}  // namespace snippetd::cache
