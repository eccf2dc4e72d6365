#pragma once

#include "base/clock.hpp"
#include "base/sieve_cache.hpp"
#include "cache/entry.hpp"

#include <cstdint>
#include <memory>
#include <string_view>
#include <utility>

namespace snippetd::cache {

/// Entries by id, bounded by bytes, for one thread at a time; with what their times and versions mean.
class EntryCache : public base::SieveCache<Entry> {
  public:
    using SieveCache::SieveCache;

    /// The entry, unless there is none, it is no longer valid at `now`, or its snippet has expired. (`peek` gives it
    /// however old it is.)
    std::shared_ptr<const Entry> find(std::string_view id, base::SteadyTime now) {
        return find_if(id, [now](const Entry& entry) { return entry.valid_until > now && !entry.expired(now); });
    }
    /// Keeps `whole` in the place of `entry`, if that is still there and `whole` is not too large; else does nothing.
    void replace(const std::shared_ptr<const Entry>& entry, std::shared_ptr<const Entry> whole) {
        if (!has_room_for(*whole) || peek(entry->id) != entry) return;
        whole->view_count.raise_to(entry->view_count);
        put(std::move(whole));
    }
    /// Erases the entry when its version is below `floor`.
    void erase_below(std::string_view id, std::int64_t floor) {
        erase_if(id, [floor](const Entry& entry) { return entry.version < floor; });
    }
};

}  // namespace snippetd::cache
