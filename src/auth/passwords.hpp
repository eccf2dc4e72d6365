#pragma once

#include "base/awaitable.hpp"
#include "base/thread_pool.hpp"

#include <string>

namespace snippetd::auth {

/// Argon2id (RFC 9106) with 19 MiB and two passes, OWASP's minimum: some tens of milliseconds and so much memory that
/// the number of them at a time is bounded: they run on a few threads of their own, behind a bounded queue.
class Passwords {
  public:
    static constexpr std::size_t kWaitingMax = 64;

    explicit Passwords(unsigned threads);
    /// See `base::ThreadPool::close`.
    void close() { threads_.close(); }

    /// Both throw base::Unavailable at once when the queue is full, or after `close`.
    base::Awaitable<std::string> hash(std::string password);
    base::Awaitable<bool> verify(std::string hash, std::string password);

    /// A hash that no password fits. Verifying against it takes as long as against any other, so that an unknown name
    /// cannot be told from a wrong password.
    const std::string& nobody() const { return nobody_; }

  private:
    base::ThreadPool threads_;
    std::string nobody_;
};

}  // namespace snippetd::auth
