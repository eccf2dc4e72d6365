#pragma once

#include "app/caches.hpp"
#include "app/loop.hpp"
#include "base/alerts.hpp"
#include "cache/channel.hpp"
#include "cache/redis_cache.hpp"
#include "cache/relay.hpp"
#include "redis/clients.hpp"
#include "store/outbox.hpp"

namespace snippetd::app {

/// What keeps this instance's caches and those of all others coherent over Redis, on a thread of its own: the channel
/// that invalidations come over, and the relay of those that Redis has not taken.
class Coherence {
  public:
    Coherence(redis::Clients& clients, store::InvalidationOutbox& outbox, base::Milliseconds ttl, base::Alerts& alerts);

    /// From now on `caches`, which outlive `stop`, are told what comes over the channel, and what lies in the outbox.
    void start(Caches& caches);
    /// What waits for Redis or the store must have an end: the store is closed before.
    void stop();

    cache::RedisCache& redis_cache() { return redis_cache_; }
    /// Whether what Redis has in its cache is served.
    bool trusts_redis() const { return relay_.trusts_redis(); }
    /// Whether the other instances have another Redis server (alert `redis_disagreement`).
    bool disagrees() const { return relay_.disagrees(); }

  private:
    cache::Relay::Steps relay_steps(store::InvalidationOutbox& outbox, base::Alerts& alerts);
    cache::Channel::Listener listener();

    Caches* caches_ = nullptr;  ///< there before anything runs
    Loop loop_;
    redis::Clients::Owned redis_;
    cache::Relay relay_;
    cache::RedisCache redis_cache_;
    cache::Channel channel_;
};

}  // namespace snippetd::app
