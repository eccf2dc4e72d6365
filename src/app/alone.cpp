#include "app/alone.hpp"

#include "app/view_jobs.hpp"
#include "exchange/snippet_source.hpp"

#include <utility>

namespace snippetd::app {

namespace {

class NoLink : public Link {
  public:
    void start() override {}
    void stop() override {}
};

}  // namespace

Alone::Alone(const settings::Settings& settings, store::Store& store, base::Metrics& metrics)
    : settings_{settings},
      store_{store},
      limiter_{std::make_unique<limiter::MemoryLimiter>(settings.rate_limit_algorithm), metrics} {}

std::unique_ptr<cache::Source> Alone::make_source(use_cases::Texts& texts) {
    return std::make_unique<exchange::SnippetSource>(store_, settings_.cache_ttl, texts);
}

std::unique_ptr<Link> Alone::link_worker(const base::Executor&) {
    return std::make_unique<NoLink>();
}

std::unique_ptr<Link> Alone::link_jobs(const base::Executor&) {
    return std::make_unique<NoLink>();
}

void Alone::add_own_view_jobs(Jobs& jobs, ViewEnds ends) {
    add_direct_view_job(jobs.views(), store_, std::move(ends), settings_.views_flush);
}

}  // namespace snippetd::app
