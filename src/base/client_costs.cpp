#include "base/client_costs.hpp"

#include <algorithm>

namespace snippetd::base {

void ClientCosts::add_locked(const Party& party, std::chrono::nanoseconds spent) {
    if (party.client == 0) return;
    total_ += spent;
    auto found = counters_.find(party.client);
    if (found == counters_.end() && counters_.size() < kCounters) found = counters_.try_emplace(party.client).first;
    if (found == counters_.end()) {
        const auto least = std::min_element(counters_.begin(), counters_.end(), [](const auto& one, const auto& other) {
            return one.second.spent < other.second.spent;
        });
        const std::chrono::nanoseconds taken_over = least->second.spent;
        counters_.erase(least);
        found = counters_.try_emplace(party.client, Counter{{}, taken_over, taken_over}).first;
    }
    found->second.spent += spent;
}

void ClientCosts::name(std::uint64_t client, std::string_view name) {
    const std::lock_guard lock{mutex_};
    const auto found = counters_.find(client);
    if (found != counters_.end() && found->second.name.empty()) found->second.name = name;
}

std::vector<ClientCosts::Cost> ClientCosts::top(std::size_t count) const {
    std::vector<Cost> all;
    {
        const std::lock_guard lock{mutex_};
        for (const auto& [client, counter] : counters_) {
            all.push_back({client, counter.name, counter.spent, counter.too_much});
        }
    }
    const auto costs_more = [](const Cost& one, const Cost& other) { return one.spent > other.spent; };
    const std::size_t shown = std::min(count, all.size());
    std::partial_sort(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(shown), all.end(), costs_more);
    all.resize(shown);
    return all;
}

std::chrono::nanoseconds ClientCosts::total() const {
    const std::lock_guard lock{mutex_};
    return total_;
}

void ClientCosts::age() {
    const std::lock_guard lock{mutex_};
    total_ /= 2;
    for (auto& [client, counter] : counters_) {
        counter.spent /= 2;
        counter.too_much /= 2;
    }
}

}  // namespace snippetd::base
