#include "app/caches.hpp"

#include <algorithm>
#include <memory>
#include <utility>

namespace snippetd::app {

namespace {

constexpr std::size_t kCountsPerMessage = 1024;  // what a worker is told at a time, so that nobody waits for it

}  // namespace

Caches::Caches(const base::Workers& workers, std::size_t shared_bytes, const cache::LocalCache::Options& options,
               cache::Source& source, base::Metrics& metrics)
    : shared_{shared_bytes},
      near_{workers, [&](const base::Executor& loop, const base::PerWorker<cache::LocalCache>& all) {
                return std::make_unique<cache::LocalCache>(loop, options, source, shared_, all, metrics);
            }} {}

base::Awaitable<void> Caches::publish(model::NumbersById totals) {
    // The shared cache first: a worker that copies from it later copies the new count.
    for (const auto& [id, count] : totals) shared_.update_count(id, count);
    for (std::size_t begin = 0; begin < totals.size(); begin += kCountsPerMessage) {
        const std::size_t end = std::min(begin + kCountsPerMessage, totals.size());
        std::function<void(cache::LocalCache&)> tell = [&totals, begin, end](cache::LocalCache& cache) {
            for (std::size_t at = begin; at < end; ++at) cache.update_count(totals[at].first, totals[at].second);
        };
        co_await near_.on_each(tell);
    }
}

void Caches::post_forget(const std::string& id, std::int64_t floor) {
    shared_.invalidate(id, floor);
    near_.post_to_each([id, floor](cache::LocalCache& cache) { cache.drop(id, floor); });
}

void Caches::post_counts(model::NumbersById totals) {
    for (const auto& [id, count] : totals) shared_.update_count(id, count);
    near_.post_to_each([totals = std::move(totals)](cache::LocalCache& cache) {
        for (const auto& [id, count] : totals) cache.update_count(id, count);
    });
}

void Caches::post_proof(const cache::Proof& proof) {
    near_.post_to_each([proof](cache::LocalCache& cache) { cache.proven(proof); });
}

}  // namespace snippetd::app
