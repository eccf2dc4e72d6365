#pragma once

#include "base/awaitable.hpp"
#include "base/clock.hpp"
#include "base/metrics.hpp"
#include "base/single_flight.hpp"
#include "base/workers.hpp"
#include "cache/entry_cache.hpp"
#include "cache/shared_cache.hpp"
#include "cache/trust.hpp"
#include "model/snippet.hpp"

#include <cstddef>
#include <exception>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

/// What a public link reads: filled on read, invalidated on write, with the TTL as the safety net.
namespace snippetd::cache {

enum class Status { near_hit, redis_hit, miss };

/// What is known of one id behind the near cache.
struct Fill {
    std::shared_ptr<const Entry> entry;  ///< what may be cached; null when it may not
    std::shared_ptr<const model::Snippet>
        snippet;  ///< the row, when it may not be cached (private, burn after reading)
    Status status = Status::miss;
    base::SteadyTime as_of{};      ///< what was committed before is in it
    bool snippet_expired = false;  ///< whether `snippet` had expired when it was loaded
};

/// Why an entry is asked for.
enum class Wanted {
    read,     ///< there is none
    refresh,  ///< there is one, whose time is nearly over
    newest,   ///< what was got is too old: from the store
};

/// What lies behind the near cache: Redis, if there is one, and the store.
class Source {
  public:
    virtual ~Source() = default;
    /// Throws base::Unavailable when the store is away, or when a refresh is somebody else's to make.
    virtual base::Awaitable<Fill> load(std::string id, Wanted wanted, base::Deadline deadline) = 0;
    /// `entry`, which is not whole, as one that is. Throws base::Unavailable when that cannot be had now.
    virtual base::Awaitable<std::shared_ptr<const Entry>> complete(std::shared_ptr<const Entry> entry) = 0;
    /// Has all other instances forget versions below `floor`, as far as they can be told.
    virtual base::Awaitable<void> invalidate(std::string id, std::int64_t floor) = 0;
};

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

    /// What this worker can answer at once, without waiting for anyone; null otherwise. Counted as a hit. It may not be
    /// whole. `now`: the time, as of this turn of the loop.
    virtual std::shared_ptr<const Entry> find_near(std::string_view id, base::SteadyTime now) = 0;
    /// Looks everywhere, the store last, and keeps what it finds. Throws base::Unavailable when the store is needed and
    /// away, unless an entry whose TTL has passed is still at hand (stale-if-error). Where other instances write too,
    /// that is so only while nothing can have been edited but by who tells of it (base::Unreachable).
    virtual base::Awaitable<Read> read(std::string id, base::Deadline deadline) = 0;
    /// `entry`, whole: itself, or what is made of it, once for all who wait, and kept in its place. Throws
    /// base::Unavailable when that takes too long.
    virtual base::Awaitable<std::shared_ptr<const Entry>> complete(std::shared_ptr<const Entry> entry,
                                                                   base::Deadline deadline) = 0;
    /// To be awaited after a write has been committed and before it is acknowledged: from then on no worker of this
    /// process serves a version below `floor` (`model::kDeletedFloor` after a deletion).
    virtual base::Awaitable<void> invalidate(std::string id, std::int64_t floor) = 0;
    /// The drainer's news: `count` is the stored view count of `id` now.
    virtual void update_count(std::string_view id, std::int64_t count) = 0;
};

/// A worker's near cache, before what the workers share, before the source. With several workers a large entry is in
/// what they share alone.
///
/// Concurrent misses for one id are one load (single flight): the first to come loads, the others wait for what it
/// brings. Loads of different ids are gathered where they are made, in the store.
///
/// An invalidation first empties the shared cache and sets its version floor, then visits every worker. There it also
/// dooms the flight of its id: those who wait for it asked before the write was acknowledged and may get what it
/// brings, but it is not kept, and who asks afterwards starts a new one. So a slow load never puts an old body back:
/// not here, because its flight is doomed or lands before the visit, and not in the shared cache, because its version
/// lies below the floor.
///
/// A load that begins between this and the moment when Redis has been told may bring an old version from there, and
/// readers that come after the acknowledgement may wait for it: what lies below the floor is loaded again, from the
/// store.
///
/// Where other instances write too, an entry is served only while `Trust` covers it, and nobody gets what a load brings
/// that began too long before he asked.
///
/// An entry that is read when its time is nearly over is loaded anew meanwhile, so that a popular one never expires.
class LocalCache : public Cache {
  public:
    static constexpr std::size_t kFlightsMax = 16384;

    struct Options {
        bool enabled = true;         ///< false: every read is a load of its own
        std::size_t near_bytes = 0;  ///< for this worker
        bool alone = true;           ///< false: other instances write too, and `proven` tells when they are heard
    };

    /// `shared` is what the workers' caches have in common, `all` are these caches; both outlive this.
    LocalCache(base::Executor executor, Options options, Source& source, SharedCache& shared,
               const base::PerWorker<LocalCache>& all, base::Metrics& metrics);

    std::shared_ptr<const Entry> find_near(std::string_view id, base::SteadyTime now) override;
    base::Awaitable<Read> read(std::string id, base::Deadline deadline) override;
    base::Awaitable<std::shared_ptr<const Entry>> complete(std::shared_ptr<const Entry> entry,
                                                           base::Deadline deadline) override;
    base::Awaitable<void> invalidate(std::string id, std::int64_t floor) override;
    void update_count(std::string_view id, std::int64_t count) override;
    /// Has `listener` hear of every new count, after the cache; before the worker starts.
    void follow_counts(std::function<void(std::string_view id, std::int64_t count)> listener) {
        on_count_ = std::move(listener);
    }

    /// Forgets versions of `id` below `floor` on this worker and dooms its flight.
    void drop(std::string_view id, std::int64_t floor);
    /// On this worker's thread, behind all `drop`s that came before the proof.
    void proven(const Proof& proof) {
        trust_.proven(proof.complete, proof.heard, proof.stand);
        trust_without_store_.proven(proof.heard, proof.heard, proof.stand);
    }

    const EntryCache& near_cache() const { return near_; }

  private:
    /// Of a load.
    struct Loading {
        Wanted wanted = Wanted::read;
        base::SteadyTime began = base::steady_now();
        std::int64_t floor = 0;  ///< versions below it are not kept
    };
    using Loads = base::SingleFlight<Fill, std::string, Loading>;
    using Completions = base::SingleFlight<std::shared_ptr<const Entry>, const Entry*>;

    bool covered(const Entry& entry, base::SteadyTime now) const;
    std::shared_ptr<const Entry> find_shared(std::string_view id, base::SteadyTime now);
    void count(const Fill& fill);
    void refresh_soon(const Entry& entry, base::SteadyTime now);
    base::Awaitable<void> refresh(std::string id);
    base::Awaitable<Fill> load(const std::string& id, Wanted wanted, base::Party party);
    bool too_old(const Fill& fill);
    base::Awaitable<Fill> load_or_wait(const std::string& id, base::Deadline deadline);
    bool fresh_enough(base::SteadyTime as_of, base::SteadyTime asked) const;
    std::shared_ptr<const Entry> find_stale(std::string_view id, const std::exception_ptr& error);
    void keep(const std::shared_ptr<const Entry>& entry, const Loading& loading);
    bool is_alone() const { return all_.size() == 1; }
    void doom(std::string_view id, std::int64_t floor);

    base::Executor executor_;
    Options options_;
    Source& source_;
    SharedCache& shared_;
    const base::PerWorker<LocalCache>& all_;
    EntryCache near_;
    Trust trust_;
    Trust trust_without_store_;  ///< what is enough when nothing can have been edited but by who tells Redis
    std::function<void(std::string_view, std::int64_t)> on_count_;  ///< may be empty
    base::SteadyTime no_refresh_before_;
    Loads loads_;              ///< by id
    Completions completions_;  ///< by what is made whole
    base::Counter& near_hits_;
    base::Counter& redis_hits_;
    base::Counter& misses_;
    base::Counter& negative_hits_;
    base::Counter& unproven_;
};

}  // namespace snippetd::cache
