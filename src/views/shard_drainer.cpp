#include "views/shard_drainer.hpp"

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
    const Shards::Claim claim = co_await steps_.claim(shard, turn);
    if (claim.batch_id.empty()) co_return;
    Counts totals = co_await steps_.apply(claim.batch_id, claim.counts);
    const auto add = [](std::int64_t sum, const auto& one) { return sum + one.second; };
    const std::int64_t views = std::accumulate(claim.counts.begin(), claim.counts.end(), std::int64_t{0}, add);
    tally_.applied.add(static_cast<std::uint64_t>(views));
    tally_.batches.add();
    co_await steps_.release(shard, claim.batch_id);
    co_await steps_.publish(std::move(totals));
}

}  // namespace snippetd::views
