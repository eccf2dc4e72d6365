#pragma once

#include "limiter/balances.hpp"
#include "limiter/limiter.hpp"
#include "limiter/memory_limiter.hpp"
#include "limiter/over_limit.hpp"
#include "redis/clients.hpp"

#include <atomic>
#include <optional>
#include <string>

namespace snippetd::limiter {

/// Counters in Redis, so that any number of instances enforce one limit.
///
/// `ratelimit:{client}:WINDOW` counts what was admitted of one client in one window; the braces are a Redis Cluster
/// hash tag. A decision is one script and one round trip, on Redis's clock. Of a policy that may be leased this process
/// takes some of a client's quota at once and deals it out by itself. A client over its limit is remembered here until
/// it is admitted again. When Redis is out of reach the policy's `on_failure` decides at once: nothing waits or is
/// tried again, since an increment whose answer was lost may have been made. When it is there and flooded, this process
/// counts alone what may be leased, and refuses the rest: a flood must not lift the limits.
class RedisLimiter : public Limiter {
  public:
    RedisLimiter(Algorithm algorithm, const redis::Clients& clients) : algorithm_{algorithm}, clients_{clients} {}

    /// Proves that a server takes what `take` sends.
    static redis::Probe probe();

    base::Awaitable<Verdict> take(const Policy& policy, std::string client, std::uint32_t cost) override;
    std::optional<Verdict> take_near(const Policy& policy, const std::string& client, std::uint32_t cost) override;
    base::Awaitable<void> give_back(const Policy& policy, std::string client, std::uint32_t cost,
                                    Verdict verdict) override;
    void owe(const Policy& policy, const std::string& client, std::uint32_t cost) override;

  private:
    base::Awaitable<Verdict> take_central(const Policy& policy, const std::string& client, std::uint32_t wanted,
                                          std::uint32_t cost);
    /// Redis's clock, as far as it is known.
    base::UnixMillis now() const;
    Balances::Window window_of(const Policy& policy) const;
    std::int64_t balance(const Policy& policy, const std::string& counted);
    void settle(const Policy& policy, const std::string& counted, Verdict& verdict, std::uint32_t taken,
                std::uint32_t cost);
    Verdict refuse(const Policy& policy, const std::string& counted, Verdict verdict, std::uint32_t needed,
                   std::uint32_t cost);
    Verdict count_alone(const Policy& policy, const std::string& client, std::uint32_t cost);
    base::Awaitable<Verdict> ask(const Policy& policy, const std::string& client, std::uint32_t cost);
    Verdict without_redis(const Policy& policy, const std::string& client, std::uint32_t cost);

    Algorithm algorithm_;
    const redis::Clients& clients_;
    OverLimit over_limit_;
    Balances balances_;
    MemoryLimiter local_{algorithm_};
    /// Redis's clock minus this machine's, in milliseconds, as of the last answer: only to name the right window, which
    /// the script checks.
    std::atomic<base::UnixMillis> clock_offset_{0};
};

}  // namespace snippetd::limiter
