#pragma once

#include "base/clock.hpp"
#include "pages/encoding.hpp"

#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

namespace snippetd::pages {

/// One page in every coding that it is sent in, rendered from one version of its snippet.
struct Page {
    /// How often a page whose count changes is rendered anew.
    static constexpr base::Milliseconds kCountAgeMax{1000};

    std::string key;  ///< the base of its links and the snippet's id
    std::int64_t version = 0;
    std::int64_t view_count = 0;  ///< that it shows
    std::string identity;         ///< empty when it is large: nearly every browser takes a compressed one
    std::string gzip, brotli;
    mutable base::SteadyTime renew_from;  ///< from then on, whoever finds that its count is old renders it anew

    /// Whether it should be rendered anew, for a count that is another one now.
    bool due(std::int64_t count, base::SteadyTime now) const { return count != view_count && now >= renew_from; }
    /// Somebody does: until that can have failed, others go on with this one.
    void claim(base::SteadyTime now) const { renew_from = now + kCountAgeMax; }

    const std::string& content(Encoding encoding) const {
        return encoding == Encoding::brotli ? brotli : encoding == Encoding::gzip ? gzip : identity;
    }
    std::size_t bytes() const {
        return sizeof(Page) + 160 + 2 * key.size() + identity.size() + gzip.size() + brotli.size();
    }
};

/// Rendered pages of one worker, bounded by bytes; the one that has not been used for longest goes first. It knows
/// nothing of what is valid: a page is a function of its snippet's version, so whoever asks names the version that the
/// cache of snippets vouches for now.
class PageCache {
  public:
    /// `capacity` in bytes; a page above an eighth of it is not kept.
    explicit PageCache(std::size_t capacity) : capacity_{capacity} {}

    /// The page of that version, or null.
    std::shared_ptr<const Page> find(std::string_view key, std::int64_t version);
    /// Keeps it in the place of any earlier one.
    void put(std::shared_ptr<const Page> page);

    std::size_t bytes() const { return bytes_; }
    std::size_t size() const { return places_.size(); }

  private:
    using Queue = std::list<std::shared_ptr<const Page>>;  ///< the last used first

    void erase(Queue::iterator at);

    std::size_t capacity_;
    std::size_t bytes_ = 0;
    Queue queue_;
    std::unordered_map<std::string_view, Queue::iterator> places_;  ///< keyed by the page's own key
};

}  // namespace snippetd::pages
