#include "cache/sieve_cache.hpp"

namespace snippetd::cache {

std::shared_ptr<const Entry> SieveCache::find(std::string_view id, base::SteadyTime now) {
    const auto found = nodes_.find(id);
    if (found == nodes_.end()) return nullptr;
    Node& node = *found->second;
    if (node.entry->valid_until <= now || node.entry->expired(now)) return nullptr;
    node.visited = true;
    return node.entry;
}

std::shared_ptr<const Entry> SieveCache::find_stale(std::string_view id) const {
    const auto found = nodes_.find(id);
    return found == nodes_.end() ? nullptr : found->second->entry;
}

void SieveCache::put(std::shared_ptr<const Entry> entry) {
    erase(entry->id);
    const std::size_t size = entry->bytes();
    if (size > entry_bytes_max_) return;
    while (bytes_ + size > capacity_) evict_unread();
    auto node = std::make_unique<Node>();
    node->entry = std::move(entry);
    queue_.push_front(*node);
    bytes_ += size;
    const std::string_view key = node->entry->id;
    nodes_.emplace(key, std::move(node));
}

void SieveCache::replace(const std::shared_ptr<const Entry>& entry, std::shared_ptr<const Entry> whole) {
    if (whole->bytes() > entry_bytes_max_ || find_stale(entry->id) != entry) return;
    whole->view_count.raise_to(entry->view_count);
    put(std::move(whole));
}

void SieveCache::erase(std::string_view id) {
    if (const auto found = nodes_.find(id); found != nodes_.end()) remove(*found->second);
}

void SieveCache::erase_below(std::string_view id, std::int64_t floor) {
    const auto found = nodes_.find(id);
    if (found != nodes_.end() && found->second->entry->version < floor) remove(*found->second);
}

void SieveCache::clear() {
    while (!queue_.empty()) remove(queue_.back());
}

bool SieveCache::evict_unread() {
    for (std::size_t passed = 0; passed < nodes_.size(); ++passed) {
        if (hand_ == queue_.end()) hand_ = std::prev(queue_.end());
        Node& node = *hand_;
        if (!node.visited) {
            ++evictions_;
            remove(node);
            return true;
        }
        node.visited = false;
        hand_ = hand_ == queue_.begin() ? queue_.end() : std::prev(hand_);
    }
    return false;
}

void SieveCache::remove(Node& node) {
    const auto position = Queue::s_iterator_to(node);
    if (hand_ == position) hand_ = position == queue_.begin() ? queue_.end() : std::prev(position);
    bytes_ -= node.entry->bytes();
    queue_.erase(position);
    const std::shared_ptr<const Entry> keeps_the_key_alive = node.entry;
    nodes_.erase(std::string_view{keeps_the_key_alive->id});
}

}  // namespace snippetd::cache
