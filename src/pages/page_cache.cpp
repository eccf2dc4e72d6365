#include "pages/page_cache.hpp"

namespace snippetd::pages {

std::shared_ptr<const Page> PageCache::find(std::string_view key, std::int64_t version) {
    const auto found = places_.find(key);
    if (found == places_.end() || (*found->second)->version != version) return nullptr;
    queue_.splice(queue_.begin(), queue_, found->second);
    return queue_.front();
}

void PageCache::put(std::shared_ptr<const Page> page) {
    erase(page->key);
    const std::size_t size = page->bytes();
    if (size > capacity_ / 2) return;
    while (bytes_ + size > capacity_) remove(std::prev(queue_.end()));
    bytes_ += size;
    queue_.push_front(std::move(page));
    places_.emplace(queue_.front()->key, queue_.begin());
}

void PageCache::erase(std::string_view key) {
    if (const auto found = places_.find(key); found != places_.end()) remove(found->second);
}

void PageCache::remove(Queue::iterator at) {
    bytes_ -= (*at)->bytes();
    places_.erase((*at)->key);
    queue_.erase(at);
}

}  // namespace snippetd::pages
