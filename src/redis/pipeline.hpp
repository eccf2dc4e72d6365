#pragma once

#include "base/clock.hpp"
#include "base/completion.hpp"
#include "redis/reply.hpp"

#include <cstddef>
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

    /// Appends the command to `output`. `done` gets the reply, an error reply too, or Unavailable.
    void send(const Command& command, base::Deadline deadline, base::Completion<Reply> done);

    /// What is to be written next, to be taken away by whoever writes it.
    std::string& output() { return output_; }

    /// Gets the payload of each message that a subscription brings.
    void on_message(std::function<void(std::string)> listener) { on_message_ = std::move(listener); }

    /// Takes what has been read. Throws ProtocolError.
    void receive(std::string_view bytes);

    /// Answers the commands whose deadline has passed. Returns how many these were.
    std::size_t expire(base::SteadyTime now);
    /// When the next command expires, if any waits.
    std::optional<base::SteadyTime> next_deadline() const;
    /// Since when the oldest command waits for its reply, expired or not.
    std::optional<base::SteadyTime> waiting_since() const;

    /// Answers all that wait with Unavailable, and forgets the rest of the conversation: for the next connection.
    void reset(const std::string& reason);

  private:
    struct Waiting {
        base::SteadyTime sent;
        base::Deadline deadline;
        std::optional<base::Completion<Reply>> done;  ///< none: expired
    };
    struct FreeReader {
        void operator()(redisReader* reader) const;
    };

    std::unique_ptr<redisReader, FreeReader> reader_;
    std::deque<Waiting> waiting_;
    std::function<void(std::string)> on_message_;
    std::string output_;
};

}  // namespace snippetd::redis
