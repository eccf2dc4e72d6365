#pragma once

#include "app/coherence.hpp"
#include "app/fleet.hpp"
#include "app/redis_watch.hpp"
#include "base/alerts.hpp"
#include "limiter/memory_limiter.hpp"
#include "redis/clients.hpp"
#include "settings/settings.hpp"
#include "store/store.hpp"

namespace snippetd::app {

/// Any number of instances over one Redis: one limit, caches that hear of each other's edits, views that whoever comes
/// first drains.
class RedisFleet : public Fleet {
  public:
    /// All outlive this.
    RedisFleet(const settings::Settings& settings, store::Store& store, base::Metrics& metrics, base::Alerts& alerts);

    limiter::Limiter& limiter() override { return limiter_; }
    std::unique_ptr<cache::Source> make_source(use_cases::Texts& texts) override;
    bool is_alone() const override { return false; }
    exchange::RedisState redis_state() const override;
    std::unique_ptr<Link> link_worker(const base::Executor& loop) override;
    std::unique_ptr<Link> link_jobs(const base::Executor& loop) override;
    void add_own_view_jobs(Jobs& jobs, ViewEnds ends) override;
    void add_shared_view_job(Jobs& jobs) override;
    void start(Jobs& jobs, Caches& caches) override;
    void wait_for_others() override;
    void stop() override;

  private:
    const settings::Settings& settings_;
    store::Store& store_;
    redis::Clients clients_;
    limiter::CountedLimiter limiter_;
    Coherence coherence_;
    RedisWatch watch_;
};

}  // namespace snippetd::app
