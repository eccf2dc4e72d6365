#pragma once

#include "app/coherence.hpp"
#include "app/jobs.hpp"
#include "app/settings.hpp"
#include "app/worker.hpp"

#include <memory>
#include <vector>

/// How views travel from the workers to the store, and the new totals back to the caches:
///
///     without Redis   recorders -> drainer -> store
///     with Redis      recorders -> flusher -> Redis's shards -> shard drainer, of any instance -> store
///                     and, while Redis is away, recorders -> flusher -> drainer -> store
namespace snippetd::app {

using WorkerList = std::vector<std::unique_ptr<Worker>>;

/// What the view jobs stand on.
struct ViewSite {
    const Settings& settings;
    store::Store& store;
    redis::Clients* redis;           ///< null without Redis
    cache::RedisCache* redis_cache;  ///< likewise
    std::shared_ptr<cache::LocalCache::Group> caches;
    views::Tally& tally;
};

/// The jobs that this process needs for what its own workers count; no setting turns them off.
void start_own_view_jobs(Jobs& jobs, const ViewSite& site, WorkerList& workers);
/// The one that drains Redis, for all instances.
void start_shared_view_job(Jobs& jobs, const ViewSite& site);

}  // namespace snippetd::app
