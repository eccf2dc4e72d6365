#pragma once

#include "base/workers.hpp"
#include "cache/cache.hpp"
#include "cache/redis_cache.hpp"
#include "views/recorder.hpp"

#include <cstdint>
#include <string>

namespace snippetd::app {

/// The caches of this process: what its workers share, and one for each of them. What is told here all of them hear.
class Caches {
  public:
    /// Of a process without workers.
    Caches() = default;
    /// `source` and `metrics` outlive this.
    Caches(const base::Workers& workers, std::size_t shared_bytes, const cache::LocalCache::Options& options,
           cache::Source& source, base::Metrics& metrics);

    cache::LocalCache& of(const base::Executor& loop) const { return near_.of(loop); }

    /// Tells the new totals of views, and waits until all workers have heard.
    base::Awaitable<void> publish(model::NumbersById totals);

    // The same and more without waiting, from any one thread: each worker hears it in the order of the calls.

    void post_forget(const std::string& id, std::int64_t floor);
    void post_counts(model::NumbersById totals);
    void post_proof(const cache::Proof& proof);

  private:
    cache::SharedCache shared_{0};
    base::PerWorker<cache::LocalCache> near_;
};

}  // namespace snippetd::app
