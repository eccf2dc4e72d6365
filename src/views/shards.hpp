#pragma once

#include "base/awaitable.hpp"
#include "base/clock.hpp"
#include "redis/clients.hpp"
#include "views/recorder.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace snippetd::views {

/// The views of all instances in Redis, between the processes that count and the drainers that apply: few shards, each
/// with its own slot. Every call throws base::Unavailable when Redis does not answer in time or cannot.
///
/// Keys, for shard N: `views:{N}:live`, a hash of counts by id; `views:{N}:left`, such counts that are not added to any
/// more because Redis may have come back with an older state of them; `views:{N}:claim`, what a drainer is applying;
/// `views:{N}:flushed`, the last flush of each process; `views:{N}:turn`. The first three have no time to live: where
/// Redis's policy is `noeviction` or `volatile-*` they are not evicted.
class Shards {
  public:
    static constexpr unsigned kCount = 16;
    /// With the few fields of the shard's own. Overflow rule: see `add`.
    static constexpr std::size_t kIdsMax = 65536;
    /// For how long a claim is its drainer's alone: longer than the store is given to apply it.
    static constexpr base::Milliseconds kClaimHeld{6000};

    /// What has become of a flush.
    struct Added {
        enum class State {
            counted,  ///< now or before; but for `dropped` views of further ids than the shard's `kIdsMax`
            not_now,  ///< the shard has yet to be drained of what Redis held when it came back
            unknown,  ///< it was bound to a term that is over, and is not known in this one
        };
        State state = State::counted;
        std::int64_t dropped = 0;
        /// Which server has answered and since when it takes writes, as `RUN_ID:REPLICATION_ID`; empty when it does not
        /// tell.
        std::string term;
    };

    /// The flushes of one process that are in a claim, by their numbers.
    struct Flushes {
        std::string process;
        std::int64_t first = 0, last = 0;
    };

    struct Claim {
        std::string batch_id;  ///< empty: there is nothing to apply
        model::NumbersById counts;
        std::vector<Flushes> flushes;
        base::Milliseconds age{0};  ///< since its first count, by Redis's clock
    };

    explicit Shards(redis::Clients& clients) : clients_{clients} {}

    /// The same for all instances, of any version.
    static unsigned shard_of(std::string_view id);

    /// The server that the next call would be sent to, as redis::Client::server_id says; nothing while there is none.
    base::Awaitable<std::optional<std::string>> server();

    /// Adds counts of that shard; the same sequence number again changes nothing. `bound_to`: the term that a repeated
    /// flush is bound to; empty for one that has not been sent before.
    base::Awaitable<Added> add(unsigned shard, std::string process, std::int64_t sequence, model::NumbersById counts,
                               std::string bound_to);

    /// What is to be applied now: a claim that its drainer has left, or what has been moved aside, or all that is live,
    /// if no drainer has claimed that within `turn` (0: in any case).
    base::Awaitable<Claim> claim(unsigned shard, std::string drainer, base::Milliseconds turn);
    base::Awaitable<void> release(unsigned shard, std::string batch_id);

  private:
    redis::Clients& clients_;
};

}  // namespace snippetd::views
