#include "limiter/memory_limiter.hpp"

#include "base/assert.hpp"
#include "limiter/window.hpp"

#include <array>
#include <iterator>
#include <map>
#include <mutex>
#include <shared_mutex>
#include <unordered_map>

namespace snippetd::limiter {

struct MemoryLimiter::Table {
    struct Shard {
        std::mutex mutex;
        std::int64_t window = 0;
        std::unordered_map<std::string, std::uint64_t> current;
        std::unordered_map<std::string, std::uint64_t> previous;

        void turn_to(std::int64_t now_window) {
            if (now_window == window) return;
            if (now_window == window + 1) {
                previous = std::move(current);
            } else {
                previous = {};
            }
            current = {};
            window = now_window;
        }
    };
    std::array<Shard, kShards> shards;
};

/// By policy name; written only when a policy is used for the first time.
struct MemoryLimiter::Tables {
    std::shared_mutex mutex;
    std::map<std::string, Table> by_policy;
};

MemoryLimiter::MemoryLimiter(Algorithm algorithm, std::function<base::UnixMillis()> clock)
    : algorithm_{algorithm}, clock_{std::move(clock)}, tables_{std::make_unique<Tables>()} {}

MemoryLimiter::~MemoryLimiter() = default;

MemoryLimiter::Table& MemoryLimiter::table(const Policy& policy) {
    {
        const std::shared_lock lock{tables_->mutex};
        if (const auto found = tables_->by_policy.find(policy.name); found != tables_->by_policy.end()) {
            return found->second;
        }
    }
    const std::unique_lock lock{tables_->mutex};
    return tables_->by_policy[policy.name];
}

Verdict MemoryLimiter::take_now(const Policy& policy, const std::string& client) {
    Table::Shard& shard = table(policy).shards[std::hash<std::string>{}(client) % kShards];
    const std::lock_guard lock{shard.mutex};
    const base::UnixMillis now = clock_();
    shard.turn_to(window_number(now, policy.window));
    const auto count_in = [&](const auto& map) {
        const auto found = map.find(client);
        return found == map.end() ? std::uint64_t{0} : found->second;
    };
    const WindowCounts counts{count_in(shard.previous), count_in(shard.current)};
    Verdict verdict = decide(algorithm_, policy, counts, now);
    if (verdict.decision != Verdict::Decision::allowed) return verdict;
    if (counts.current == 0 && shard.current.size() >= kClientsPerShardMax) {
        verdict.decision = Verdict::Decision::failed_open;
        return verdict;
    }
    ++shard.current[client];
    return verdict;
}

base::Awaitable<Verdict> MemoryLimiter::take(const Policy& policy, std::string client, base::Deadline) {
    co_return take_now(policy, client);
}

CountedLimiter::CountedLimiter(std::unique_ptr<Limiter> next, base::Metrics& metrics)
    : next_{std::move(next)}, metrics_{metrics} {
    for (const std::string_view policy : kPolicyNames) counters_[std::string{policy}];
}

base::Awaitable<Verdict> CountedLimiter::take(const Policy& policy, std::string client, base::Deadline deadline) {
    const auto counters = counters_.find(policy.name);
    SNIPPETD_ASSERT(counters != counters_.end(), std::string_view{policy.name});
    const Verdict verdict = co_await next_->take(policy, std::move(client), deadline);
    count(policy, counters->second, verdict.decision);
    co_return verdict;
}

void CountedLimiter::count(const Policy& policy, Counters& counters, Verdict::Decision decision) {
    constexpr const char* kNames[] = {"allowed", "limited", "failed_open", "failed_closed"};
    static_assert(std::size(kNames) == Verdict::kDecisions);
    const auto which = static_cast<std::size_t>(decision);
    base::Counter* counter = counters[which];
    if (!counter) {
        counter = &metrics_.counter("snippetd_ratelimit_decisions_total", "Decisions of the rate limiter.",
                                    {{"policy", policy.name}, {"decision", kNames[which]}});
        counters[which] = counter;  // who comes at the same time finds the same one
    }
    counter->add();
}

}  // namespace snippetd::limiter
