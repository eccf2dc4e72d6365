#include "base/memory_budget.hpp"

#include "base/assert.hpp"

#include <algorithm>

namespace snippetd::base {

namespace {

Counter& refused(Metrics& metrics, const char* whose) {
    return metrics.counter("snippetd_memory_refused_total",
                           "Requests and answers refused or cut off for the memory that they would hold: of a client "
                           "that has its share, or because there is no more.",
                           {{"whose", whose}});
}

}  // namespace

MemoryBudget::MemoryBudget(std::size_t bytes, std::size_t holding_max, Metrics& metrics)
    : bytes_max_{bytes},
      client_bytes_max_{std::max(bytes / 4, holding_max + kStepBytes)},
      client_refused_{refused(metrics, "client")},
      all_refused_{refused(metrics, "all")} {
    metrics.gauge("snippetd_memory_held_bytes", "Held by requests under way and by answers that are being taken.", {},
                  [this] { return static_cast<double>(this->bytes()); });
    metrics.gauge("snippetd_memory_max_bytes", "What these may hold at most (--memory-max).", {},
                  [bytes] { return static_cast<double>(bytes); });
}

MemoryBudget::Outcome MemoryBudget::Holding::set(std::size_t bytes, const Groups& groups) {
    const std::size_t wanted = (bytes + kStepBytes - 1) / kStepBytes * kStepBytes;
    if (wanted == bytes_) return Outcome::granted;
    const bool large = wanted > kSmallBytesMax;
    if (wanted < bytes_) {
        for (const Group& group : groups_) budget_.give_back_for(group, large ? bytes_ - wanted : bytes_);
        if (!large) groups_.clear();
        budget_.bytes_.fetch_sub(bytes_ - wanted);
        bytes_ = wanted;
        return Outcome::granted;
    }
    const std::size_t grown = wanted - bytes_;
    if (!budget_.take(grown, large ? budget_.large_bytes_max() : budget_.bytes_max())) {
        budget_.all_refused_.add();
        return Outcome::all_full;
    }
    if (large) {
        const bool first = groups_.empty();
        if (first) groups_ = groups();
        if (!budget_.take_for_all(groups_, first ? wanted : grown)) {
            if (first) groups_.clear();
            budget_.bytes_.fetch_sub(grown);
            budget_.client_refused_.add();
            return Outcome::client_full;
        }
    }
    bytes_ = wanted;
    return Outcome::granted;
}

void MemoryBudget::Holding::release() {
    if (bytes_ > 0) set(0, {});
}

bool MemoryBudget::take(std::size_t bytes, std::size_t bytes_max) {
    if (bytes_.fetch_add(bytes) + bytes <= bytes_max) return true;
    bytes_.fetch_sub(bytes);
    return false;
}

bool MemoryBudget::take_for_all(const std::vector<Group>& groups, std::size_t bytes) {
    for (std::size_t i = 0; i < groups.size(); ++i) {
        if (take_for(groups[i], bytes)) continue;
        while (i > 0) give_back_for(groups[--i], bytes);
        return false;
    }
    return true;
}

bool MemoryBudget::take_for(const Group& group, std::size_t bytes) {
    Shard& shard = shard_of(group.key);
    const std::lock_guard lock{shard.mutex};
    std::size_t& held = shard.bytes[group.key];
    if (held + bytes <= client_bytes_max() * group.shares) {
        held += bytes;
        return true;
    }
    if (held == 0) shard.bytes.erase(group.key);
    return false;
}

void MemoryBudget::give_back_for(const Group& group, std::size_t bytes) {
    Shard& shard = shard_of(group.key);
    const std::lock_guard lock{shard.mutex};
    const auto held = shard.bytes.find(group.key);
    SNIPPETD_ASSERT(held != shard.bytes.end() && held->second >= bytes, bytes);
    held->second -= bytes;
    if (held->second == 0) shard.bytes.erase(held);
}

}  // namespace snippetd::base
