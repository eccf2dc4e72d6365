#pragma once

#include "api/application.hpp"
#include "api/documentation.hpp"
#include "api/routes.hpp"
#include "api/snippet_source.hpp"
#include "auth/identities.hpp"
#include "cache/cache.hpp"
#include "http/server.hpp"
#include "redis/clients.hpp"
#include "views/recorder.hpp"

#include <functional>
#include <memory>
#include <thread>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>

namespace snippetd::app {

/// What the workers of the process share.
struct Shared {
    const use_cases::Options& options;
    store::Store& store;
    redis::Clients* redis;           ///< null without --redis
    cache::RedisCache* redis_cache;  ///< null without --redis
    limiter::Limiter& limiter;
    base::ThreadPool& archive_threads;
    auth::Passwords& passwords;
    base::Metrics& metrics;
    views::Tally& tally;
    std::function<bool()> redis_up;      ///< always true without --redis
    std::function<bool()> redis_evicts;  ///< always false without --redis
    std::shared_ptr<cache::LocalCache::Group> caches;
    std::shared_ptr<auth::Identities::Group> identities;
    std::shared_ptr<http::ServerLimits> limits;
    base::ThreadPool& page_threads;
    pages::SharedPages* shared_pages;  ///< null with a single worker
    use_cases::Texts& texts;
    pages::Documents& documents;
    views::LiveCounts::Bound& live_bound;
};

/// One core's server: a loop run by one thread, with a near cache, an accumulator of views and connections of its own.
/// On the request path it shares nothing with the others.
class Worker {
  public:
    Worker(const Shared& shared, cache::LocalCache::Options cache_options, base::Milliseconds cache_ttl,
           http::ServerOptions server_options);
    /// `stop` first.
    ~Worker();

    void start();
    /// Answers what waits for Redis; the loop runs on.
    void stop_redis();
    /// Ends the loop and its thread.
    void stop();

    /// Calls `action` on the worker's thread.
    void post(std::function<void()> action);

    boost::asio::io_context& context() { return context_; }
    http::Server& server() { return server_; }
    views::Recorder& recorder() { return recorder_; }
    cache::Cache& cache() { return cache_; }

  private:
    views::LiveCounts live_;  ///< before the loop: what waits in it refers to this to the end
    boost::asio::io_context context_{1};
    boost::asio::executor_work_guard<base::Executor> keeps_running_;
    redis::Clients::Owned redis_;       ///< null without --redis
    redis::Clients::Owned redis_bulk_;  ///< likewise
    api::SnippetSource source_;
    cache::LocalCache cache_;
    auth::Identities identities_;
    views::Recorder recorder_;
    pages::PageRenderer pages_;
    api::Documentation documentation_{api::routes()};
    api::Application application_;
    http::Server server_;
    std::thread thread_;
};

}  // namespace snippetd::app
