#pragma once

#include "app/caches.hpp"
#include "cache/cache.hpp"
#include "exchange/exchange.hpp"
#include "limiter/limiter.hpp"
#include "use_cases/texts.hpp"
#include "views/recorder.hpp"

#include <functional>
#include <memory>

namespace snippetd::app {

class Jobs;

/// What a loop has to reach the other instances over. It belongs to the loop's owner, and ends before the loop does.
class Link {
  public:
    virtual ~Link() = default;

    virtual void start() = 0;
    /// Answers what waits for the others; the loop runs on. On the loop's thread.
    virtual void stop() = 0;
};

/// Where the views of this process come from, and where their new totals go.
struct ViewEnds {
    std::function<base::Awaitable<model::NumbersById>()> collect;
    std::function<base::Awaitable<void>(model::NumbersById totals)> publish;
};

/// What this process has in common with the other instances of its database, beside that. `assemble` makes the one that
/// the mode asks for, and nobody else knows which it is.
class Fleet {
  public:
    virtual ~Fleet() = default;

    virtual limiter::Limiter& limiter() = 0;
    /// What the workers' caches read through; `texts` and this outlive it.
    virtual std::unique_ptr<cache::Source> make_source(use_cases::Texts& texts) = 0;
    /// Whether no other instance writes.
    virtual bool is_alone() const = 0;
    /// Thread-safe.
    virtual exchange::RedisState redis_state() const = 0;

    virtual std::unique_ptr<Link> link_worker(const base::Executor& loop) = 0;
    virtual std::unique_ptr<Link> link_jobs(const base::Executor& loop) = 0;

    /// Adds what brings the views of this process to the store, and the totals back.
    virtual void add_own_view_jobs(Jobs& jobs, ViewEnds ends) = 0;
    /// Adds what does so for all instances, whoever comes first.
    virtual void add_shared_view_job(Jobs& jobs) = 0;

    /// Begins to hear of the others, and tells `caches`, which outlive `stop`. What recurs is a job.
    virtual void start(Jobs& jobs, Caches& caches) = 0;
    /// Waits a moment for the others to be reached: so that the first requests count there. Without them the service
    /// starts all the same. Blocks; after all loops have been started.
    virtual void wait_for_others() = 0;
    /// What waits for the others or the store must have an end: the store is closed before.
    virtual void stop() = 0;
};

}  // namespace snippetd::app
