#pragma once

#include "http/response.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

/// For http/ only.
namespace snippetd::http {

/// The sending side of one connection. Answers are gathered in a buffer that all connections of the worker share, so
/// that many small ones leave with one system call; what the peer does not take at once becomes the connection's own
/// backlog. Large content is not copied: it is sent from where it is, after all that has been gathered.
class Output {
  public:
    static constexpr std::size_t kGatheredBytesMax = 64 * 1024;

    enum class Outcome {
        sent,     ///< all of it is with the kernel
        waiting,  ///< the peer is slow to take it: to be called again when the socket is writable
        lost,     ///< the peer is gone
    };

    /// `gathered` is empty whenever another connection has its turn.
    explicit Output(std::string& gathered) : gathered_{gathered} {}

    /// What is appended here is sent behind what is there. Not after `add_large` until all is sent.
    std::string& gathered() { return gathered_; }
    /// The content of `response` is sent behind all that has been gathered.
    void add_large(Response response);

    /// Sends as much as the socket takes.
    Outcome send(int socket);
    /// Forgets what has not been sent: the connection is closed.
    void drop();

    /// What waits for the peer: in memory of its own, and in what others may have too.
    std::size_t own_bytes() const {
        return (backlog_.empty() ? 0 : backlog_.capacity()) + (large_ ? large_->body.capacity() : 0);
    }
    const void* shared() const { return large_ ? large_->owner.get() : nullptr; }
    std::size_t shared_bytes() const;

    bool has_gathered_enough() const { return gathered_.size() > kGatheredBytesMax; }

    /// How many bytes are sent but not taken by the peer's kernel.
    std::uint64_t count_untaken(int socket) const;
    /// How many it has taken since this was called last.
    std::uint64_t take_note(int socket);

  private:
    Outcome send_backlog(int socket);
    std::size_t left_of_large() const;

    std::string& gathered_;
    std::string backlog_;
    std::optional<Response> large_;
    std::size_t large_sent_ = 0;  ///< bytes of its content
    std::uint64_t sent_ = 0;      ///< bytes, to the kernel
    std::uint64_t taken_ = 0;     ///< of these, what the peer's kernel had taken when it was last asked for
};

}  // namespace snippetd::http
