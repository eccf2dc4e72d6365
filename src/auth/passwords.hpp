#pragma once

#include "base/awaitable.hpp"
#include "base/thread_pool.hpp"

#include <memory>
#include <string>

namespace snippetd::auth {

/// Argon2id (RFC 9106) with 19 MiB and two passes, OWASP's minimum: some tens of milliseconds and so much memory that
/// the number of them at a time is bounded: they run on a few threads of their own, behind a bounded queue.
class Passwords {
  public:
    static constexpr std::size_t kWaitingMax = 64;

    /// `meter` may be null.
    explicit Passwords(unsigned threads, std::shared_ptr<base::QueueMeter> meter = nullptr);
    /// See `base::ThreadPool::close`.
    void close() { threads_.close(); }

    /// See `base::ThreadPool::has_room`.
    bool has_room(const base::Party& party) { return threads_.has_room(party); }

    enum class Match {
        none,
        full,
        as_typed,  ///< only as it was typed: the hash is from before passwords were prepared, or by another keyboard
    };

    /// Both throw base::Unavailable when too many wait, of the same party or all together, or after `close`. `password`
    /// is one that `base::opaque_string` has prepared.
    base::Awaitable<std::string> hash(std::string password, base::Party party);
    /// `password` as it was typed.
    base::Awaitable<Match> verify(std::string hash, std::string password, base::Party party);

    /// A hash that no password fits. Verifying against it takes as long as a wrong password does against any other, so
    /// that an unknown name cannot be told from it.
    const std::string& nobody() const { return nobody_; }

  private:
    base::ThreadPool threads_;
    std::string nobody_;
};

}  // namespace snippetd::auth
