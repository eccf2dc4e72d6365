#include "app/coherence.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>

namespace snippetd::app {

namespace asio = boost::asio;

namespace {

constexpr base::Milliseconds kStoreTimeout{1000};

cache::Relay::Steps relay_steps(store::Store& store, cache::RedisCache& redis_cache) {
    cache::Relay::Steps steps;
    steps.list = [&store](base::Milliseconds age, int limit) {
        return store.list_undelivered(age, limit, base::deadline_in(kStoreTimeout));
    };
    steps.forget = [&store](cache::Floors delivered) {
        return store.forget_delivered(std::move(delivered), base::deadline_in(kStoreTimeout));
    };
    steps.deliver = [&redis_cache](std::string id, std::int64_t floor) {
        return redis_cache.deliver(std::move(id), floor);
    };
    return steps;
}

}  // namespace

Coherence::Coherence(redis::Clients& clients, store::Store& store, base::Milliseconds ttl,
                     std::shared_ptr<cache::LocalCache::Group> caches)
    : keeps_running_{context_.get_executor()},
      caches_{std::move(caches)},
      redis_{clients.make(context_.get_executor())},
      relay_{context_.get_executor(), relay_steps(store, redis_cache_)},
      redis_cache_{clients, relay_, ttl},
      channel_{context_.get_executor(), clients, listener()} {}

Coherence::~Coherence() = default;

cache::Channel::Listener Coherence::listener() {
    // A worker heeds what has come before a proof before it hears of the proof: both are posted by this one thread.
    cache::Channel::Listener listener;
    listener.on_floor = [this](const std::string& id, std::int64_t floor) {
        caches_->shared.invalidate(id, floor);
        caches_->workers.post_to_each(
            [this, id, floor](std::size_t worker) { caches_->members[worker]->drop(id, floor); });
    };
    listener.on_counts = [this](cache::Totals totals) {
        for (const auto& [id, count] : totals) caches_->shared.update_count(id, count);
        caches_->workers.post_to_each([this, totals = std::move(totals)](std::size_t worker) {
            for (const auto& [id, count] : totals) caches_->members[worker]->update_count(id, count);
        });
    };
    listener.on_proof = [this](base::SteadyTime asked, std::uint64_t connection) {
        // An invalidation that its own instance cannot deliver comes over the channel only if a relay delivers it. On
        // the others' relays nothing is built: they may all be reconnecting.
        if (!redis_->up()) return;
        relay_.proven(asked);
        caches_->workers.post_to_each(
            [this, asked, connection](std::size_t worker) { caches_->members[worker]->proven(asked, connection); });
    };
    listener.on_silence = [this] { relay_.distrust(); };
    return listener;
}

void Coherence::start() {
    redis_->start();
    asio::co_spawn(context_, channel_.run(), asio::detached);
    asio::co_spawn(context_, relay_.run(), asio::detached);
    thread_ = std::thread{[this] { context_.run(); }};
}

void Coherence::stop() {
    asio::post(context_, [this] {
        channel_.stop();
        relay_.stop();
        redis_->stop();
        context_.stop();  // also when a name is still being looked up
    });
    if (thread_.joinable()) thread_.join();
}

}  // namespace snippetd::app
