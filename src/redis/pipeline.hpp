#pragma once

#include "base/clock.hpp"
#include "base/completion.hpp"
#include "redis/reply.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

struct redisReader;

namespace snippetd::redis {

/// A command and its arguments; any bytes.
using Command = std::vector<std::string>;

/// What the server sent is not RESP, or answers what nobody asked: the connection is of no use any more.
class ProtocolError : public std::runtime_error {
  public:
    using std::runtime_error::runtime_error;
};

/// One connection's conversation without its socket: commands go out in their order, and replies come back in the same
/// order. A command whose deadline has passed is answered with Unavailable and keeps its place until its reply comes,
/// which is then dropped: a late reply never answers the wrong question, and an increment is never sent twice.
///
/// What a subscription brings (an array that begins with `message`) is nobody's reply and goes to its listener.
///
/// hiredis reads and writes the protocol. For one thread.
class Pipeline {
  public:
    /// Commands without a reply; `send` throws Unavailable beyond that.
    static constexpr std::size_t kWaitingMax = 8192;

    Pipeline();
    ~Pipeline();
    Pipeline(const Pipeline&) = delete;
    Pipeline& operator=(const Pipeline&) = delete;

    /// Appends the command to `output`. `done` gets the reply, an error reply too, or Unavailable. A command without a
    /// deadline gets one when it has been written: what waits here is not the server's fault.
    void send(const Command& command, std::optional<base::Deadline> deadline, base::Completion<Reply> done);

    /// What is to be written next.
    const std::string& output() const { return output_; }
    /// Swaps it with `written`, which is empty.
    void take_output(std::string& written);
    /// What was taken last has been written, now: whatever of it has no deadline is due in `patience`.
    void written(base::SteadyTime now, base::Milliseconds patience);

    /// Gets the payload of each message that a subscription brings.
    void on_message(std::function<void(std::string)> listener) { on_message_ = std::move(listener); }

    /// Takes what has been read. Throws ProtocolError.
    void receive(std::string_view bytes);

    /// Answers the commands whose deadline has passed. Returns how many these were.
    std::size_t expire(base::SteadyTime now);
    /// When the next command expires, if any waits.
    std::optional<base::SteadyTime> next_deadline() const;
    /// Since when the oldest command waits for its reply, expired or not: since it was written, if it has been.
    std::optional<base::SteadyTime> waiting_since() const;
    /// How many commands wait for their reply, expired or not.
    std::size_t waiting() const { return waiting_.size(); }
    /// How many have got it, on this connection.
    std::uint64_t answered() const { return answered_; }
    /// Whether the oldest of them has been written.
    bool first_is_written() const { return written_ > answered_; }
    /// Whether the next reply comes too late for whoever asked.
    bool overdue() const { return !waiting_.empty() && !waiting_.front().done; }

    /// Answers all that wait with Unavailable, and forgets the rest of the conversation: for the next connection.
    void reset(const std::string& reason);

  private:
    struct Waiting {
        base::SteadyTime sent;                        ///< when it was written, until then when it was to be sent
        base::Deadline deadline;                      ///< the end of time: none yet
        std::optional<base::Completion<Reply>> done;  ///< none: expired
    };
    struct FreeReader {
        void operator()(redisReader* reader) const;
    };

    std::unique_ptr<redisReader, FreeReader> reader_;
    std::deque<Waiting> waiting_;
    // These count commands from the first one of the connection on.
    std::uint64_t answered_ = 0;  ///< the number of the first in `waiting_`
    std::uint64_t written_ = 0;   ///< of the first that has not been written
    std::uint64_t taken_ = 0;     ///< of the first that is still in `output_`
    std::function<void(std::string)> on_message_;
    std::string output_;
};

}  // namespace snippetd::redis
