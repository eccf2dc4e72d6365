#pragma once

#include "base/alerts.hpp"
#include "cache/cache.hpp"
#include "cache/channel.hpp"
#include "cache/redis_cache.hpp"
#include "cache/relay.hpp"
#include "redis/clients.hpp"
#include "store/store.hpp"

#include <memory>
#include <thread>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>

namespace snippetd::app {

/// What keeps this instance's caches and those of all others coherent over Redis, on a thread of its own: the channel
/// that invalidations come over, and the relay of those that Redis has not taken.
class Coherence {
  public:
    /// `caches` are told what comes over the channel, and what lies in the outbox.
    Coherence(redis::Clients& clients, store::Store& store, base::Milliseconds ttl,
              std::shared_ptr<cache::LocalCache::Group> caches, base::Alerts& alerts);
    /// `stop` first.
    ~Coherence();

    /// When all workers have been added to the group.
    void start();
    /// What waits for Redis or the store must have an end: the store is closed before.
    void stop();

    cache::RedisCache& redis_cache() { return redis_cache_; }
    /// Whether what Redis has in its cache is served.
    bool trusts_redis() const { return relay_.trusts_redis(); }
    /// Whether the other instances have another Redis server (alert `redis_disagreement`).
    bool disagrees() const { return relay_.disagrees(); }

  private:
    cache::Relay::Steps relay_steps(store::Store& store, base::Alerts& alerts);
    void heed(const std::string& id, std::int64_t floor);
    cache::Channel::Listener listener();

    boost::asio::io_context context_{1};
    boost::asio::executor_work_guard<base::Executor> keeps_running_;
    std::shared_ptr<cache::LocalCache::Group> caches_;
    redis::Clients::Owned redis_;
    cache::Relay relay_;
    cache::RedisCache redis_cache_;
    cache::Channel channel_;
    std::thread thread_;
};

}  // namespace snippetd::app
