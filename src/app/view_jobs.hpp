#pragma once

#include "app/jobs.hpp"
#include "cache/redis_cache.hpp"
#include "redis/clients.hpp"
#include "store/view_ledger.hpp"

/// How views travel from the workers to the store, and the new totals back to the caches:
///
///     alone           recorders -> drainer -> store
///     over Redis      recorders -> flusher -> Redis's shards -> shard drainer, of any instance -> store
///                     and, while Redis is away, recorders -> flusher -> drainer -> store
namespace snippetd::app {

/// The way of a process that is alone. What is passed by reference outlives the jobs, here and below.
void add_direct_view_job(ViewPipeline& views, store::ViewLedger& ledger, ViewEnds ends, base::Milliseconds interval);
/// The way to Redis, and around it while it is away.
void add_view_jobs_over_redis(ViewPipeline& views, redis::Clients& clients, store::ViewLedger& ledger, ViewEnds ends,
                              base::Milliseconds interval);
/// The way from Redis to the store, for all instances.
void add_shard_drainer(ViewPipeline& views, redis::Clients& clients, store::ViewLedger& ledger,
                       cache::RedisCache& cache, base::Milliseconds interval);

}  // namespace snippetd::app
