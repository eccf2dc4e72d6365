#pragma once

#include "app/fleet.hpp"
#include "limiter/memory_limiter.hpp"
#include "settings/settings.hpp"
#include "store/store.hpp"

namespace snippetd::app {

/// A process that knows of no other: it limits, caches and counts within itself.
class Alone : public Fleet {
  public:
    /// All outlive this.
    Alone(const settings::Settings& settings, store::Store& store, base::Metrics& metrics);

    limiter::Limiter& limiter() override { return limiter_; }
    std::unique_ptr<cache::Source> make_source(use_cases::Texts& texts) override;
    bool is_alone() const override { return true; }
    /// Nothing that the service needs is missing.
    exchange::RedisState redis_state() const override { return exchange::RedisState::ok; }
    std::unique_ptr<Link> link_worker(const base::Executor& loop) override;
    std::unique_ptr<Link> link_jobs(const base::Executor& loop) override;
    void add_own_view_jobs(Jobs& jobs, ViewEnds ends) override;
    void add_shared_view_job(Jobs&) override {}
    void start(Jobs&, Caches&) override {}
    void wait_for_others() override {}
    void stop() override {}

  private:
    const settings::Settings& settings_;
    store::Store& store_;
    limiter::CountedLimiter limiter_;
};

}  // namespace snippetd::app
