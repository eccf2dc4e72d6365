#include "cache/shared_cache.hpp"

#include "base/assert.hpp"

#include <algorithm>

namespace snippetd::cache {

namespace {

std::shared_ptr<const Entry> copy_of(std::shared_ptr<const Entry> entry) {
    if (!entry || entry->bytes() > SharedCache::kCopiedBytesMax) return entry;
    return std::make_shared<const Entry>(*entry);
}

}  // namespace

SharedCache::SharedCache(std::size_t capacity) : capacity_{capacity} {
    for (auto& shard : shards_) shard = std::make_unique<Shard>(capacity);
}

SharedCache::~SharedCache() {
    std::size_t held = 0;
    for (const auto& shard : shards_) held += shard->entries.bytes();
    SNIPPETD_ASSERT(held == bytes_, held, bytes_.load());
}

template <class F>
void SharedCache::change(Shard& shard, std::size_t reserved, F act) {
    const std::lock_guard lock{shard.mutex};
    const std::size_t before = shard.entries.bytes();
    act();
    // The sum may wrap around in between, and comes out right.
    bytes_ += shard.entries.bytes() - before - reserved;
}

/// Reserves so many bytes, and evicts until there are. False when there cannot be: then nothing is reserved.
bool SharedCache::make_room(std::size_t bytes) {
    bytes_ += bytes;
    // A shard in which all has been read gets a second chance, as an entry in it does.
    constexpr std::size_t kFruitlessMax = 2 * kShards;
    for (std::size_t fruitless = 0; bytes_ > capacity_ && fruitless < kFruitlessMax;) {
        Shard& shard = *shards_[hand_++ % kShards];
        bool evicted = false;
        change(shard, 0, [&] { evicted = shard.entries.evict_unread(); });
        fruitless = evicted ? 0 : fruitless + 1;
    }
    if (bytes_ <= capacity_) return true;
    bytes_ -= bytes;
    return false;
}

std::shared_ptr<const Entry> SharedCache::copy(std::string_view id, base::SteadyTime now) {
    Shard& shard = shard_of(id);
    const std::lock_guard lock{shard.mutex};
    return copy_of(shard.entries.find(id, now));
}

std::shared_ptr<const Entry> SharedCache::copy_stale(std::string_view id) {
    Shard& shard = shard_of(id);
    const std::lock_guard lock{shard.mutex};
    return copy_of(shard.entries.peek(id));
}

void SharedCache::put(const std::shared_ptr<const Entry>& entry) {
    Shard& shard = shard_of(entry->id);
    const std::size_t size = entry->bytes();
    const bool fits = size <= capacity_ && make_room(size);
    change(shard, fits ? size : 0, [&] {
        const auto tombstone = shard.tombstones.find(entry->id);
        if (tombstone != shard.tombstones.end() && entry->version < tombstone->second.floor) return;
        if (fits) {
            shard.entries.put(entry);
        } else {
            shard.entries.erase(entry->id);
        }
    });
}

void SharedCache::replace(const std::shared_ptr<const Entry>& entry, const std::shared_ptr<const Entry>& whole) {
    const std::size_t added = whole->bytes() - std::min(whole->bytes(), entry->bytes());
    if (whole->bytes() > capacity_ || !make_room(added)) return;
    Shard& shard = shard_of(entry->id);
    change(shard, added, [&] { shard.entries.replace(entry, whole); });
}

std::int64_t SharedCache::floor(std::string_view id) {
    Shard& shard = shard_of(id);
    const std::lock_guard lock{shard.mutex};
    const auto tombstone = shard.tombstones.find(std::string{id});
    return tombstone == shard.tombstones.end() ? 0 : tombstone->second.floor;
}

void SharedCache::invalidate(std::string_view id, std::int64_t floor) {
    Shard& shard = shard_of(id);
    change(shard, 0, [&] {
        shard.entries.erase_below(id, floor);
        shard.bury(id, floor, base::steady_now());
    });
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
    if (const auto entry = shard.entries.peek(id)) entry->view_count.raise_to(count);
}

}  // namespace snippetd::cache
