#pragma once

#include "base/clock.hpp"
#include "base/metrics.hpp"
#include "limiter/limiter.hpp"

#include <array>
#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

namespace snippetd::limiter {

/// Counters in this process, shared by all its workers: a limit is never multiplied by the number of cores.
///
/// Each policy has shards, each with a lock that is held for one map look-up; a shard keeps two maps, this window's and
/// the previous one's, and drops the older as a whole when the window turns, so nothing has to expire. A map holds at
/// most `kClientsPerShardMax` clients; when a flood of addresses fills one, further clients there are admitted
/// uncounted
/// (`failed_open`) until the window turns: the flood must not lock out the others.
class MemoryLimiter : public Limiter {
  public:
    static constexpr std::size_t kShards = 64;
    static constexpr std::size_t kClientsPerShardMax = 8192;

    /// `clock` gives milliseconds since the epoch; it may be set back, which at worst repeats a window.
    explicit MemoryLimiter(Algorithm algorithm, std::function<base::UnixMillis()> clock = base::unix_now_ms);
    ~MemoryLimiter() override;

    base::Awaitable<Verdict> take(const Policy& policy, std::string client, std::uint32_t cost) override;
    std::optional<Verdict> take_near(const Policy& policy, const std::string& client, std::uint32_t cost) override;
    base::Awaitable<void> give_back(const Policy& policy, std::string client, std::uint32_t cost,
                                    Verdict verdict) override;
    void owe(const Policy& policy, const std::string& client, std::uint32_t cost) override;

    /// The same, and always an answer.
    Verdict take_now(const Policy& policy, const std::string& client, std::uint32_t cost);
    /// `window`: the verdict's.
    void give_back_now(const Policy& policy, const std::string& client, std::uint32_t cost, std::int64_t window);

  private:
    struct Table;
    Table& table(const Policy& policy);

    Algorithm algorithm_;
    std::function<base::UnixMillis()> clock_;
    struct Tables;
    std::unique_ptr<Tables> tables_;
};

/// Counts `snippetd_ratelimit_decisions_total{policy,decision}` of whatever limiter it is put before. What a policy in
/// shadow would have refused is `shadowed`.
class CountedLimiter : public Limiter {
  public:
    CountedLimiter(std::unique_ptr<Limiter> next, base::Metrics& metrics);
    base::Awaitable<Verdict> take(const Policy& policy, std::string client, std::uint32_t cost) override;
    std::optional<Verdict> take_near(const Policy& policy, const std::string& client, std::uint32_t cost) override;
    base::Awaitable<void> give_back(const Policy& policy, std::string client, std::uint32_t cost,
                                    Verdict verdict) override;
    void owe(const Policy& policy, const std::string& client, std::uint32_t cost) override;

  private:
    /// By Decision, and of what a policy in shadow would have refused; null until it is first counted, and looked up
    /// only then.
    static constexpr std::size_t kCounters = Verdict::kDecisions + 1;
    using Counters = std::array<std::atomic<base::Counter*>, kCounters>;
    void count(const Policy& policy, Verdict::Decision decision);

    std::unique_ptr<Limiter> next_;
    base::Metrics& metrics_;
    std::map<std::string, Counters, std::less<>> counters_;  ///< by policy; all are there from the beginning
};

}  // namespace snippetd::limiter
