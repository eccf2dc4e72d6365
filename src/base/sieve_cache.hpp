#pragma once

#include "base/assert.hpp"

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <memory>
#include <string_view>
#include <utility>

#include <boost/intrusive/list.hpp>
#include <boost/unordered/unordered_flat_map.hpp>

namespace snippetd::base {

/// What can be kept: it says under which key and what that costs. Both stay as they are while it is kept.
template <class T>
concept Cacheable = requires(const T& value) {
    { value.cache_key() } -> std::convertible_to<std::string_view>;
    { value.bytes() } -> std::convertible_to<std::size_t>;
};

/// Values by key, bounded by bytes, for one thread at a time.
///
/// It evicts by SIEVE (Zhang et al., NSDI 2024): one queue in the order of arrival and a hand that moves from the
/// oldest to the newest, evicting what has not been read since the hand last passed. A hit sets one bit and moves
/// nothing, which is as cheap as a hit can be, and a scan of keys that are read once flows through without displacing
/// what is popular (docs/decisions/0003-sieve.md says why not S3-FIFO or W-TinyLFU).
///
/// What a value is worth (a version, a time until which it holds) is its owner's to judge: `find_if`, `erase_if`.
template <Cacheable T>
class SieveCache {
  public:
    using Pointer = std::shared_ptr<const T>;

    /// `capacity` in bytes; 0 keeps nothing. A value above half of it is not kept, so that one does not displace all
    /// others.
    explicit SieveCache(std::size_t capacity) : SieveCache{capacity, capacity / 2} {}
    /// A value above `value_bytes_max` is not kept; at most `capacity`.
    SieveCache(std::size_t capacity, std::size_t value_bytes_max)
        : capacity_{capacity}, value_bytes_max_{value_bytes_max} {
        SNIPPETD_ASSERT(value_bytes_max <= capacity, value_bytes_max, capacity);
    }
    ~SieveCache() { clear(); }
    SieveCache(const SieveCache&) = delete;
    SieveCache& operator=(const SieveCache&) = delete;

    /// The value, which has been read then; null when there is none.
    Pointer find(std::string_view key) {
        return find_if(key, [](const T&) { return true; });
    }
    /// The same, unless `usable` says no.
    template <std::predicate<const T&> Usable>
    Pointer find_if(std::string_view key, Usable usable) {
        const auto found = nodes_.find(key);
        if (found == nodes_.end()) return nullptr;
        Node& node = *found->second;
        if (!usable(*node.value)) return nullptr;
        node.visited = true;
        return node.value;
    }
    /// The value, which does not count as read.
    Pointer peek(std::string_view key) const {
        const auto found = nodes_.find(key);
        return found == nodes_.end() ? nullptr : found->second->value;
    }

    /// Whether `put` would keep it.
    bool has_room_for(const T& value) const { return value.bytes() <= value_bytes_max_; }
    /// Keeps `value` in the place of any earlier one, and evicts others until it fits.
    void put(Pointer value) {
        erase(value->cache_key());
        const std::size_t size = value->bytes();
        if (size > value_bytes_max_) return;
        while (bytes_ + size > capacity_) {
            SNIPPETD_ASSERT(!nodes_.empty(), bytes_, size);
            evict_unread();
        }
        auto node = std::make_unique<Node>();
        node->value = std::move(value);
        node->bytes = size;
        queue_.push_front(*node);
        bytes_ += size;
        const std::string_view key = node->value->cache_key();
        nodes_.emplace(key, std::move(node));
    }
    /// Evicts what the hand finds first that has not been read since it last passed. False when all of it has, which
    /// the next call does not find so any more, or when there is none.
    bool evict_unread() {
        for (std::size_t passed = 0; passed < nodes_.size(); ++passed) {
            if (hand_ == queue_.end()) hand_ = std::prev(queue_.end());
            Node& node = *hand_;
            if (!node.visited) {
                ++evictions_;
                remove(node);
                return true;
            }
            node.visited = false;
            hand_ = next_of(hand_);
        }
        return false;
    }
    void erase(std::string_view key) {
        erase_if(key, [](const T&) { return true; });
    }
    /// Erases the value of the key, if `condition` says so.
    template <std::predicate<const T&> Condition>
    void erase_if(std::string_view key, Condition condition) {
        const auto found = nodes_.find(key);
        if (found != nodes_.end() && condition(*found->second->value)) remove(*found->second);
    }
    /// Erases all of which `condition` says so: looks at each.
    template <std::predicate<const T&> Condition>
    void erase_all_if(Condition condition) {
        for (auto at = queue_.begin(); at != queue_.end();) {
            Node& node = *at++;
            if (condition(*node.value)) remove(node);
        }
    }
    void clear() {
        while (!queue_.empty()) remove(queue_.back());
        SNIPPETD_ASSERT(bytes_ == 0 && nodes_.empty(), bytes_, nodes_.size());
    }

    std::size_t bytes() const { return bytes_; }
    std::size_t size() const { return nodes_.size(); }
    std::uint64_t evictions() const { return evictions_; }

  private:
    struct Node : boost::intrusive::list_base_hook<> {
        Pointer value;
        std::size_t bytes = 0;  ///< that it was counted with
        bool visited = false;
    };
    using Queue = boost::intrusive::list<Node>;

    /// Where the hand goes from there: to the newer one, and from the newest to the oldest.
    typename Queue::iterator next_of(typename Queue::iterator at) {
        return at == queue_.begin() ? queue_.end() : std::prev(at);
    }

    void remove(Node& node) {
        const auto position = Queue::s_iterator_to(node);
        if (hand_ == position) hand_ = next_of(position);
        SNIPPETD_ASSERT(node.bytes == node.value->bytes() && node.bytes <= bytes_, node.value->bytes(), node.bytes,
                        bytes_);
        bytes_ -= node.bytes;
        queue_.erase(position);
        const Pointer keeps_the_key_alive = node.value;
        nodes_.erase(std::string_view{keeps_the_key_alive->cache_key()});
    }

    std::size_t capacity_;
    std::size_t value_bytes_max_;
    std::size_t bytes_ = 0;
    std::uint64_t evictions_ = 0;
    boost::unordered_flat_map<std::string_view, std::unique_ptr<Node>> nodes_;  ///< keyed by the value's own key
    Queue queue_;                                                               ///< newest first
    typename Queue::iterator hand_ = queue_.end();
};

}  // namespace snippetd::base
