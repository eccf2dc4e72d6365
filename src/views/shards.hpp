#pragma once

#include "base/awaitable.hpp"
#include "base/clock.hpp"
#include "redis/clients.hpp"
#include "views/recorder.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace snippetd::views {

/// The views of all instances in Redis, between the processes that count and the drainers that apply: few shards, each
/// with its own slot. Every call throws base::Unavailable when Redis does not answer in time or cannot.
///
/// Keys, for shard N: `views:{N}:live`, a hash of counts by id; `views:{N}:claim`, what a drainer is applying;
/// `views:{N}:turn`; `views:{N}:flushed:PROCESS`.
class Shards {
  public:
    static constexpr unsigned kCount = 16;
    /// Overflow rule: see `add`.
    static constexpr std::size_t kIdsMax = 65536;
    /// For how long a claim is its drainer's alone: longer than the store is given to apply it.
    static constexpr base::Milliseconds kClaimHeld{6000};

    struct Claim {
        std::string batch_id;  ///< empty: there is nothing to apply
        Counts counts;
    };

    explicit Shards(redis::Clients& clients) : clients_{clients} {}

    /// The same for all instances, of any version.
    static unsigned shard_of(std::string_view id);

    /// Adds counts of that shard; the same sequence number again changes nothing. Returns how many views were dropped,
    /// those of further ids when the shard has its `kIdsMax`.
    base::Awaitable<std::int64_t> add(unsigned shard, std::string process, std::int64_t sequence, Counts counts);

    /// What is to be applied now: a claim that its drainer has left, or all that is live, if no drainer has claimed
    /// that within `turn` (0: in any case).
    base::Awaitable<Claim> claim(unsigned shard, std::string drainer, base::Milliseconds turn);
    base::Awaitable<void> release(unsigned shard, std::string batch_id);

  private:
    redis::Clients& clients_;
};

}  // namespace snippetd::views
