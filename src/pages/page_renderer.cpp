#include "pages/page_renderer.hpp"

#include "base/error.hpp"
#include "pages/read_page.hpp"

#include <utility>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <fmt/format.h>

namespace snippetd::pages {

namespace {

constexpr std::size_t kIdentityBytesMax = 128 * 1024;
constexpr std::size_t kEncodedHereBytesMax = 64 * 1024;  // takes less than a millisecond
constexpr base::Milliseconds kPageTime{150};             // to render a page once its document is there

std::shared_ptr<const Page> make_page(const std::shared_ptr<const model::Snippet>& snippet, std::int64_t view_count,
                                      const std::string& base, Face face, std::string key, const Document* document) {
    auto page = std::make_shared<Page>();
    page->key = std::move(key);
    page->version = snippet->version;
    page->view_count = view_count;
    ReadPage options;
    options.view_count = view_count;
    options.base = base;
    options.document = document;
    page->identity = face == Face::page ? read_page(*snippet, options) : embed_page(*snippet, base);
    page->gzip = encode(page->identity, Encoding::gzip);
    page->brotli = encode(page->identity, Encoding::brotli);
    page->gzip.shrink_to_fit();
    page->brotli.shrink_to_fit();
    page->renew_from = base::steady_now() + Page::kCountAgeMax;
    return page;
}

/// What is kept of it.
std::shared_ptr<const Page> without_large_identity(const std::shared_ptr<const Page>& page) {
    if (page->identity.size() <= kIdentityBytesMax) return page;
    auto smaller = std::make_shared<Page>(*page);
    std::string{}.swap(smaller->identity);
    return smaller;
}

}  // namespace

std::string PageRenderer::key_of(std::string_view base, std::string_view id, Face face) {
    std::string key;
    key.reserve(base.size() + 1 + id.size());
    key += base;
    key += face == Face::page ? ' ' : '<';
    key += id;
    return key;
}

base::Awaitable<std::shared_ptr<const Page>> PageRenderer::render(std::shared_ptr<const model::Snippet> snippet,
                                                                  std::int64_t view_count, std::string base, Face face,
                                                                  base::Deadline deadline) {
    std::string flight_key = fmt::format("{} {}", key_of(base, snippet->id, face), snippet->version);
    std::shared_ptr<Flight> flight;
    if (const auto found = flights_.find(flight_key); found != flights_.end()) {
        flight = found->second;
        if (flight->deadline < deadline) flight->deadline = deadline;
    } else {
        flight = std::make_shared<Flight>();
        flight->key = std::move(flight_key);
        flight->deadline = deadline;
        flights_.emplace(flight->key, flight);
        boost::asio::co_spawn(executor_, fly(flight, std::move(snippet), view_count, std::move(base), face),
                              boost::asio::detached);
    }
    base::Timer timer{executor_};
    flight->waiters.push_back(&timer);
    auto left = std::chrono::duration_cast<base::Milliseconds>(deadline - base::steady_now());
    if (left.count() < 0) left = {};
    if (!flight->landed) co_await base::pause(timer, left);
    std::erase(flight->waiters, &timer);
    if (!flight->landed) throw base::Unavailable{"rendering takes too long"};
    if (flight->error) std::rethrow_exception(flight->error);
    co_return flight->page;
}

base::Awaitable<void> PageRenderer::fly(std::shared_ptr<Flight> flight, std::shared_ptr<const model::Snippet> snippet,
                                        std::int64_t view_count, std::string base, Face face) {
    try {
        std::shared_ptr<const Document> document;
        const bool wants_document = face == Face::page && has_document(*snippet);
        if (wants_document) document = co_await find_document(snippet, true, flight->deadline);
        std::string key = key_of(base, snippet->id, face);
        auto work = [flight, snippet, view_count, base, face, key, document] {
            if (base::steady_now() >= flight->deadline.load()) throw base::Unavailable{"a page was not begun in time"};
            return make_page(snippet, view_count, base, face, key, document.get());
        };
        flight->page = co_await threads_.run(std::move(work));
        if (document || !wants_document) cache_.put(without_large_identity(flight->page));
    } catch (...) {
        flight->error = std::current_exception();
    }
    flight->landed = true;
    flights_.erase(flight->key);
    for (base::Timer* waiter : flight->waiters) waiter->cancel();
}

base::Awaitable<std::shared_ptr<const Document>> PageRenderer::find_document(
    std::shared_ptr<const model::Snippet> snippet, bool kept, base::Deadline deadline) {
    if (!has_document(*snippet)) co_return nullptr;
    std::string key;
    if (kept) key = fmt::format("markdown {} {}", snippet->id, snippet->version);
    DocumentRequest request;
    request.first = snippet->body;
    request.owner = std::move(snippet);
    try {
        co_return co_await documents_.make(std::move(key), std::move(request), deadline - kPageTime);
    } catch (const base::Unavailable&) {
        co_return nullptr;  // the page says so
    }
}

base::Awaitable<std::string> PageRenderer::encode_page(std::string html, Encoding encoding, base::Deadline deadline) {
    if (encoding == Encoding::identity) co_return html;
    if (html.size() <= kEncodedHereBytesMax) co_return encode(html, encoding);
    auto work = [html = std::move(html), encoding] { return encode(html, encoding); };
    co_return co_await threads_.run(std::move(work), deadline);
}

}  // namespace snippetd::pages
