#include "app/view_jobs.hpp"

#include "base/log.hpp"
#include "base/secret.hpp"

#include <algorithm>
#include <charconv>
#include <csignal>
#include <cstdlib>
#include <cstring>

namespace snippetd::app {

namespace {

constexpr base::Milliseconds kApplyTimeout{5000};
constexpr base::Milliseconds kFlushEvery{100};
constexpr std::size_t kCountsPerMessage = 1024;  // what a worker is told at a time, so that nobody waits for it
constexpr std::size_t kNameLength = 16;          // of this process, as Redis knows it

static_assert(kApplyTimeout < views::Shards::kClaimHeld);

base::Awaitable<views::Counts> collect(WorkerList& workers, const base::Workers& group) {
    std::vector<views::Counts> taken(workers.size());
    std::function<void(std::size_t)> take = [&workers, &taken](std::size_t i) {
        taken[i] = workers[i]->recorder().take();
    };
    co_await group.on_each(take);
    views::Counts all;
    for (views::Counts& counts : taken) std::move(counts.begin(), counts.end(), std::back_inserter(all));
    co_return all;
}

base::Awaitable<void> publish_here(std::shared_ptr<cache::LocalCache::Group> caches, views::Counts totals) {
    // The shared cache first: a worker that copies from it later copies the new count.
    for (const auto& [id, count] : totals) caches->shared.update_count(id, count);
    for (std::size_t begin = 0; begin < totals.size(); begin += kCountsPerMessage) {
        const std::size_t end = std::min(begin + kCountsPerMessage, totals.size());
        std::function<void(std::size_t)> tell = [&caches, &totals, begin, end](std::size_t i) {
            for (std::size_t at = begin; at < end; ++at) {
                caches->members[i]->update_count(totals[at].first, totals[at].second);
            }
        };
        co_await caches->workers.on_each(tell);
    }
}

/// A process numbers its flushes over all shards, and what one shard has of them says nothing of another.
std::string flusher_name(const std::string& process, unsigned shard) {
    return process + "." + std::to_string(shard);
}

/// For the tests: ends the process as `kill -9` does, at the n-th step that the shard drainer makes.
class Death {
  public:
    Death() {
        const char* text = std::getenv("SNIPPETD_TEST_DIE_AT_VIEW_STEP");
        if (text) std::from_chars(text, text + std::strlen(text), left_);
    }
    void step() {
        if (left_ > 0 && --left_ == 0) std::raise(SIGKILL);
    }

  private:
    int left_ = 0;
};

}  // namespace

void start_own_view_jobs(Jobs& jobs, const ViewSite& site, WorkerList& workers) {
    const std::shared_ptr<cache::LocalCache::Group> caches = site.caches;
    const auto collect_here = [&workers, caches] { return collect(workers, caches->workers); };
    views::Drainer::Steps drain;
    drain.apply = [&store = site.store](std::string batch_id, views::Counts counts) {
        return store.apply_views(std::move(batch_id), std::move(counts), base::deadline_in(kApplyTimeout));
    };
    drain.publish = [caches](views::Counts totals) { return publish_here(caches, std::move(totals)); };
    if (!site.redis) {
        drain.collect = collect_here;
        jobs.start_drainer(std::move(drain), site.tally, site.settings.views_flush);
        return;
    }
    views::Flusher::Steps flush;
    flush.collect = collect_here;
    const auto shards = std::make_shared<views::Shards>(*site.redis);
    const std::string process = base::random_alphanumeric(kNameLength);
    flush.server = [shards] { return shards->server(); };
    flush.add = [shards, process](unsigned shard, std::int64_t sequence, views::Counts counts, std::string bound_to) {
        return shards->add(shard, process, sequence, std::move(counts), std::move(bound_to));
    };
    flush.applied = [&store = site.store, process](unsigned shard, std::int64_t sequence) -> base::Awaitable<bool> {
        const base::Deadline deadline = base::deadline_in(kApplyTimeout);
        const std::int64_t last = co_await store.last_flush_applied(flusher_name(process, shard), deadline);
        co_return last >= sequence;
    };
    jobs.start_flusher(std::move(flush), site.tally, kFlushEvery);
    drain.collect = [&jobs, patience = site.settings.views_flush]() -> base::Awaitable<views::Counts> {
        co_return jobs.take_unsent(patience);
    };
    jobs.start_drainer(std::move(drain), site.tally, site.settings.views_flush);
}

void start_shared_view_job(Jobs& jobs, const ViewSite& site) {
    const auto shards = std::make_shared<views::Shards>(*site.redis);
    const auto death = std::make_shared<Death>();
    views::ShardDrainer::Steps steps;
    steps.claim = [shards, death, name = base::random_alphanumeric(kNameLength)](
                      unsigned shard, base::Milliseconds turn) -> base::Awaitable<views::Shards::Claim> {
        views::Shards::Claim claim = co_await shards->claim(shard, name, turn);
        if (!claim.batch_id.empty()) death->step();
        co_return claim;
    };
    steps.apply = [&store = site.store, death](unsigned shard,
                                               views::Shards::Claim claim) -> base::Awaitable<views::Counts> {
        const base::Deadline deadline = base::deadline_in(kApplyTimeout);
        store::ViewFlushes flushes;
        for (const auto& of : claim.flushes) flushes.push_back({flusher_name(of.process, shard), of.first, of.last});
        views::Counts totals = co_await store.apply_views(std::move(claim.batch_id), std::move(claim.counts),
                                                          std::move(flushes), deadline);
        death->step();
        co_return totals;
    };
    steps.release = [shards, death](unsigned shard, std::string batch_id) -> base::Awaitable<void> {
        co_await shards->release(shard, std::move(batch_id));
        death->step();
    };
    steps.publish = [cache = site.redis_cache, death](views::Counts totals) -> base::Awaitable<void> {
        co_await cache->update_counts(std::move(totals));
        death->step();
    };
    jobs.start_shard_drainer(std::move(steps), site.tally, site.settings.views_flush);
}

}  // namespace snippetd::app
