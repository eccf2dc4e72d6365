#pragma once

#include "base/clock.hpp"
#include "http/pace.hpp"
#include "http/server_options.hpp"

#include <cstdint>

/// For http/ only.
namespace snippetd::http {

/// Until when a connection has to make progress, by what it waits for. There is no timer for each: the server looks a
/// few times a second who is late. A state machine without sockets: it is told the time and what has moved. What moves
/// at a pace (`Pace`) does so as the kernel knows it: what it still holds has not been taken.
class Deadlines {
  public:
    enum class Wait {
        request,    ///< the first byte of one; idle
        header,     ///< the rest of one
        body,       ///< more of one, at a pace
        answer,     ///< the service, whose own deadlines bound it
        taking,     ///< the peer, which has to take an answer at a pace
        lingering,  ///< the end of what the peer still sends, at a pace
    };
    enum class Verdict {
        in_time,
        late,  ///< with a request: it is refused
        over,  ///< nobody is there to be told
    };
    /// Nobody who has sent a whole request needs long to see that the answer is the last one.
    static constexpr Pace::Bounds kShortLinger{base::Milliseconds{2000}, 0};

    /// `options` outlive it.
    explicit Deadlines(const ServerOptions& options, base::SteadyTime now);

    Wait wait() const { return wait_; }
    /// From now on it waits for that. To go on waiting for the same header, or body, is no new beginning.
    void begin(Wait wait, base::SteadyTime now);
    /// Likewise, `lingering`: in a hurry when nothing more has to come.
    void begin_lingering(bool hurried, base::SteadyTime now);
    /// While it lingers.
    void hurry(base::SteadyTime now);
    /// A request was answered; what is waited for now says the next `begin`.
    void end_request() { wait_ = Wait::request; }

    /// Bytes that it waits for have come, or have been taken.
    void moved(std::uint64_t bytes, base::SteadyTime now) { pace_.moved(bytes, now); }

    bool is_due(base::SteadyTime now) const { return now >= deadline_; }
    /// To be asked when it is due. `taken` are the bytes that the peer's kernel has taken since the last time, of those
    /// that were sent; `untaken` are left.
    Verdict judge(base::SteadyTime now, std::uint64_t taken, std::uint64_t untaken);
    bool has_lingered_enough(base::SteadyTime now) const { return now >= linger_ends_; }

  private:
    void look_again(base::SteadyTime now);

    const ServerOptions& options_;
    Wait wait_ = Wait::request;
    base::SteadyTime deadline_;
    base::SteadyTime linger_ends_{};
    Pace pace_;
};

}  // namespace snippetd::http
