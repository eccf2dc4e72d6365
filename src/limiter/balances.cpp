#include "limiter/balances.hpp"

#include <iterator>

namespace snippetd::limiter {

bool Balances::spend(const std::string& client, std::int64_t window, std::uint32_t cost) {
    Shard& shard = shard_of(client);
    const std::lock_guard lock{shard.mutex};
    const auto found = shard.balances.find(client);
    if (found == shard.balances.end() || found->second.window != window || found->second.amount < cost) return false;
    found->second.amount -= cost;
    return true;
}

void Balances::add(const std::string& client, std::int64_t window, std::int64_t amount) {
    Shard& shard = shard_of(client);
    const std::lock_guard lock{shard.mutex};
    Balance& balance = shard.balances[client];
    if (balance.window != window) balance = {window, 0};
    balance.amount += amount;
    if (balance.amount == 0) {
        shard.balances.erase(client);
    } else if (shard.balances.size() > kClientsPerShardMax) {
        const auto some = shard.balances.begin();
        shard.balances.erase(some->first == client ? std::next(some) : some);
    }
}

std::int64_t Balances::of(const std::string& client, std::int64_t window) {
    Shard& shard = shard_of(client);
    const std::lock_guard lock{shard.mutex};
    const auto found = shard.balances.find(client);
    return found != shard.balances.end() && found->second.window == window ? found->second.amount : 0;
}

}  // namespace snippetd::limiter
