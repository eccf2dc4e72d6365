#include "app/worker.hpp"

#include "base/log.hpp"

#include <boost/asio/post.hpp>

namespace snippetd::app {

namespace {

auth::Identities::Lookup look_up_in(store::Store& store) {
    return [&store](auth::SecretKind kind, std::string hash, base::Deadline deadline) {
        return kind == auth::SecretKind::token ? store.find_token(std::move(hash), deadline)
                                               : store.find_session(std::move(hash), deadline);
    };
}

}  // namespace

Worker::Worker(const Shared& shared, cache::LocalCache::Options cache_options, base::Milliseconds cache_ttl,
               http::ServerOptions server_options)
    : live_{shared.live_bound},
      keeps_running_{context_.get_executor()},
      redis_{shared.redis ? shared.redis->make(context_.get_executor(), redis::Use::requests)
                          : redis::Clients::Owned{}},
      redis_bulk_{shared.redis ? shared.redis->make_bulk(context_.get_executor(), cache::RedisCache::probe())
                               : redis::Clients::Owned{}},
      source_{shared.store, shared.redis_cache, cache_options.enabled, cache_ttl, shared.texts},
      cache_{context_.get_executor(), cache_options, source_, shared.caches, shared.metrics},
      identities_{look_up_in(shared.store), shared.identities},
      recorder_{shared.tally},
      pages_{context_.get_executor(),      shared.page_threads, shared.documents,
             cache_options.near_bytes / 2, shared.shared_pages, shared.metrics},
      application_{{{shared.options, shared.store, shared.limiter, cache_, identities_, shared.passwords, shared.texts,
                     recorder_},
                    shared.archive_threads,
                    shared.metrics,
                    pages_,
                    live_,
                    shared.redis_up,
                    shared.redis_evicts,
                    documentation_}},
      server_{context_, application_, std::move(server_options), shared.limits, shared.metrics} {
    shared.caches->members.push_back(&cache_);
    shared.identities->members.push_back(&identities_);
    cache_.follow_counts([this](std::string_view id, std::int64_t count) { live_.publish(id, count); });
}

Worker::~Worker() = default;

void Worker::start() {
    if (redis_) {
        redis_->start();
        redis_bulk_->start();
    }
    thread_ = std::thread{[this] {
        while (true) {
            try {
                context_.run();
                return;
            } catch (const std::exception& error) {
                log::error("an exception reached a worker's loop", {{"error", error.what()}});
            }
        }
    }};
}

void Worker::stop_redis() {
    if (!redis_) return;
    post([this] {
        redis_->stop();
        redis_bulk_->stop();
    });
}

void Worker::stop() {
    context_.stop();
    if (thread_.joinable()) thread_.join();
}

void Worker::post(std::function<void()> action) {
    boost::asio::post(context_, std::move(action));
}

}  // namespace snippetd::app
