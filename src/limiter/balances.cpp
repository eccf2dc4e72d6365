#include "limiter/balances.hpp"

#include <cstdlib>

namespace snippetd::limiter {

namespace {
constexpr base::UnixMillis kSweepEvery = 1000;
}  // namespace

Balances::Balance* Balances::find_or_make(Shard& shard, const std::string& client, base::UnixMillis now) {
    const auto found = shard.balances.find(client);
    if (found != shard.balances.end()) return &found->second;
    if (shard.balances.size() >= kClientsPerShardMax && std::abs(now - shard.swept_at) >= kSweepEvery) {
        shard.swept_at = now;
        std::erase_if(shard.balances,
                      [now](const auto& one) { return !one.second.leasing && one.second.window.ends_at <= now; });
    }
    if (shard.balances.size() >= kClientsPerShardMax) return nullptr;
    return &shard.balances[client];
}

void Balances::forget_if_empty(Shard& shard, const std::string& client) {
    const auto found = shard.balances.find(client);
    if (found != shard.balances.end() && found->second.amount == 0 && !found->second.leasing) {
        shard.balances.erase(found);
    }
}

bool Balances::spend(const std::string& client, Window window, std::uint32_t cost) {
    Shard& shard = shard_of(client);
    const std::lock_guard lock{shard.mutex};
    const auto found = shard.balances.find(client);
    if (found == shard.balances.end() || found->second.window.number != window.number || found->second.amount < cost)
        return false;
    found->second.amount -= cost;
    forget_if_empty(shard, client);
    return true;
}

void Balances::add(const std::string& client, Window window, std::int64_t amount, base::UnixMillis now) {
    Shard& shard = shard_of(client);
    const std::lock_guard lock{shard.mutex};
    Balance* const balance = find_or_make(shard, client, now);
    if (!balance || window.number < balance->window.number) return;
    if (window.number > balance->window.number) balance->amount = 0;
    balance->window = window;
    balance->amount += amount;
    forget_if_empty(shard, client);
}

std::int64_t Balances::of(const std::string& client, Window window) {
    Shard& shard = shard_of(client);
    const std::lock_guard lock{shard.mutex};
    const auto found = shard.balances.find(client);
    const bool is_of_it = found != shard.balances.end() && found->second.window.number == window.number;
    return is_of_it ? found->second.amount : 0;
}

bool Balances::begin_lease(const std::string& client, base::UnixMillis now) {
    Shard& shard = shard_of(client);
    const std::lock_guard lock{shard.mutex};
    Balance* const balance = find_or_make(shard, client, now);
    if (!balance || balance->leasing) return false;
    balance->leasing = true;
    return true;
}

void Balances::end_lease(const std::string& client) {
    Shard& shard = shard_of(client);
    const std::lock_guard lock{shard.mutex};
    const auto found = shard.balances.find(client);
    if (found == shard.balances.end()) return;
    found->second.leasing = false;
    forget_if_empty(shard, client);
}

}  // namespace snippetd::limiter
