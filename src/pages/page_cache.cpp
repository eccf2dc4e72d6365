#include "pages/page_cache.hpp"

namespace snippetd::pages {

std::shared_ptr<const Page> PageCache::find(std::string_view key, std::int64_t version, std::int64_t view_count,
                                            base::SteadyTime now) {
    const auto found = places_.find(key);
    if (found == places_.end()) return nullptr;
    const std::shared_ptr<const Page>& page = *found->second;
    if (page->version != version) return nullptr;
    if (page->view_count != view_count && now >= page->renew_from) {
        page->renew_from = now + kCountAgeMax;
        return nullptr;
    }
    queue_.splice(queue_.begin(), queue_, found->second);
    return page;
}

void PageCache::put(std::shared_ptr<const Page> page) {
    if (const auto found = places_.find(page->key); found != places_.end()) erase(found->second);
    const std::size_t size = page->bytes();
    if (size > capacity_ / 8) return;
    while (bytes_ + size > capacity_) erase(std::prev(queue_.end()));
    bytes_ += size;
    queue_.push_front(std::move(page));
    places_.emplace(queue_.front()->key, queue_.begin());
}

void PageCache::erase(Queue::iterator at) {
    bytes_ -= (*at)->bytes();
    places_.erase((*at)->key);
    queue_.erase(at);
}

}  // namespace snippetd::pages
