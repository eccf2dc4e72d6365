#include "app/view_jobs.hpp"

#include "base/fail_point.hpp"
#include "base/secret.hpp"
#include "views/drainer.hpp"
#include "views/flusher.hpp"
#include "views/shard_drainer.hpp"

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace snippetd::app {

namespace {

constexpr base::Milliseconds kApplyTimeout{5000};
constexpr base::Milliseconds kFlushEvery{100};
constexpr std::string_view kFailPoints = "view-job";
constexpr std::size_t kNameLength = 16;  // of this process, as Redis knows it

static_assert(kApplyTimeout < views::Shards::kClaimHeld);

/// A process numbers its flushes over all shards, and what one shard has of them says nothing of another.
std::string flusher_name(const std::string& process, unsigned shard) {
    return process + "." + std::to_string(shard);
}

std::function<base::Awaitable<model::NumbersById>(std::string, model::NumbersById)> apply_to(
    store::ViewLedger& ledger) {
    return [&ledger](std::string batch_id, model::NumbersById counts) {
        return ledger.apply_views(std::move(batch_id), std::move(counts), base::deadline_in(kApplyTimeout));
    };
}

}  // namespace

void add_direct_view_job(ViewPipeline& views, store::ViewLedger& ledger, ViewEnds ends, base::Milliseconds interval) {
    views.add<views::Drainer>({std::move(ends.collect), apply_to(ledger), std::move(ends.publish)}, interval);
}

void add_view_jobs_over_redis(ViewPipeline& views, redis::Clients& clients, store::ViewLedger& ledger, ViewEnds ends,
                              base::Milliseconds interval) {
    const auto shards = std::make_shared<views::Shards>(clients);
    const std::string process = base::random_alphanumeric(kNameLength);
    views::Flusher::Steps flush;
    flush.collect = std::move(ends.collect);
    flush.server = [shards] { return shards->server(); };
    flush.add = [shards, process](unsigned shard, std::int64_t sequence, model::NumbersById counts,
                                  std::string bound_to) {
        return shards->add(shard, process, sequence, std::move(counts), std::move(bound_to));
    };
    flush.applied = [&ledger, process](unsigned shard, std::int64_t sequence) -> base::Awaitable<bool> {
        const base::Deadline deadline = base::deadline_in(kApplyTimeout);
        const std::int64_t last = co_await ledger.last_flush_applied(flusher_name(process, shard), deadline);
        co_return last >= sequence;
    };
    auto& flusher = views.add<views::Flusher>(std::move(flush), kFlushEvery);
    const auto collect_unsent = [&views, &flusher, interval]() -> base::Awaitable<model::NumbersById> {
        co_return flusher.take_unsent(views.is_finishing() ? base::Milliseconds{0} : interval);
    };
    views.add<views::Drainer>({collect_unsent, apply_to(ledger), std::move(ends.publish)}, interval);
}

void add_shard_drainer(ViewPipeline& views, redis::Clients& clients, store::ViewLedger& ledger,
                       cache::RedisCache& cache, base::Milliseconds interval) {
    const auto shards = std::make_shared<views::Shards>(clients);
    views::ShardDrainer::Steps steps;
    steps.claim = [shards, name = base::random_alphanumeric(kNameLength)](
                      unsigned shard, base::Milliseconds turn) -> base::Awaitable<views::Shards::Claim> {
        views::Shards::Claim claim = co_await shards->claim(shard, name, turn);
        if (!claim.batch_id.empty()) base::FailPoints::pass_or_throw(kFailPoints);
        co_return claim;
    };
    steps.apply = [&ledger](unsigned shard, views::Shards::Claim claim) -> base::Awaitable<model::NumbersById> {
        const base::Deadline deadline = base::deadline_in(kApplyTimeout);
        store::ViewFlushes flushes;
        for (const auto& of : claim.flushes) flushes.push_back({flusher_name(of.process, shard), of.first, of.last});
        model::NumbersById totals = co_await ledger.apply_views(std::move(claim.batch_id), std::move(claim.counts),
                                                                std::move(flushes), deadline);
        base::FailPoints::pass_or_throw(kFailPoints);
        co_return totals;
    };
    steps.release = [shards](unsigned shard, std::string batch_id) -> base::Awaitable<void> {
        co_await shards->release(shard, std::move(batch_id));
        base::FailPoints::pass_or_throw(kFailPoints);
    };
    steps.publish = [&cache](model::NumbersById totals) -> base::Awaitable<void> {
        co_await cache.update_counts(std::move(totals));
        base::FailPoints::pass_or_throw(kFailPoints);
    };
    views.add<views::ShardDrainer>(std::move(steps), interval);
}

}  // namespace snippetd::app
