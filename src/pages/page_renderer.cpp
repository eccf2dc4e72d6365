#include "pages/page_renderer.hpp"

#include "base/error.hpp"
#include "pages/code.hpp"
#include "pages/read_page.hpp"

#include <span>
#include <utility>

#include <boost/asio/co_spawn.hpp>
#include <fmt/format.h>

namespace snippetd::pages {

namespace {

constexpr std::size_t kEncodedHereBytesMax = 64 * 1024;  // takes less than a millisecond
constexpr base::Milliseconds kPageTime{150};             // to render a page once its document is there
constexpr base::Milliseconds kColoursPatience{400};

/// Only in the codings that have been asked for: what nobody takes is neither made nor kept.
std::shared_ptr<const Page> make_page(const PageRenderer::Wanted& wanted, std::string key, const Document* document,
                                      std::span<const highlight::Run> colours) {
    auto page = std::make_shared<Page>();
    page->key = std::move(key);
    page->version = wanted.snippet->version;
    page->view_count = wanted.view_count;
    ReadPage options;
    options.view_count = wanted.view_count;
    options.base = wanted.base;
    options.document = document;
    options.colours = colours;
    std::string html = wanted.face == Face::page ? read_page(*wanted.snippet, options)
                                                 : embed_page(*wanted.snippet, wanted.base, colours);
    const auto is_wanted = [&wanted](http::Coding encoding) {
        return wanted.encoding == encoding || (wanted.earlier && !wanted.earlier->content(encoding).empty());
    };
    for (auto [encoding, content] :
         {std::pair{http::Coding::gzip, &page->gzip}, std::pair{http::Coding::brotli, &page->brotli}}) {
        if (!is_wanted(encoding)) continue;
        *content = http::encode(html, encoding);
        content->shrink_to_fit();
    }
    if (is_wanted(http::Coding::identity)) page->identity = std::move(html);
    page->claim(base::steady_now());
    return page;
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

void PageRenderer::keep(const std::shared_ptr<const Page>& page) {
    if (!shared_ || page->bytes() <= kOwnBytesMax) {
        cache_.put(page);
    } else {
        cache_.erase(page->key);
        shared_->put(page);
    }
}

base::Awaitable<std::shared_ptr<const Page>> PageRenderer::render(Wanted wanted, base::Deadline deadline) {
    const std::string flight_key = fmt::format("{} {} {}", key_of(wanted.base, wanted.snippet->id, wanted.face),
                                               wanted.snippet->version, http::to_text(wanted.encoding));
    const Flights::Place place = flights_.join(flight_key, deadline);
    if (place.first) {
        boost::asio::co_spawn(executor_, fly(place.flight, std::move(wanted)), base::detached);
    }
    co_await flights_.wait(place.flight, deadline, "rendering takes too long");
    co_return place.flight->result();
}

base::Awaitable<void> PageRenderer::fly(Flights::Pointer flight, Wanted wanted) {
    try {
        std::shared_ptr<const Document> document;
        const bool wants_document = wanted.face == Face::page && has_document(*wanted.snippet);
        if (wants_document) document = co_await find_document(wanted.snippet, true, flight->patience());
        std::vector<highlight::Run> colours = co_await find_colours(wanted.snippet, flight->patience());
        std::string key = key_of(wanted.base, wanted.snippet->id, wanted.face);
        auto work = [this, flight, wanted = std::move(wanted), key = std::move(key), document,
                     colours = std::move(colours)] {
            if (base::steady_now() >= flight->patience()) throw base::Unavailable{"a page was not begun in time"};
            rendered_.add();
            return make_page(wanted, key, document.get(), colours);
        };
        std::shared_ptr<const Page> page = co_await threads_.run(std::move(work), flight->patience().party);
        if (document || !wants_document) keep(page);
        flights_.land(flight, std::move(page));
    } catch (...) {
        flights_.fail(flight, std::current_exception());
    }
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
        co_return co_await documents_.make(std::move(key), std::move(request), deadline.earlier_by(kPageTime));
    } catch (const base::Unavailable&) {
        co_return nullptr;  // the page says so
    }
}

base::Awaitable<std::vector<highlight::Run>> PageRenderer::find_colours(std::string key,
                                                                        std::shared_ptr<const void> owner,
                                                                        std::string_view text,
                                                                        std::string_view language,
                                                                        base::Deadline deadline) {
    if (!can_be_coloured(text, language)) co_return std::vector<highlight::Run>{};
    DocumentRequest request;
    request.kind = DocumentKind::colours;
    request.first = text;
    request.second = language;
    request.time_max = kColoursTimeMax;
    request.owner = std::move(owner);
    // Colours are not worth a long wait: a script makes them too.
    const base::Deadline soon = base::deadline_in(kColoursPatience, deadline.party);
    const base::Deadline enough = deadline.earlier_by(kPageTime);
    try {
        const std::shared_ptr<const Document> made =
            co_await documents_.make(std::move(key), std::move(request), soon.at < enough.at ? soon : enough);
        if (made->outcome != DocumentOutcome::made) co_return std::vector<highlight::Run>{};
        co_return read_runs(made->html, text.size()).value_or(std::vector<highlight::Run>{});
    } catch (const base::Unavailable&) {
        co_return std::vector<highlight::Run>{};
    }
}

base::Awaitable<std::vector<highlight::Run>> PageRenderer::find_colours(std::shared_ptr<const model::Snippet> snippet,
                                                                        base::Deadline deadline) {
    const bool kept = !snippet->burn_after_reading;
    std::string key = kept ? fmt::format("colours {} {}", snippet->id, snippet->version) : std::string{};
    const std::string_view text = snippet->body, language = snippet->language;
    return find_colours(std::move(key), std::move(snippet), text, language, deadline);
}

base::Awaitable<std::string> PageRenderer::encode_page(Layout layout, std::string content, http::Coding encoding,
                                                       base::Deadline deadline) {
    const bool large = content.size() > kEncodedHereBytesMax;
    auto work = [layout = std::move(layout), content = std::move(content), encoding] {
        std::string html = lay_out(layout, content);
        if (encoding != http::Coding::identity) html = http::encode(html, encoding);
        return html;
    };
    if (!large) co_return work();
    co_return co_await threads_.run(std::move(work), deadline);
}

}  // namespace snippetd::pages
