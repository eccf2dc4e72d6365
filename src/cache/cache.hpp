#pragma once

#include "base/awaitable.hpp"
#include "base/clock.hpp"
#include "base/metrics.hpp"
#include "base/timer.hpp"
#include "base/workers.hpp"
#include "cache/shared_cache.hpp"
#include "cache/sieve_cache.hpp"
#include "model/snippet.hpp"

#include <cstddef>
#include <exception>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

/// What a public link reads: filled on read, invalidated on write, with the TTL as the safety net.
namespace snippetd::cache {

/// What the store says about one id.
struct Fill {
    std::shared_ptr<const Entry> entry;  ///< what may be cached; null when it may not
    std::shared_ptr<const model::Snippet>
        snippet;  ///< the row, when it may not be cached (private, burn after reading)
};

/// Where entries come from on a miss.
class Source {
  public:
    virtual ~Source() = default;
    /// Throws base::Unavailable when the store is away.
    virtual base::Awaitable<Fill> load(std::string id, base::Deadline deadline) = 0;
};

enum class Status { near_hit, redis_hit, miss };

struct Read {
    Fill fill;
    Status status = Status::miss;
};

/// The value of `Cache-Status` (RFC 9211).
std::string_view cache_status(Status status);

/// The cache as one worker sees it; used on that worker's thread alone.
class Cache {
  public:
    virtual ~Cache() = default;

    /// What this worker can answer at once, without waiting for anyone; null otherwise. Counted as a hit.
    virtual std::shared_ptr<const Entry> find_near(std::string_view id) = 0;
    /// Looks everywhere, the store last, and keeps what it finds. Throws base::Unavailable when the store is needed and
    /// away, unless an entry whose TTL has passed is still at hand (stale-if-error).
    virtual base::Awaitable<Read> read(std::string id, base::Deadline deadline) = 0;
    /// To be awaited after a write has been committed and before it is acknowledged: from then on no worker of this
    /// process serves a version below `floor` (`SharedCache::kNoVersion` after a deletion).
    virtual base::Awaitable<void> invalidate(std::string id, std::int64_t floor) = 0;
    /// The drainer's news: `count` is the stored view count of `id` now.
    virtual void update_count(std::string_view id, std::int64_t count) = 0;
};

/// A worker's near cache before what the workers share: the embedded mode.
///
/// Concurrent misses for one id are one load (single flight): the first to come loads, the others wait for what it
/// brings. Loads of different ids are gathered where they are made, in the store.
///
/// An invalidation first empties the shared cache and sets its version floor, then visits every worker. There it also
/// dooms the flight of its id: those who wait for it asked before the write was acknowledged and may get what it
/// brings, but it is not kept, and who asks afterwards starts a new one. So a slow load never puts an old body back:
/// not here, because its flight is doomed or lands before the visit, and not in the shared cache, because its version
/// lies below the floor.
class LocalCache : public Cache {
  public:
    static constexpr std::size_t kFlightsMax = 16384;

    struct Options {
        bool enabled = true;         ///< false: every read is a load of its own
        std::size_t near_bytes = 0;  ///< for this worker
    };
    /// What the workers' caches have in common.
    struct Group {
        Group(base::Workers& workers_, std::size_t shared_bytes) : workers{workers_}, shared{shared_bytes} {}
        base::Workers& workers;
        SharedCache shared;
        std::vector<LocalCache*> members;  ///< `members[i]` belongs to worker i
    };

    LocalCache(base::Executor executor, Options options, Source& source, std::shared_ptr<Group> group,
               base::Metrics& metrics);

    std::shared_ptr<const Entry> find_near(std::string_view id) override;
    base::Awaitable<Read> read(std::string id, base::Deadline deadline) override;
    base::Awaitable<void> invalidate(std::string id, std::int64_t floor) override;
    void update_count(std::string_view id, std::int64_t count) override;

    /// Forgets `id` on this worker and dooms its flight.
    void drop(std::string_view id);

    const SieveCache& near_cache() const { return near_; }

  private:
    struct Flight {
        bool landed = false;
        bool doomed = false;
        Fill fill;
        std::exception_ptr error;
        std::vector<base::Timer*> waiters;  ///< cancelled when it lands
    };

    std::shared_ptr<const Entry> find_shared(std::string_view id);
    void count_hit(const Entry& entry);
    base::Awaitable<Fill> load(const std::string& id);
    base::Awaitable<Fill> wait_for(std::shared_ptr<Flight> flight, base::Deadline deadline);
    void keep(const Flight& flight);
    void land(const std::string& id, Flight& flight);

    base::Executor executor_;
    Options options_;
    Source& source_;
    std::shared_ptr<Group> group_;
    SieveCache near_;
    std::unordered_map<std::string, std::shared_ptr<Flight>> flights_;
    base::Counter& near_hits_;
    base::Counter& misses_;
    base::Counter& negative_hits_;
};

}  // namespace snippetd::cache
