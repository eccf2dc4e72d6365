#pragma once

#include "base/awaitable.hpp"
#include "base/clock.hpp"
#include "base/timer.hpp"
#include "cache/reign.hpp"
#include "cache/trust.hpp"
#include "model/cache_server.hpp"

#include <atomic>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace snippetd::cache {

/// Sees to it that every committed invalidation reaches the Redis server in force, and knows what that proves. A write
/// leaves its invalidation in the store's outbox, in its own transaction. The instance that took the write delivers it
/// and has it removed; what stays there, because that instance was cut off, has another server, or died, every
/// instance's relay finds, heeds itself and delivers. Only what the server in force was told is removed.
///
/// So a look at the outbox, and after it a heartbeat over the invalidation channel, together prove that everything has
/// been heeded that was committed before the look (but what is left alone): it was still in the outbox, or had been
/// removed, and so told to the server in force, before the heartbeat was sent.
///
/// It also knows whether what Redis has may be believed: under such a proof, and not after a command has failed. Then
/// this instance may have missed to tell Redis something, which must not be served where it was acknowledged: first all
/// that the outbox holds is delivered.
///
/// `run`, `run_errands`, `stop` and `proven` are for one thread; the rest is thread-safe.
class Relay {
  public:
    static constexpr base::Milliseconds kLookEvery{50};
    /// While Redis does not answer; the next heartbeat that it answers ends the pause.
    static constexpr base::Milliseconds kLookSeldom{1000};
    /// Younger ones are left to the instance that took the write.
    static constexpr base::Milliseconds kLeftAlone{30};
    static constexpr base::Milliseconds kErrandsEvery{25};
    /// A store that has answered none of at least two looks in so long is away, and not merely slow.
    static constexpr base::Milliseconds kStoreGoneAfter{3000};
    static constexpr int kDeliveredAtOnceMax = 500;
    /// Overflow rule: what is delivered beyond that is not noted, so that it is delivered once more by a relay.
    static constexpr std::size_t kDeliveredMax = 16384;

    /// The coroutines may throw base::Unavailable.
    struct Steps {
        /// What has been in the outbox for `age`, and who is in force.
        std::function<base::Awaitable<model::Undelivered>(base::Milliseconds age, int limit)> list;
        std::function<base::Awaitable<void>(model::NumbersById delivered, model::CacheServer told)> forget;
        std::function<base::Awaitable<void>(std::string run_id, model::CacheServer known)> set_in_force;
        /// Has this instance's own caches forget what is below.
        std::function<void(const std::string& id, std::int64_t floor)> heed;
        /// Tells Redis; whoever does that calls `delivered` or `distrust`.
        std::function<base::Awaitable<void>(std::string id, std::int64_t floor)> deliver;
        /// The `run_id` of the server that `deliver` would tell; empty when none answers, or it is not known.
        std::function<std::string()> server;
        /// A look has ended well: now a heartbeat proves something.
        std::function<void()> on_look = [] {};
        std::function<void(bool disagrees)> on_disagreement = [](bool) {};
        std::function<base::SteadyTime()> now = base::steady_now;  ///< thread-safe
    };

    /// Under which Redis may be asked.
    struct Belief {
        Reign reign;
        base::SteadyTime as_of;  ///< what was committed up to then Redis has been told
    };

    Relay(base::Executor executor, Steps steps)
        : look_timer_{executor}, errand_timer_{executor}, steps_{std::move(steps)} {}

    /// Looks, until `stop`.
    base::Awaitable<void> run();
    /// Removes what has been delivered and says who is in force, until `stop`: what the looks must not wait for.
    base::Awaitable<void> run_errands();
    void stop();

    /// A heartbeat that was sent at `asked` to `server` over the connection of that number has been answered. What that
    /// proves, if anything.
    std::optional<Proof> proven(base::SteadyTime asked, const std::string& server, std::uint64_t connection);

    /// Redis did not answer, or could not, or was not the one in force.
    void distrust() { ++failures_; }
    /// What Redis has may be served; nothing when it may not.
    std::optional<Belief> belief() const;
    /// The same while the store is away, and so nothing can have been edited but by who tells Redis.
    std::optional<Belief> belief_without_store() const;
    bool trusts_redis() const { return belief().has_value(); }
    /// This instance has told `server` of an invalidation itself.
    void delivered(std::string id, std::int64_t floor, const std::string& server);
    /// Whether this instance has another server than the one in force, and not just in passing.
    bool disagrees() const { return disagrees_; }

  private:
    /// A look that was complete.
    struct Look {
        base::SteadyTime complete;  ///< all that was committed before has been heeded, or Redis told of it
        base::SteadyTime ended;
    };

    /// What is to be put in force in the place of what.
    struct Change {
        std::string run_id;
        model::CacheServer known;
    };

    base::Awaitable<void> run_errand();
    base::Awaitable<void> look();
    void look_failed(base::SteadyTime began);
    void change_reign(const std::optional<Reign>& reign);
    void take_note(const model::CacheServer& in_force);
    std::optional<Belief> believe(base::SteadyTime as_of) const;

    base::Timer look_timer_;
    base::Timer errand_timer_;
    Steps steps_;
    Agreement agreement_;
    bool stopping_ = false;
    std::optional<Look> looked_;    ///< the last one under `reign_`
    std::optional<Change> change_;  ///< an errand
    bool look_at_once_ = false;
    bool seldom_ = false;
    int looks_failed_ = 0;  ///< in a row
    base::SteadyTime failing_since_;
    bool store_gone_ = false;
    std::uint64_t connection_ = 0;
    std::uint64_t stand_ = 0;
    std::atomic<bool> disagrees_{false};
    std::atomic<std::uint64_t> failures_{1};
    std::atomic<std::uint64_t> recovered_{0};  ///< the failures up to this one have been made up for

    mutable std::mutex mutex_;
    std::optional<Reign> reign_;                               ///< guarded by mutex_
    base::SteadyTime complete_;                                ///< guarded by mutex_
    base::SteadyTime heard_;                                   ///< guarded by mutex_
    std::unordered_map<std::string, std::int64_t> delivered_;  ///< guarded by mutex_; under `reign_`
};

}  // namespace snippetd::cache
