#pragma once

#include "base/awaitable.hpp"
#include "base/clock.hpp"
#include "base/timer.hpp"

#include <atomic>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace snippetd::cache {

/// Version floors by id, in no order.
using Floors = std::vector<std::pair<std::string, std::int64_t>>;

/// Sees to it that every committed invalidation reaches Redis. A write leaves its invalidation in the store's outbox,
/// in its own transaction. The instance that took the write delivers it and has it removed; what stays there, because
/// that instance was cut off or died, every instance's relay finds and delivers.
///
/// It also knows whether Redis may be believed. An instance that could not reach Redis may have missed to tell it
/// something, and so may others have: until all that the outbox holds afterwards has been delivered, what Redis has in
/// its cache is not served.
///
/// `run` and `proven` are for one thread; the rest is thread-safe.
class Relay {
  public:
    static constexpr base::Milliseconds kLookEvery{50};
    /// Younger ones are left to the instance that took the write.
    static constexpr base::Milliseconds kLeftAlone{30};
    static constexpr int kDeliveredAtOnceMax = 500;
    /// Overflow rule: what is delivered beyond that is not noted, so that it is delivered once more by a relay.
    static constexpr std::size_t kDeliveredMax = 16384;

    struct Steps {
        /// What has been in the outbox for `age`. May throw base::Unavailable, like the others.
        std::function<base::Awaitable<Floors>(base::Milliseconds age, int limit)> list;
        std::function<base::Awaitable<void>(Floors delivered)> forget;
        std::function<base::Awaitable<void>(std::string id, std::int64_t floor)> deliver;
    };

    Relay(base::Executor executor, Steps steps) : timer_{std::move(executor)}, steps_{std::move(steps)} {}

    /// Until `stop`.
    base::Awaitable<void> run();
    void stop();

    /// Redis did not answer, or could not.
    void distrust() { ++failures_; }
    /// The invalidation channel is known to have stood at `asked`.
    void proven(base::SteadyTime asked) { proven_ = asked.time_since_epoch().count(); }
    /// Whether what Redis has in its cache may be served.
    bool trusts_redis() const;
    /// This instance has delivered an invalidation itself.
    void delivered(std::string id, std::int64_t floor);

  private:
    bool channel_stands() const;
    base::Awaitable<void> forget_delivered();
    base::Awaitable<void> look();

    base::Timer timer_;
    Steps steps_;
    bool stopping_ = false;
    std::atomic<std::uint64_t> failures_{1};
    std::atomic<std::uint64_t> recovered_{0};  ///< the failures up to this one have been made up for
    std::atomic<base::SteadyTime::rep> proven_{0};
    std::mutex mutex_;
    std::unordered_map<std::string, std::int64_t> delivered_;  ///< guarded by mutex_
};

}  // namespace snippetd::cache
