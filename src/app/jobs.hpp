#pragma once

#include "app/redis_watch.hpp"
#include "base/clock.hpp"
#include "redis/clients.hpp"
#include "store/store.hpp"
#include "views/drainer.hpp"
#include "views/flusher.hpp"
#include "views/shard_drainer.hpp"

#include <atomic>
#include <future>
#include <memory>
#include <optional>
#include <thread>
#include <vector>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>

namespace snippetd::app {

/// The background jobs, on a thread of their own.
class Jobs {
  public:
    /// `redis` is null without Redis.
    explicit Jobs(redis::Clients* redis);
    /// `stop` first.
    ~Jobs();

    /// Removes what has expired, every `interval`.
    void start_reaper(store::Store& store, base::Milliseconds interval);
    /// Only with Redis; `watch` outlives this.
    void start_watch(RedisWatch& watch);
    /// From the recorders to the store. `steps` run on this thread, as those of the others.
    void start_drainer(views::Drainer::Steps steps, views::Tally& tally, base::Milliseconds interval);
    /// From the recorders to Redis.
    void start_flusher(views::Flusher::Steps steps, views::Tally& tally, base::Milliseconds interval);
    /// From Redis to the store.
    void start_shard_drainer(views::ShardDrainer::Steps steps, views::Tally& tally, base::Milliseconds interval);

    /// What the flusher has not sent to Redis, when that has been away for `patience`. On this thread.
    model::NumbersById take_unsent(base::Milliseconds patience);

    /// Flushes the views a last time, for at most `patience`.
    void flush_views(base::Milliseconds patience);
    /// Ends the thread. What a job waits for must have been answered: the store is closed before.
    void stop();

  private:
    base::Awaitable<void> reap(store::Store& store, base::Milliseconds interval);
    template <class Job>
    std::future<bool> start(Job& job, base::Milliseconds interval);
    template <class Job>
    void finish(std::optional<Job>& job, std::future<bool>& done, base::Deadline deadline);

    boost::asio::io_context context_{1};
    boost::asio::executor_work_guard<base::Executor> keeps_running_;
    redis::Clients::Owned redis_;
    std::optional<views::Flusher> flusher_;
    std::optional<views::ShardDrainer> shard_drainer_;
    std::optional<views::Drainer> drainer_;
    std::future<bool> flushed_, shards_drained_, drained_;
    std::atomic<bool> finishing_{false};
    std::thread thread_;
};

}  // namespace snippetd::app
