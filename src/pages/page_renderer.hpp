#pragma once

#include "base/awaitable.hpp"
#include "base/clock.hpp"
#include "base/metrics.hpp"
#include "base/single_flight.hpp"
#include "base/thread_pool.hpp"
#include "highlight/highlight.hpp"
#include "model/snippet.hpp"
#include "pages/documents.hpp"
#include "pages/layout.hpp"
#include "pages/page_cache.hpp"

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace snippetd::pages {

/// What a snippet's page is for.
enum class Face {
    page,   ///< people who open the link
    embed,  ///< a frame on another site
};

/// One worker's read pages: from its cache, or from that of large ones, which all workers share, or rendered and
/// compressed on threads of their own, once for all who wait.
class PageRenderer {
  public:
    /// A page above that is kept where all workers find it, if there are several.
    static constexpr std::size_t kOwnBytesMax = 64 * 1024;

    /// `capacity` of the worker's own cache, in bytes. `shared` is null when this is the only worker.
    PageRenderer(base::Executor executor, base::ThreadPool& threads, Documents& documents, std::size_t capacity,
                 SharedPages* shared, base::Metrics& metrics)
        : executor_{std::move(executor)},
          threads_{threads},
          documents_{documents},
          cache_{capacity},
          shared_{shared},
          rendered_{metrics.counter("snippetd_pages_rendered_total", "Pages of snippets that were rendered.")} {}

    /// The page of this version of the snippet, if it can be had at once.
    std::shared_ptr<const Page> find(const model::Snippet& snippet, std::string_view base, Face face) {
        const std::string key = key_of(base, snippet.id, face);
        std::shared_ptr<const Page> page = cache_.find(key, snippet.version);
        return page || !shared_ ? page : shared_->find(key, snippet.version);
    }

    /// What to render.
    struct Wanted {
        std::shared_ptr<const model::Snippet> snippet;
        std::int64_t view_count = 0;
        std::string base;
        Face face = Face::page;
        http::Coding encoding = http::Coding::identity;  ///< which it will have at least
        std::shared_ptr<const Page> earlier;             ///< whose codings others have asked for; may be null
    };

    /// Renders it, or waits for whoever does, and keeps it. Throws base::Unavailable when that takes too long; it is
    /// rendered and kept all the same if it had been begun.
    base::Awaitable<std::shared_ptr<const Page>> render(Wanted wanted, base::Deadline deadline);

    /// What the snippet's page shows besides its text: null when there is nothing, or when it takes so long that
    /// rendering the page with it would be too late. `kept`: for those who come later too.
    base::Awaitable<std::shared_ptr<const Document>> find_document(std::shared_ptr<const model::Snippet> snippet,
                                                                   bool kept, base::Deadline deadline);

    /// The colours of a text: none when its language has no grammar, when it is too long, or when they take so long
    /// that rendering a page with them would be too late. `key` names the text and its language for ever; empty: they
    /// are not kept. `owner` is of both.
    base::Awaitable<std::vector<highlight::Run>> find_colours(std::string key, std::shared_ptr<const void> owner,
                                                              std::string_view text, std::string_view language,
                                                              base::Deadline deadline);
    /// Of a snippet's text.
    base::Awaitable<std::vector<highlight::Run>> find_colours(std::shared_ptr<const model::Snippet> snippet,
                                                              base::Deadline deadline);

    /// Any other page, with `content` in its frame, compressed as asked for; not kept. Throws base::Unavailable at the
    /// deadline.
    base::Awaitable<std::string> encode_page(Layout layout, std::string content, http::Coding encoding,
                                             base::Deadline deadline);

    base::ThreadPool& threads() { return threads_; }
    Documents& documents() { return documents_; }

  private:
    using Flights = base::SingleFlight<std::shared_ptr<const Page>>;

    /// Renders it, whoever still waits for that.
    base::Awaitable<void> fly(Flights::Pointer flight, Wanted wanted);

    static std::string key_of(std::string_view base, std::string_view id, Face face);

    void keep(const std::shared_ptr<const Page>& page);

    base::Executor executor_;
    base::ThreadPool& threads_;
    Documents& documents_;
    PageCache cache_;
    SharedPages* shared_;
    base::Counter& rendered_;
    Flights flights_;  ///< by key, version and coding
};

}  // namespace snippetd::pages
