#include "app/redis_fleet.hpp"

#include "app/view_jobs.hpp"
#include "exchange/snippet_source.hpp"
#include "limiter/redis_limiter.hpp"

#include <thread>
#include <utility>
#include <vector>

namespace snippetd::app {

namespace {

constexpr base::Milliseconds kPatience{1000}, kLookEvery{20};

redis::Client::Options client_options(const settings::Settings& settings) {
    redis::Client::Options options;
    options.endpoint = redis::parse_endpoint(settings.redis);
    options.command_timeout = settings.redis_timeout;
    options.probe = limiter::RedisLimiter::probe();
    return options;
}

/// What the service does without Redis.
std::string consequence(limiter::OnFailure on_failure) {
    switch (on_failure) {
        case limiter::OnFailure::local: return "each instance limits alone";
        case limiter::OnFailure::closed: return "writes are refused";
        case limiter::OnFailure::open: break;
    }
    return "writes go on without a limit";
}

class RedisLink : public Link {
  public:
    explicit RedisLink(std::vector<redis::Clients::Owned> clients) : clients_{std::move(clients)} {}
    void start() override {
        for (const auto& client : clients_) client->start();
    }
    void stop() override {
        for (const auto& client : clients_) client->stop();
    }

  private:
    std::vector<redis::Clients::Owned> clients_;
};

}  // namespace

RedisFleet::RedisFleet(const settings::Settings& settings, store::Store& store, base::Metrics& metrics,
                       base::Alerts& alerts)
    : settings_{settings},
      store_{store},
      clients_{client_options(settings), consequence(settings.rate_limit_on_failure), metrics, alerts},
      limiter_{std::make_unique<limiter::RedisLimiter>(settings.rate_limit_algorithm, clients_), metrics},
      coherence_{clients_, store, settings.cache_ttl, alerts},
      watch_{clients_, alerts} {}

std::unique_ptr<cache::Source> RedisFleet::make_source(use_cases::Texts& texts) {
    const auto reads =
        settings_.cache ? exchange::SharedSnippetSource::Reads::all : exchange::SharedSnippetSource::Reads::none;
    return std::make_unique<exchange::SharedSnippetSource>(store_, coherence_.redis_cache(), reads, settings_.cache_ttl,
                                                           texts);
}

exchange::RedisState RedisFleet::redis_state() const {
    if (!clients_.all_up() || coherence_.disagrees()) return exchange::RedisState::down;
    return watch_.evicts() ? exchange::RedisState::degraded : exchange::RedisState::ok;
}

std::unique_ptr<Link> RedisFleet::link_worker(const base::Executor& loop) {
    std::vector<redis::Clients::Owned> clients;
    clients.push_back(clients_.make(loop, redis::Use::requests));
    clients.push_back(clients_.make_bulk(loop, cache::RedisCache::probe()));
    return std::make_unique<RedisLink>(std::move(clients));
}

std::unique_ptr<Link> RedisFleet::link_jobs(const base::Executor& loop) {
    std::vector<redis::Clients::Owned> clients;
    clients.push_back(clients_.make(loop));
    return std::make_unique<RedisLink>(std::move(clients));
}

void RedisFleet::add_own_view_jobs(Jobs& jobs, ViewEnds ends) {
    add_view_jobs_over_redis(jobs.views(), clients_, store_, std::move(ends), settings_.views_flush);
}

void RedisFleet::add_shared_view_job(Jobs& jobs) {
    add_shard_drainer(jobs.views(), clients_, store_, coherence_.redis_cache(), settings_.views_flush);
}

void RedisFleet::start(Jobs& jobs, Caches& caches) {
    jobs.add(watch_.run());
    coherence_.start(caches);
}

void RedisFleet::wait_for_others() {
    const base::Deadline deadline = base::deadline_in(kPatience);
    const auto ready = [this] { return clients_.all_up() && coherence_.trusts_redis(); };
    while (!ready() && base::steady_now() < deadline) std::this_thread::sleep_for(kLookEvery);
}

void RedisFleet::stop() {
    coherence_.stop();
}

}  // namespace snippetd::app
