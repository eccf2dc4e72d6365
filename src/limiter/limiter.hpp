#pragma once

#include "base/awaitable.hpp"
#include "base/clock.hpp"

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

/// How often one client may use the write routes, for the whole service and not per worker or instance.
namespace snippetd::limiter {

enum class Algorithm {
    fixed_window,    ///< a counter per window, aligned to the epoch; up to twice the quota across a boundary
    sliding_window,  ///< the previous window's counter weighs in by the part of it that the sliding window still covers
};

/// What happens to a request that cannot be counted because the central counters are out of reach.
enum class OnFailure {
    open,    ///< it is allowed: the service goes on without its limit
    local,   ///< this process counts alone: the limit holds for each instance
    closed,  ///< it is refused with 503
};

/// The policies that there are.
inline constexpr std::array<std::string_view, 4> kPolicyNames{"write", "anonymous", "login", "signup"};

/// One row of the policy table.
struct Policy {
    std::string name;         ///< one of kPolicyNames
    std::uint32_t quota = 0;  ///< at least 1
    base::Milliseconds window{60000};
    bool enabled = true;
    OnFailure on_failure = OnFailure::open;

    friend bool operator==(const Policy&, const Policy&) = default;
};

/// What was decided for one request.
struct Verdict {
    enum class Decision {
        allowed,
        limited,
        failed_open,  ///< allowed because the limiter could not tell
        refused,      ///< not allowed because the limiter could not tell, or is flooded: 503
    };
    static constexpr std::size_t kDecisions = 4;

    Decision decision = Decision::allowed;
    std::uint32_t remaining = 0;  ///< how many more the client may send now
    std::int64_t reset_s = 1;  ///< when limited: `Retry-After`; else until the window ends. Whole seconds, at least 1
    std::int64_t wait_ms = 0;  ///< when limited: until a lone client is admitted again

    bool admitted() const { return decision == Decision::allowed || decision == Decision::failed_open; }
};

class Limiter {
  public:
    virtual ~Limiter() = default;

    /// Charges one request of `client` to `policy`, atomically; a limited request is not charged. `client` is an
    /// account's id, `ip:ADDRESS` or `name:USERNAME`. Waits as long as the limiter itself allows, a fraction of a
    /// second, whatever `deadline` says, and never throws: what happens when the counters are out of reach is the
    /// limiter's decision, not an accident.
    virtual base::Awaitable<Verdict> take(const Policy& policy, std::string client, base::Deadline deadline) = 0;
};

}  // namespace snippetd::limiter
