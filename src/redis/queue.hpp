#pragma once

#include "base/clock.hpp"
#include "base/completion.hpp"
#include "base/error.hpp"
#include "redis/pipeline.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>

namespace snippetd::redis {

/// The server answers, and still more commands wait for it than it gets done in time: overload, not an outage. What is
/// done without Redis when it is away must not be had by flooding.
class Busy : public base::Unavailable {
  public:
    using Unavailable::Unavailable;
};

/// What waits for a connection, or for room on the one that there is, in the order in which it came; and how much may
/// be on its way, which says when there is room. It has no socket and no clock: it is told what happens.
///
/// A few small commands are on their way at a time, more wait here: so the time-out measures the server and not the
/// queue before it. Of bulk as many are as their answers, whose size is learnt, leave room for; there waiting counts as
/// time of the answer, since that is to be had elsewhere.
class Queue {
  public:
    static constexpr std::size_t kParkedMax = 8192;
    /// Of small commands on their way: more than a worker needs over a millisecond of network, and few enough to be
    /// done well within a time-out when all connections of many instances ask at the same time.
    static constexpr std::size_t kAwaitedMax = 16;
    /// How long one waits for room on a connection that works.
    static constexpr base::Milliseconds kQueuedMax{1000};

    static constexpr std::size_t kBulkParkedMax = 64;
    static constexpr std::size_t kBulkOutputMax = 8 * 1024 * 1024;        ///< bytes not yet written
    static constexpr std::size_t kBulkAwaitedBytesMax = 2 * 1024 * 1024;  ///< of answers, as far as can be told
    static constexpr base::Milliseconds kBulkPatienceMax{250};            ///< so that time is left to have it elsewhere
    static constexpr std::size_t kBulkAnswerGuess = 256 * 1024;           ///< bytes, before the first one

    struct Parked {
        Command words;
        base::SteadyTime since;
        base::Completion<Reply> done;
    };

    Queue(bool bulk, base::Milliseconds command_timeout) : bulk_{bulk}, command_timeout_{command_timeout} {}

    bool empty() const { return parked_.empty(); }
    std::size_t size() const { return parked_.size(); }
    /// How long whoever asks waits for an answer.
    base::Milliseconds patience() const;

    /// Whether there is room for one more beside `awaited` that are on their way.
    bool has_room(std::size_t awaited) const;
    /// Whether bulk is refused at once, with so many bytes not yet written.
    bool is_full(std::size_t output_bytes) const;

    /// Beyond the bound `done` gets Busy.
    void park(Command words, base::SteadyTime now, base::Completion<Reply> done);
    /// The first of them, of which there must be one.
    Parked take();
    /// When its answer is due, if that was said when it came: of bulk.
    std::optional<base::Deadline> deadline_of(const Parked& parked) const;
    /// Until when the first of them waits, if any does: for a new connection a time-out; longer where the server is
    /// `serving`.
    base::Deadline due(bool serving) const;
    /// Answers those that have waited too long. Returns whether there were any that no connection was there for.
    bool expire(base::SteadyTime now, bool serving);
    /// Answers all with Unavailable.
    void reject(const std::string& reason);

    /// So many bytes have come; `answers` have been whole on this connection so far.
    void received(std::size_t bytes, std::uint64_t answers);
    /// What comes next is another connection's.
    void connection_lost() { answers_ = unanswered_bytes_ = 0; }

  private:
    const bool bulk_;
    const base::Milliseconds command_timeout_;
    std::deque<Parked> parked_;  ///< the oldest first
    // Of bulk:
    std::size_t answer_bytes_ = kBulkAnswerGuess;  ///< what an answer may take
    std::size_t unanswered_bytes_ = 0;             ///< received of an answer that is not whole
    std::uint64_t answers_ = 0;                    ///< whole ones on this connection
};

}  // namespace snippetd::redis
