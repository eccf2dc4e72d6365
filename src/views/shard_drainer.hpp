#pragma once

#include "base/awaitable.hpp"
#include "base/clock.hpp"
#include "base/timer.hpp"
#include "views/recorder.hpp"
#include "views/shards.hpp"

#include <functional>
#include <string>

namespace snippetd::views {

/// The worker side over Redis: every flush interval, moves each shard to the store, in one statement. Any number of
/// drainers may run, in any number of processes.
///
/// A shard is claimed under a batch id, which the store keeps in a ledger in the same transaction as the counts, and
/// the claim goes when the store has them. A drainer that dies in between leaves the claim to whoever comes next: the
/// ledger makes a second application a no-op.
class ShardDrainer {
  public:
    /// What has been in Redis for longer is not applied: the ledger may have forgotten that it was, and this may be a
    /// Redis that has come back with last week's state. Shorter than the store keeps its ledger.
    static constexpr base::Milliseconds kAgeMax{6LL * 24 * 3600 * 1000};
    /// Of one shard in one flush: a claim that was left, what was moved aside, what is live.
    static constexpr int kClaimsMax = 3;

    struct Steps {
        std::function<base::Awaitable<Shards::Claim>(unsigned shard, base::Milliseconds turn)> claim;
        /// Applies to the store; the new totals. May throw base::Unavailable, like the others.
        std::function<base::Awaitable<model::NumbersById>(unsigned shard, Shards::Claim claim)> apply;
        std::function<base::Awaitable<void>(unsigned shard, std::string batch_id)> release;
        /// Tells the caches of all instances. Does not throw.
        std::function<base::Awaitable<void>(model::NumbersById totals)> publish;
    };

    ShardDrainer(base::Executor executor, Steps steps, Tally& tally)
        : timer_{std::move(executor)}, steps_{std::move(steps)}, tally_{tally} {}

    /// A flush every `interval`, and after `stop` a last one that does not wait for the shards' turn. True when that
    /// went well.
    base::Awaitable<bool> run(base::Milliseconds interval);
    /// On the drainer's executor.
    void stop();

    /// One flush; not while `run` runs. `turn`: how long what it claims is this flush's alone. Does not throw: what
    /// could not be applied stays in Redis. True when it went well.
    base::Awaitable<bool> flush(base::Milliseconds turn);

  private:
    base::Awaitable<void> flush_shard(unsigned shard, base::Milliseconds turn);

    base::Timer timer_;
    bool stopping_ = false;
    Steps steps_;
    Tally& tally_;
};

}  // namespace snippetd::views
