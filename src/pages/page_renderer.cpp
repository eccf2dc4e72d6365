#include "pages/page_renderer.hpp"

#include "base/error.hpp"
#include "pages/read_page.hpp"

#include <utility>

#include <fmt/format.h>

namespace snippetd::pages {

namespace {

constexpr std::size_t kIdentityBytesMax = 128 * 1024;
constexpr std::size_t kEncodedHereBytesMax = 64 * 1024;  // takes less than a millisecond

std::shared_ptr<const Page> make_page(const std::shared_ptr<const model::Snippet>& snippet, std::int64_t view_count,
                                      const std::string& base, Face face, std::string key) {
    auto page = std::make_shared<Page>();
    page->key = std::move(key);
    page->version = snippet->version;
    page->view_count = view_count;
    ReadPage options;
    options.view_count = view_count;
    options.base = base;
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
    const std::string key = key_of(base, snippet->id, face);
    const std::string flight_key = fmt::format("{} {}", key, snippet->version);
    if (const auto found = flights_.find(flight_key); found != flights_.end()) {
        const std::shared_ptr<Flight> flight = found->second;
        base::Timer timer{executor_};
        flight->waiters.push_back(&timer);
        auto left = std::chrono::duration_cast<base::Milliseconds>(deadline - base::steady_now());
        if (left.count() < 0) left = {};
        co_await base::pause(timer, left);
        std::erase(flight->waiters, &timer);
        if (!flight->landed) throw base::Unavailable{"rendering takes too long"};
        if (flight->error) std::rethrow_exception(flight->error);
        co_return flight->page;
    }
    const auto flight = std::make_shared<Flight>();
    flights_.emplace(flight_key, flight);
    auto work = [snippet, view_count, base, face, key] { return make_page(snippet, view_count, base, face, key); };
    try {
        flight->page = co_await threads_.run(std::move(work));
        cache_.put(without_large_identity(flight->page));
    } catch (...) {
        flight->error = std::current_exception();
    }
    flight->landed = true;
    flights_.erase(flight_key);
    for (base::Timer* waiter : flight->waiters) waiter->cancel();
    if (flight->error) std::rethrow_exception(flight->error);
    co_return flight->page;
}

base::Awaitable<std::string> PageRenderer::encode_page(std::string html, Encoding encoding) {
    if (encoding == Encoding::identity) co_return html;
    if (html.size() <= kEncodedHereBytesMax) co_return encode(html, encoding);
    auto work = [html = std::move(html), encoding] { return encode(html, encoding); };
    co_return co_await threads_.run(std::move(work));
}

}  // namespace snippetd::pages
