#pragma once

#include "base/awaitable.hpp"
#include "base/clock.hpp"
#include "base/thread_pool.hpp"
#include "base/timer.hpp"
#include "model/snippet.hpp"
#include "pages/page_cache.hpp"

#include <cstddef>
#include <exception>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace snippetd::pages {

/// What a snippet's page is for.
enum class Face {
    page,   ///< people who open the link
    embed,  ///< a frame on another site
};

/// One worker's read pages: from its cache, or rendered and compressed on threads of their own, once for all who wait.
class PageRenderer {
  public:
    /// `capacity` of the cache, in bytes.
    PageRenderer(base::Executor executor, base::ThreadPool& threads, std::size_t capacity)
        : executor_{std::move(executor)}, threads_{threads}, cache_{capacity} {}

    /// The page of this version of the snippet, if it can be had at once.
    std::shared_ptr<const Page> find(const model::Snippet& snippet, std::string_view base, Face face) {
        return cache_.find(key_of(base, snippet.id, face), snippet.version);
    }

    /// Renders it, or waits for whoever does, and keeps it. Throws base::Unavailable when that takes too long.
    base::Awaitable<std::shared_ptr<const Page>> render(std::shared_ptr<const model::Snippet> snippet,
                                                        std::int64_t view_count, std::string base, Face face,
                                                        base::Deadline deadline);

    /// Any other page, compressed as asked for; not kept.
    base::Awaitable<std::string> encode_page(std::string html, Encoding encoding);

    base::ThreadPool& threads() { return threads_; }

  private:
    struct Flight {
        bool landed = false;
        std::shared_ptr<const Page> page;
        std::exception_ptr error;
        std::vector<base::Timer*> waiters;  ///< cancelled when it lands
    };

    static std::string key_of(std::string_view base, std::string_view id, Face face);

    base::Executor executor_;
    base::ThreadPool& threads_;
    PageCache cache_;
    std::unordered_map<std::string, std::shared_ptr<Flight>> flights_;  ///< by key and version
};

}  // namespace snippetd::pages
