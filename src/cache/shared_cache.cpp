#include "cache/shared_cache.hpp"

#include <algorithm>

namespace snippetd::cache {

SharedCache::SharedCache(std::size_t capacity) {
    for (auto& shard : shards_) shard = std::make_unique<Shard>(capacity / kShards);
}

std::shared_ptr<const Entry> SharedCache::copy(std::string_view id, base::SteadyTime now) {
    Shard& shard = shard_of(id);
    const std::lock_guard lock{shard.mutex};
    const std::shared_ptr<const Entry> entry = shard.entries.find(id, now);
    return entry ? std::make_shared<const Entry>(*entry) : nullptr;
}

std::shared_ptr<const Entry> SharedCache::copy_stale(std::string_view id) {
    Shard& shard = shard_of(id);
    const std::lock_guard lock{shard.mutex};
    const std::shared_ptr<const Entry> entry = shard.entries.find_stale(id);
    return entry ? std::make_shared<const Entry>(*entry) : nullptr;
}

void SharedCache::put(const std::shared_ptr<const Entry>& entry) {
    Shard& shard = shard_of(entry->id);
    const std::lock_guard lock{shard.mutex};
    const auto tombstone = shard.tombstones.find(entry->id);
    if (tombstone != shard.tombstones.end() && entry->version < tombstone->second.floor) return;
    shard.entries.put(entry);
}

std::int64_t SharedCache::floor(std::string_view id) {
    Shard& shard = shard_of(id);
    const std::lock_guard lock{shard.mutex};
    const auto tombstone = shard.tombstones.find(std::string{id});
    return tombstone == shard.tombstones.end() ? 0 : tombstone->second.floor;
}

void SharedCache::invalidate(std::string_view id, std::int64_t floor) {
    Shard& shard = shard_of(id);
    const std::lock_guard lock{shard.mutex};
    shard.entries.erase_below(id, floor);
    shard.bury(id, floor, base::steady_now());
}

void SharedCache::Shard::bury(std::string_view id, std::int64_t floor, base::SteadyTime now) {
    while (!burials.empty() && (burials.front().second <= now || burials.size() >= kTombstonesMax)) {
        const auto old = tombstones.find(burials.front().first);
        // A tombstone that has been renewed since is not this burial's any more.
        if (old != tombstones.end() && old->second.until == burials.front().second) tombstones.erase(old);
        burials.pop_front();
    }
    Tombstone& tombstone = tombstones[std::string{id}];
    tombstone.floor = std::max(tombstone.floor, floor);
    tombstone.until = now + kTombstoneKept;
    burials.emplace_back(id, tombstone.until);
}

void SharedCache::update_count(std::string_view id, std::int64_t count) {
    Shard& shard = shard_of(id);
    const std::lock_guard lock{shard.mutex};
    if (const auto entry = shard.entries.find_stale(id)) entry->view_count.raise_to(count);
}

}  // namespace snippetd::cache
