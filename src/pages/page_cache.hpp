#pragma once

#include "base/clock.hpp"
#include "base/sieve_cache.hpp"
#include "http/codings.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

namespace snippetd::pages {

/// One page in the codings that it has been asked for in, rendered from one version of its snippet.
struct Page {
    /// How often a page whose count changes is rendered anew.
    static constexpr base::Milliseconds kCountAgeMax{1000};

    std::string key;  ///< the base of its links and the snippet's id
    std::int64_t version = 0;
    std::int64_t view_count = 0;         ///< that it shows
    std::string identity, gzip, brotli;  ///< empty when nobody has asked for that coding yet

    /// Whether it should be rendered anew, for a count that is another one now.
    bool due(std::int64_t count, base::SteadyTime now) const {
        return count != view_count && now.time_since_epoch().count() >= renew_from_.load(std::memory_order_relaxed);
    }
    /// Somebody does, or has just done it: until that can have failed, others go on with this one.
    void claim(base::SteadyTime now) const {
        renew_from_.store((now + kCountAgeMax).time_since_epoch().count(), std::memory_order_relaxed);
    }

    const std::string& content(http::Coding encoding) const {
        return encoding == http::Coding::brotli ? brotli : encoding == http::Coding::gzip ? gzip : identity;
    }
    std::string_view cache_key() const { return key; }
    std::size_t bytes() const {
        return sizeof(Page) + 160 + 2 * key.size() + identity.size() + gzip.size() + brotli.size();
    }

  private:
    /// From then on, whoever finds that its count is old renders it anew.
    mutable std::atomic<base::SteadyTime::rep> renew_from_{0};
};

/// Rendered pages of one worker, bounded by bytes. It knows nothing of what is valid: a page is a function of its
/// snippet's version, so whoever asks names the version that the cache of snippets vouches for now.
class PageCache : public base::SieveCache<Page> {
  public:
    using SieveCache::SieveCache;

    /// The page of that version, or null.
    std::shared_ptr<const Page> find(std::string_view key, std::int64_t version) {
        return find_if(key, [version](const Page& page) { return page.version == version; });
    }
};

/// Large pages, of all workers: sending one costs far more than a lock and a count that cores share, so it is in memory
/// once. Thread-safe.
class SharedPages {
  public:
    explicit SharedPages(std::size_t capacity) : pages_{capacity} {}

    std::shared_ptr<const Page> find(std::string_view key, std::int64_t version) {
        const std::lock_guard lock{mutex_};
        return pages_.find(key, version);
    }
    void put(std::shared_ptr<const Page> page) {
        const std::lock_guard lock{mutex_};
        pages_.put(std::move(page));
    }

  private:
    std::mutex mutex_;
    PageCache pages_;  ///< guarded by mutex_
};

}  // namespace snippetd::pages
