#pragma once

#include "base/awaitable.hpp"
#include "base/clock.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// How often one client may use what costs, for the whole service and not per worker or instance.
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

/// The policies that there are: of writes, then of what passwords are guessed at, then of reads.
inline constexpr std::array<std::string_view, 10> kPolicyNames{"write",  "anonymous", "login",  "signup", "read",
                                                               "search", "list",      "render", "export", "egress"};

/// And one that follows from `write`: what the writes of accounts are charged to their address.
inline constexpr std::string_view kAddressPolicyName = "address";

/// One row of the policy table.
struct Policy {
    std::string name;         ///< one of kPolicyNames, or kAddressPolicyName
    std::uint32_t quota = 0;  ///< at least 1
    base::Milliseconds window{60000};
    bool enabled = true;
    OnFailure on_failure = OnFailure::open;
    bool shadow = false;  ///< it decides, which is counted, and refuses nobody
    /// Whether a process may take a part of the quota for a client at once, and deal it out itself: exact for one
    /// instance, and for several but for what the others have left of theirs.
    bool leased = false;

    std::string scope{};  ///< of a rate for some (`Override`): whom it is for, who are counted apart; else empty

    /// What its quota and what it is charged are in; 0 for requests.
    std::uint32_t unit_bytes = 0;
    /// Whether what comes from this machine is not charged: a proxy that nobody has told of would be all its clients in
    /// one, and a policy that nobody has asked for must not be in their way.
    bool spares_loopback = false;

    /// What is taken at once.
    std::uint32_t lease() const { return leased && quota >= 2 * kLeasesOfQuota ? quota / kLeasesOfQuota : 1; }
    static constexpr std::uint32_t kLeasesOfQuota = 32;

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
    /// The number of the window that was looked at, to which it is charged when it is allowed; -1 when this process
    /// has counted alone.
    std::int64_t window = -1;

    bool admitted() const { return decision == Decision::allowed || decision == Decision::failed_open; }
};

class Limiter {
  public:
    virtual ~Limiter() = default;

    /// Charges what `client` asks for to `policy`, atomically; what is limited is not charged. `client` is an account's
    /// id, `ip:ADDRESS`, `name:USERNAME` or `token:ID`; `cost` is from 1 to the policy's quota. Waits as long as the
    /// limiter itself allows, a fraction of a second, and never throws: what happens when the counters are out of reach
    /// is the limiter's decision, not an accident.
    virtual base::Awaitable<Verdict> take(const Policy& policy, std::string client, std::uint32_t cost) = 0;
    /// The same where it takes no wait; nothing, and nothing is charged, where it does.
    virtual std::optional<Verdict> take_near(const Policy& policy, const std::string& client, std::uint32_t cost) = 0;
    /// Undoes a charge that was admitted a moment ago, as `verdict` says. Waits as `take` does, and never throws.
    virtual base::Awaitable<void> give_back(const Policy& policy, std::string client, std::uint32_t cost,
                                            Verdict verdict) = 0;
    /// Charges what `client` has had already, and whose cost was not known before. It may be more than the quota: then
    /// the client waits for as long as it takes. Returns at once and never throws.
    virtual void owe(const Policy& policy, const std::string& client, std::uint32_t cost) = 0;
};

/// One of the things that a request is charged to.
struct Charge {
    const Policy* policy = nullptr;
    std::string client;
    std::uint32_t cost = 1;
};

/// Charges all, or none when one of them is not admitted by a policy that is not in shadow. What has to be looked up
/// is looked up at the same time: a request waits for one round trip, however many policies it meets. Answers a verdict
/// for each; one that was not asked for, since another one refuses, is `allowed`.
base::Awaitable<std::vector<Verdict>> take_all(Limiter& limiter, std::vector<Charge> charges);

}  // namespace snippetd::limiter
