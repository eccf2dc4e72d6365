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
class Flusher {
  public:
    /// Overflow rule: beyond this many ids, those of a new collection are dropped, and counted as such.
    static constexpr std::size_t kGatheredIdsMax = 524288;
    static constexpr std::size_t kFlushIdsMax = 2048;  ///< in one call

    struct Steps {
        /// Takes from every recorder.
        std::function<base::Awaitable<Counts>()> collect;
        /// See `Shards::add`.
        std::function<base::Awaitable<std::int64_t>(unsigned shard, std::int64_t sequence, Counts counts)> add;
    };

    Flusher(base::Executor executor, Steps steps, Tally& tally)
        : timer_{std::move(executor)}, steps_{std::move(steps)}, tally_{tally} {}

    /// A flush every `interval`, and a last one after `stop`. True when that has left nothing.
    base::Awaitable<bool> run(base::Milliseconds interval);
    /// On the flusher's executor, like the rest.
    void stop();

    /// One flush; not while `run` runs. Does not throw: what Redis has not taken stays for the next one. True when
    /// nothing is left.
    base::Awaitable<bool> flush();

    /// What has not been sent, for the store, when Redis has been away for `patience`; else nothing.
    Counts take_unsent(base::Milliseconds patience);

  private:
    struct Sent {
        std::int64_t sequence = 0;
        Counts counts;
        std::int64_t views = 0;
    };
    struct Shard {
        std::unordered_map<std::string, std::int64_t> gathered;  ///< not yet sent
        std::optional<Sent> sent;                                ///< given to Redis, not known to have arrived
    };

    void gather(Counts counts);
    void cut(Shard& shard);
    base::Awaitable<void> flush_shard(unsigned number);

    base::Timer timer_;
    bool stopping_ = false;
    Steps steps_;
    Tally& tally_;
    std::int64_t sequence_ = 0;
    std::size_t gathered_ids_ = 0;
    std::optional<base::SteadyTime> away_since_;
    std::array<Shard, Shards::kCount> shards_;
};

}  // namespace snippetd::views
