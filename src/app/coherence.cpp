#include "app/coherence.hpp"

#include <boost/asio/co_spawn.hpp>

namespace snippetd::app {

namespace asio = boost::asio;

namespace {

/// A store that takes longer than that for a statement is as good as away: see Relay::kStoreGoneAfter.
constexpr base::Milliseconds kStoreTimeout{2000};
constexpr const char* kDisagreement = "redis_disagreement";

}  // namespace

Coherence::Coherence(redis::Clients& clients, store::InvalidationOutbox& outbox, base::Milliseconds ttl,
                     base::Alerts& alerts)
    : redis_{clients.make(loop_.executor())},
      relay_{loop_.executor(), relay_steps(outbox, alerts)},
      redis_cache_{clients, relay_, ttl},
      channel_{loop_.executor(), clients, listener()} {
    alerts.declare(kDisagreement);
}

cache::Relay::Steps Coherence::relay_steps(store::InvalidationOutbox& outbox, base::Alerts& alerts) {
    cache::Relay::Steps steps;
    steps.list = [&outbox](base::Milliseconds age, int limit) {
        return outbox.list_undelivered(age, limit, base::deadline_in(kStoreTimeout));
    };
    steps.forget = [&outbox](model::NumbersById delivered, model::CacheServer told) {
        return outbox.forget_delivered(std::move(delivered), std::move(told), base::deadline_in(kStoreTimeout));
    };
    steps.set_in_force = [&outbox](std::string run_id, model::CacheServer known) {
        return outbox.set_cache_server(std::move(run_id), std::move(known), base::deadline_in(kStoreTimeout));
    };
    steps.heed = [this](const std::string& id, std::int64_t floor) { caches_->post_forget(id, floor); };
    steps.deliver = [this](std::string id, std::int64_t floor) { return redis_cache_.deliver(std::move(id), floor); };
    steps.server = [this] { return redis_->up() ? redis_->server_id() : std::string{}; };
    steps.on_look = [this] { channel_.beat_now(); };
    steps.on_disagreement = [this, &alerts](bool disagrees) {
        if (disagrees) {
            alerts.raise(kDisagreement,
                         "this instance is connected to the Redis server with run_id " + redis_->server_id() +
                             ", others of the same database to another one; until all are on one server, this "
                             "instance caches nothing in it");
        } else {
            alerts.resolve(kDisagreement, "this instance is connected to the same Redis server as the others");
        }
    };
    return steps;
}

cache::Channel::Listener Coherence::listener() {
    // A worker heeds what has come before a proof before it hears of the proof: both are posted by this one thread.
    cache::Channel::Listener listener;
    listener.on_floor = [this](const std::string& id, std::int64_t floor) { caches_->post_forget(id, floor); };
    listener.on_counts = [this](model::NumbersById totals) { caches_->post_counts(std::move(totals)); };
    listener.on_proof = [this](base::SteadyTime asked, const std::string& server, std::uint64_t connection) {
        // An invalidation that its own instance cannot deliver comes over the channel only if a relay delivers it. On
        // the others' relays nothing is built: they may all be reconnecting.
        if (!redis_->up()) return;
        const std::optional<cache::Proof> proof = relay_.proven(asked, server, connection);
        if (proof) caches_->post_proof(*proof);
    };
    listener.on_silence = [this] { relay_.distrust(); };
    return listener;
}

void Coherence::start(Caches& caches) {
    caches_ = &caches;
    redis_->start();
    asio::co_spawn(loop_.executor(), channel_.run(), base::detached);
    asio::co_spawn(loop_.executor(), relay_.run(), base::detached);
    asio::co_spawn(loop_.executor(), relay_.run_errands(), base::detached);
    loop_.start();
}

void Coherence::stop() {
    // Also when a name is still being looked up.
    loop_.end([this] {
        channel_.stop();
        relay_.stop();
        redis_->stop();
    });
    loop_.clear();
}

}  // namespace snippetd::app
