#include "views/shard_drainer.hpp"

#include "base/assert.hpp"
#include "base/log.hpp"

#include <numeric>

namespace snippetd::views {

base::Awaitable<bool> ShardDrainer::run(base::Milliseconds interval) {
    while (!stopping_) {
        co_await base::pause(timer_, interval);
        // A little less than the interval, so that a flush that comes a moment early still has its turn.
        if (!stopping_) co_await flush(interval * 9 / 10);
    }
    const base::Milliseconds in_any_case{0};
    co_return co_await flush(in_any_case);
}

void ShardDrainer::stop() {
    stopping_ = true;
    timer_.cancel();
}

base::Awaitable<bool> ShardDrainer::flush(base::Milliseconds turn) {
    try {
        for (unsigned shard = 0; shard < Shards::kCount; ++shard) co_await flush_shard(shard, turn);
    } catch (const std::exception& error) {
        log::warn("views wait in Redis", {{"reason", error.what()}});
        co_return false;
    }
    co_return true;
}

base::Awaitable<void> ShardDrainer::flush_shard(unsigned shard, base::Milliseconds turn) {
    for (int claims = 0; claims < kClaimsMax; ++claims) {
        Shards::Claim claim = co_await steps_.claim(shard, turn);
        if (claim.batch_id.empty()) co_return;
        const std::string batch_id = claim.batch_id;
        const auto add = [](std::int64_t sum, const auto& one) { return sum + one.second; };
        const std::int64_t views = std::accumulate(claim.counts.begin(), claim.counts.end(), std::int64_t{0}, add);
        const std::size_t ids = claim.counts.size();
        model::NumbersById totals;
        if (claim.age > kAgeMax) {
            log::error("views that have been in Redis for too long are not counted: they may have been before",
                       {{"views", views}, {"days", claim.age / base::Milliseconds{24LL * 3600 * 1000}}});
            tally_.dropped.add(static_cast<std::uint64_t>(views));
        } else {
            totals = co_await steps_.apply(shard, std::move(claim));
            tally_.applied.add(static_cast<std::uint64_t>(views));
            tally_.batches.add();
        }
        SNIPPETD_ASSERT(totals.size() <= ids, shard, totals.size(), ids);
        co_await steps_.release(shard, batch_id);
        if (!totals.empty()) co_await steps_.publish(std::move(totals));
    }
}

}  // namespace snippetd::views
