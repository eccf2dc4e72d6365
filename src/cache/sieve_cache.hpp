#pragma once

#include "base/clock.hpp"
#include "cache/entry.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include <boost/intrusive/list.hpp>
#include <boost/unordered/unordered_flat_map.hpp>

namespace snippetd::cache {

/// Entries by id, bounded by bytes, for one thread at a time.
///
/// It evicts by SIEVE (Zhang et al., NSDI 2024): one queue in the order of arrival and a hand that moves from the
/// oldest to the newest, evicting what has not been read since the hand last passed. A hit sets one bit and moves
/// nothing, which is as cheap as a hit can be, and a scan of ids that are read once flows through without displacing
/// what is popular (docs/decisions/0003-sieve.md says why not S3-FIFO or W-TinyLFU).
class SieveCache {
  public:
    /// `capacity` in bytes; 0 keeps nothing. An entry above half of it is not kept, so that one text does not displace
    /// all others.
    explicit SieveCache(std::size_t capacity) : SieveCache{capacity, capacity / 2} {}
    /// An entry above `entry_bytes_max` is not kept.
    SieveCache(std::size_t capacity, std::size_t entry_bytes_max)
        : capacity_{capacity}, entry_bytes_max_{entry_bytes_max} {}
    ~SieveCache() { clear(); }
    SieveCache(const SieveCache&) = delete;
    SieveCache& operator=(const SieveCache&) = delete;

    /// The entry, unless there is none, it is no longer valid at `now`, or its snippet has expired.
    std::shared_ptr<const Entry> find(std::string_view id, base::SteadyTime now);
    /// The entry, however old.
    std::shared_ptr<const Entry> find_stale(std::string_view id) const;
    /// Keeps `entry` in the place of any earlier one, and evicts others until it fits.
    void put(std::shared_ptr<const Entry> entry);
    /// Keeps `whole` in the place of `entry`, if that is still there and `whole` is not too large; else does nothing.
    void replace(const std::shared_ptr<const Entry>& entry, std::shared_ptr<const Entry> whole);
    /// Evicts what the hand finds first that has not been read since it last passed. False when all of it has, which
    /// the next call does not find so any more, or when there is none.
    bool evict_unread();
    void erase(std::string_view id);
    /// Erases the entry when its version is below `floor`.
    void erase_below(std::string_view id, std::int64_t floor);
    void clear();

    std::size_t bytes() const { return bytes_; }
    std::size_t size() const { return nodes_.size(); }
    std::uint64_t evictions() const { return evictions_; }

  private:
    struct Node : boost::intrusive::list_base_hook<> {
        std::shared_ptr<const Entry> entry;
        bool visited = false;
    };
    using Queue = boost::intrusive::list<Node>;

    void remove(Node& node);

    std::size_t capacity_;
    std::size_t entry_bytes_max_;
    std::size_t bytes_ = 0;
    std::uint64_t evictions_ = 0;
    boost::unordered_flat_map<std::string_view, std::unique_ptr<Node>> nodes_;  ///< keyed by the entry's own id
    Queue queue_;                                                               ///< newest first
    Queue::iterator hand_ = queue_.end();
};

}  // namespace snippetd::cache
