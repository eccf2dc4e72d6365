#pragma once

#include "base/awaitable.hpp"
#include "base/clock.hpp"
#include "base/timer.hpp"
#include "model/numbers_by_id.hpp"
#include "redis/clients.hpp"

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace snippetd::cache {

/// What instances tell each other, as it is published: `floor ID N`, `counts ID N ID N …`.
std::string write_floor(const std::string& id, std::int64_t floor);
std::string write_counts(const model::NumbersById& totals);

/// This instance's end of the channel, and the heartbeat that proves it alive. For the thread of its executor.
class Channel {
  public:
    /// At least ten a second: a proof is good for `Trust::kSilenceMax`. One comes sooner after a look at the outbox,
    /// which proves nothing without it.
    static constexpr base::Milliseconds kHeartbeat{60};

    struct Listener {
        std::function<void(std::string id, std::int64_t floor)> on_floor;
        std::function<void(model::NumbersById totals)> on_counts;
        /// A heartbeat of `asked` has been answered by that server (its `run_id`; empty when it is not known) over the
        /// connection of that number: all that was published before has been handed to the other two.
        std::function<void(base::SteadyTime asked, const std::string& server, std::uint64_t connection)> on_proof;
        /// A heartbeat has not been answered in time, or there is no connection.
        std::function<void()> on_silence;
    };

    Channel(base::Executor executor, redis::Clients& clients, Listener listener);

    /// Until `stop`.
    base::Awaitable<void> run();
    void stop();
    /// Sends the next heartbeat at once, or as soon as the one that is under way has been answered.
    void beat_now();

    /// Takes a message as it comes; passes over what is none, with a warning.
    static void read(std::string_view message, const Listener& listener);

  private:
    base::Timer timer_;
    Listener listener_;
    redis::Clients::Owned client_;
    bool stopping_ = false;
    bool resting_ = false;
    bool beat_at_once_ = false;
};

}  // namespace snippetd::cache
