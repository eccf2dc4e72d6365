#pragma once

#include <chrono>
#include <optional>
#include <string_view>

namespace snippetd::cli {

using Milliseconds = std::chrono::milliseconds;

/// How long a `Retry-After` (RFC 9110 section 10.2.3) asks to wait: whole seconds or an HTTP date, of which one in the
/// past is zero. Nothing when it is neither.
std::optional<Milliseconds> parse_retry_after(std::string_view value, std::chrono::sys_seconds now);

/// Decides whether a request that failed is worth another attempt, and when. No clock and no randomness of its own.
class Retries {
  public:
    struct Next {
        enum class Verdict {
            wait,      ///< for `wait_ms`, then try again
            used_up,   ///< there were enough attempts
            too_late,  ///< the wait would end after the deadline
        };
        Verdict verdict;
        Milliseconds wait;  ///< with too_late: what was asked for
    };

    Retries(int retries_max, Milliseconds total) : retries_max_{retries_max}, total_{total} {}

    /// After a failed attempt, `elapsed` since the first one began. Waits as long as the server asks, else twice as
    /// long each time up to eight seconds, shortened by up to a half by `jitter`, from 0 to 1.
    Next after_failure(Milliseconds elapsed, std::optional<Milliseconds> asked, double jitter);

    int retries_made() const { return retries_made_; }

  private:
    int retries_max_;
    Milliseconds total_;
    int retries_made_ = 0;
};

}  // namespace snippetd::cli
