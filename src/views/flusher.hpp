#pragma once

#include "base/awaitable.hpp"
#include "base/clock.hpp"
#include "base/timer.hpp"
#include "views/recorder.hpp"
#include "views/shards.hpp"

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <unordered_map>

namespace snippetd::views {

/// The process's side of the way over Redis: every interval, moves what the recorders hold to the shards.
///
/// A flush carries the process's id and a number. When its answer is lost it is given again, the same counts under the
/// same number, until it is answered, so that it counts once; later views gather behind it. While Redis is away they
/// can also go to the store directly (`take_unsent`), but never what may have reached Redis.
///
/// A server that has restarted, or another one, may have forgotten the flush though it has been counted: its counts may
/// have been applied before. Then the store is asked, when whoever was applying them must have finished.
class Flusher {
  public:
    /// Overflow rule: beyond this many ids, those of a new collection are dropped, and counted as such.
    static constexpr std::size_t kGatheredIdsMax = 524288;
    static constexpr std::size_t kFlushIdsMax = 2048;  ///< in one call
    /// After Redis has come back as another, until what was claimed before has been applied or given up.
    static constexpr base::Milliseconds kSettleAfter{10000};

    struct Steps {
        /// Takes from every recorder.
        std::function<base::Awaitable<model::NumbersById>()> collect;
        /// See `Shards::server`.
        std::function<base::Awaitable<std::optional<std::string>>()> server;
        /// See `Shards::add`.
        std::function<base::Awaitable<Shards::Added>(unsigned shard, std::int64_t sequence, model::NumbersById counts,
                                                     std::string bound_to)>
            add;
        /// Whether the store has the counts of that flush. May throw base::Unavailable.
        std::function<base::Awaitable<bool>(unsigned shard, std::int64_t sequence)> applied;
    };

    Flusher(base::Executor executor, Steps steps, Tally& tally, base::Milliseconds settle_after = kSettleAfter)
        : timer_{std::move(executor)}, steps_{std::move(steps)}, tally_{tally}, settle_after_{settle_after} {}

    /// A flush every `interval`, and a last one after `stop`. True when that has left nothing.
    base::Awaitable<bool> run(base::Milliseconds interval);
    /// On the flusher's executor, like the rest.
    void stop();

    /// One flush; not while `run` runs. Does not throw: what Redis has not taken stays for the next one. True when
    /// nothing is left.
    base::Awaitable<bool> flush();

    /// What has not been sent, for the store, when Redis has been away for `patience`; else nothing.
    model::NumbersById take_unsent(base::Milliseconds patience);

  private:
    struct Sent {
        std::int64_t sequence = 0;
        model::NumbersById counts;
        std::int64_t views = 0;
        std::string bound_to;                       ///< the term in which it may be repeated; empty: it was never sent
        std::optional<base::SteadyTime> settle_at;  ///< set when it is not known whether it has been counted
    };
    struct Shard {
        std::unordered_map<std::string, std::int64_t> gathered;  ///< not yet sent
        std::optional<Sent> sent;                                ///< given to Redis, not known to have arrived
    };

    void gather(model::NumbersById counts);
    void cut(Shard& shard);
    base::Awaitable<void> flush_shard(unsigned number);
    base::Awaitable<bool> settle(unsigned number);
    std::string term_at(const std::string& server) const;

    base::Timer timer_;
    bool stopping_ = false;
    Steps steps_;
    Tally& tally_;
    base::Milliseconds settle_after_;
    std::int64_t sequence_ = 0;
    std::string term_;  ///< of the last answer
    std::size_t gathered_ids_ = 0;
    std::optional<base::SteadyTime> away_since_;
    std::array<Shard, Shards::kCount> shards_;
};

}  // namespace snippetd::views
