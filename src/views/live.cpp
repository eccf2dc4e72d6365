#include "views/live.hpp"

#include <algorithm>

namespace snippetd::views {

LiveCounts::Outcome LiveCounts::Bound::enter(std::uint64_t client) {
    const std::lock_guard lock{mutex_};
    if (all_ >= max_) return Outcome::full;
    std::size_t& own = of_a_client_[client];
    const bool nearly_full = all_ >= max_ - max_ / 16;
    if (nearly_full && own >= std::max(max_ / 4, kOfAClientAlways)) return Outcome::client_full;
    ++own;
    ++all_;
    return Outcome::added;
}

void LiveCounts::Bound::leave(std::uint64_t client) {
    const std::lock_guard lock{mutex_};
    --all_;
    const auto own = of_a_client_.find(client);
    if (--own->second == 0) of_a_client_.erase(own);
}

LiveCounts::Outcome LiveCounts::add(const std::string& id, Listener& listener, std::uint64_t client) {
    const Outcome outcome = bound_.enter(client);
    if (outcome == Outcome::added) entries_[id].push_back({&listener, client});
    return outcome;
}

void LiveCounts::remove(const std::string& id, const Listener& listener) {
    const auto found = entries_.find(id);
    if (found == entries_.end()) return;
    auto& entries = found->second;
    const auto entry = std::find_if(entries.begin(), entries.end(),
                                    [&listener](const Entry& one) { return one.listener == &listener; });
    if (entry == entries.end()) return;
    bound_.leave(entry->client);
    entries.erase(entry);
    if (entries.empty()) entries_.erase(found);
}

void LiveCounts::publish(std::string_view id, std::int64_t count) {
    if (entries_.empty()) return;
    const auto found = entries_.find(std::string{id});
    if (found == entries_.end()) return;
    for (const Entry& entry : found->second) entry.listener->on_count(count);
}

}  // namespace snippetd::views
