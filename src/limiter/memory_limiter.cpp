#include "limiter/memory_limiter.hpp"

#include "base/assert.hpp"
#include "limiter/window.hpp"

#include <algorithm>
#include <array>
#include <iterator>
#include <map>
#include <mutex>
#include <shared_mutex>
#include <tuple>
#include <unordered_map>
#include <utility>

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

        /// False when there is no room for one client more.
        bool add(const std::string& client, std::uint32_t cost) {
            const auto found = current.find(client);
            if (found == current.end() && current.size() >= kClientsPerShardMax) return false;
            (found == current.end() ? current[client] : found->second) += cost;
            return true;
        }
        void give_back(const std::string& client, std::uint32_t cost, std::int64_t charged) {
            if (charged != window && charged != window - 1) return;
            auto& counts = charged == window ? current : previous;
            const auto found = counts.find(client);
            if (found != counts.end()) found->second -= std::min<std::uint64_t>(found->second, cost);
        }
    };
    std::array<Shard, kShards> shards;
};

/// By the policy's name, its window and whom it is for, since one name may have several (`Override`); written only when
/// one is used for the first time.
struct MemoryLimiter::Tables {
    std::shared_mutex mutex;
    std::map<std::tuple<std::string, base::Milliseconds, std::string>, Table> by_policy;
};

MemoryLimiter::MemoryLimiter(Algorithm algorithm, std::function<base::UnixMillis()> clock)
    : algorithm_{algorithm}, clock_{std::move(clock)}, tables_{std::make_unique<Tables>()} {}

MemoryLimiter::~MemoryLimiter() = default;

MemoryLimiter::Table& MemoryLimiter::table(const Policy& policy) {
    {
        const std::shared_lock lock{tables_->mutex};
        if (const auto found = tables_->by_policy.find({policy.name, policy.window, policy.scope});
            found != tables_->by_policy.end()) {
            return found->second;
        }
    }
    const std::unique_lock lock{tables_->mutex};
    return tables_->by_policy[{policy.name, policy.window, policy.scope}];
}

Verdict MemoryLimiter::take_now(const Policy& policy, const std::string& client, std::uint32_t cost) {
    Table::Shard& shard = table(policy).shards[std::hash<std::string>{}(client) % kShards];
    const std::lock_guard lock{shard.mutex};
    const base::UnixMillis now = clock_();
    shard.turn_to(window_number(now, policy.window));
    const auto count_in = [&](const auto& map) {
        const auto found = map.find(client);
        return found == map.end() ? std::uint64_t{0} : found->second;
    };
    const WindowCounts counts{count_in(shard.previous), count_in(shard.current)};
    Verdict verdict = decide(algorithm_, policy, counts, now, cost);
    if (verdict.decision != Verdict::Decision::allowed) return verdict;
    if (!shard.add(client, cost)) verdict.decision = Verdict::Decision::failed_open;
    verdict.window = shard.window;
    return verdict;
}

void MemoryLimiter::owe(const Policy& policy, const std::string& client, std::uint32_t cost) {
    Table::Shard& shard = table(policy).shards[std::hash<std::string>{}(client) % kShards];
    const std::lock_guard lock{shard.mutex};
    shard.turn_to(window_number(clock_(), policy.window));
    shard.add(client, cost);
}

base::Awaitable<void> MemoryLimiter::give_back(const Policy& policy, std::string client, std::uint32_t cost,
                                               Verdict verdict) {
    give_back_now(policy, client, cost, verdict.window);
    co_return;
}

void MemoryLimiter::give_back_now(const Policy& policy, const std::string& client, std::uint32_t cost,
                                  std::int64_t window) {
    Table::Shard& shard = table(policy).shards[std::hash<std::string>{}(client) % kShards];
    const std::lock_guard lock{shard.mutex};
    shard.turn_to(window_number(clock_(), policy.window));
    shard.give_back(client, cost, window);
}

base::Awaitable<Verdict> MemoryLimiter::take(const Policy& policy, std::string client, std::uint32_t cost) {
    co_return take_now(policy, client, cost);
}

std::optional<Verdict> MemoryLimiter::take_near(const Policy& policy, const std::string& client, std::uint32_t cost) {
    return take_now(policy, client, cost);
}

CountedLimiter::CountedLimiter(std::unique_ptr<Limiter> next, base::Metrics& metrics)
    : next_{std::move(next)}, metrics_{metrics} {
    for (const std::string_view policy : kPolicyNames) counters_[std::string{policy}];
    counters_[std::string{kAddressPolicyName}];
}

base::Awaitable<Verdict> CountedLimiter::take(const Policy& policy, std::string client, std::uint32_t cost) {
    const Verdict verdict = co_await next_->take(policy, std::move(client), cost);
    count(policy, verdict.decision);
    co_return verdict;
}

std::optional<Verdict> CountedLimiter::take_near(const Policy& policy, const std::string& client, std::uint32_t cost) {
    const std::optional<Verdict> verdict = next_->take_near(policy, client, cost);
    if (verdict) count(policy, verdict->decision);
    return verdict;
}

base::Awaitable<void> CountedLimiter::give_back(const Policy& policy, std::string client, std::uint32_t cost,
                                                Verdict verdict) {
    return next_->give_back(policy, std::move(client), cost, verdict);
}

void CountedLimiter::owe(const Policy& policy, const std::string& client, std::uint32_t cost) {
    next_->owe(policy, client, cost);
}

void CountedLimiter::count(const Policy& policy, Verdict::Decision decision) {
    const auto found = counters_.find(policy.name);
    SNIPPETD_ASSERT(found != counters_.end(), std::string_view{policy.name});
    constexpr const char* kNames[] = {"allowed", "limited", "failed_open", "failed_closed", "shadowed"};
    static_assert(std::size(kNames) == kCounters);
    const bool shadowed = policy.shadow && decision == Verdict::Decision::limited;
    const std::size_t which = shadowed ? kCounters - 1 : static_cast<std::size_t>(decision);
    base::Counter* counter = found->second[which];
    if (!counter) {
        counter = &metrics_.counter("snippetd_ratelimit_decisions_total", "Decisions of the rate limiter.",
                                    {{"policy", policy.name}, {"decision", kNames[which]}});
        found->second[which] = counter;  // who comes at the same time finds the same one
    }
    counter->add();
}

}  // namespace snippetd::limiter
