#include "ui/read_pages.hpp"

#include "exchange/access.hpp"
#include "exchange/link.hpp"
#include "exchange/page.hpp"
#include "exchange/snippet_json.hpp"
#include "http/codings.hpp"
#include "http/entity_tag.hpp"
#include "pages/assets.hpp"
#include "pages/read_page.hpp"
#include "ui/handlers.hpp"
#include "use_cases/links.hpp"

#include <fmt/format.h>

namespace snippetd::ui {

using namespace exchange;

namespace {

constexpr base::Milliseconds kBurnedPatience{5000};

/// Of all that the page is made from: the version, the count that it shows, the base of its links, this build.
std::string page_etag(const pages::Page& page, std::string_view base, pages::Face face, http::Coding encoding) {
    std::string tag = fmt::format("v{}-", page.version);
    tag += face == pages::Face::page ? fmt::format("c{}-page", page.view_count) : "embed";
    append_base_tag(tag, base);
    const std::string_view coding = http::to_text(encoding);
    tag += fmt::format("-{}{}{}", pages::pages_build(), coding.empty() ? "" : "-", coding);
    return http::strong_entity_tag(tag);
}

/// A page for one reader, who may be the only one ever.
Awaitable<http::Response> show_privately(Exchange& exchange, std::shared_ptr<const model::Snippet> snippet,
                                         bool burned) {
    const http::Coding encoding = http::choose_coding(exchange.request.field(http::Field::accept_encoding));
    pages::PageRenderer& renderer = exchange.worker.pages;
    // Nobody can ask again for what has been burned.
    const base::Deadline deadline =
        burned ? base::deadline_in(kBurnedPatience, exchange.deadline.party) : exchange.deadline;
    const std::shared_ptr<const pages::Document> document =
        co_await renderer.find_document(snippet, !snippet->burn_after_reading, exchange.deadline);
    const std::vector<highlight::Run> colours = co_await renderer.find_colours(snippet, exchange.deadline);
    std::string base = exchange.base_url();
    const auto work = [snippet, document, colours, base = std::move(base), burned, encoding] {
        pages::ReadPage options;
        options.view_count = snippet->view_count;
        options.base = base;
        options.burned = burned;
        options.document = document.get();
        options.colours = colours;
        return http::encode(pages::read_page(*snippet, options), encoding);
    };
    http::Response response;
    response.fields = page_fields();
    response.fields += "Cache-Control: private, no-store\r\n";
    if (encoding != http::Coding::identity) response.add("Content-Encoding", http::to_text(encoding));
    try {
        response.body = co_await renderer.threads().run(work, deadline);
    } catch (const base::Unavailable&) {
        if (!burned) throw;
        response.body = work();
    }
    response.unconditional = burned;
    co_return response;
}

/// The page of what everybody may read: one that is kept, or a new one.
Awaitable<http::Response> show_shared(Exchange& exchange, const std::shared_ptr<const cache::Entry>& entry,
                                      cache::Status status, pages::Face face) {
    std::shared_ptr<const model::Snippet> snippet = entry->snippet;
    std::string base = exchange.base_url();
    pages::PageRenderer& renderer = exchange.worker.pages;
    const std::int64_t view_count = entry->view_count;
    std::shared_ptr<const pages::Page> page = renderer.find(*snippet, base, face);
    const base::SteadyTime now = base::steady_now();
    const bool due = page && page->due(view_count, now);
    if (due) page->claim(now);
    const http::Coding encoding = http::choose_coding(exchange.request.field(http::Field::accept_encoding));
    if (!page || due || page->content(encoding).empty()) {
        pages::PageRenderer::Wanted wanted{snippet, view_count, base, face, encoding, std::move(page)};
        page = co_await renderer.render(std::move(wanted), exchange.deadline);
    }
    co_return respond_with_page(std::move(page), *snippet, exchange.request, base, status, face);
}

}  // namespace

http::Response respond_with_page(std::shared_ptr<const pages::Page> page, const model::Snippet& snippet,
                                 const http::Request& request, std::string_view base, cache::Status status,
                                 pages::Face face) {
    const http::Coding encoding = http::choose_coding(request.field(http::Field::accept_encoding));
    http::Response response;
    response.cache_status = cache::cache_status(status);
    const std::string etag = page_etag(*page, base, face, encoding);
    response.prepared_fields = face == pages::Face::page ? page_fields() : embed_fields();
    response.fields =
        fmt::format("Cache-Status: {}\r\nETag: {}\r\nLast-Modified: {}\r\nCache-Control: public, no-cache\r\n",
                    response.cache_status, etag, base::format_http_date(snippet.updated_at));
    if (has_it(request, etag, snippet)) {
        response.status = 304;
        return response;
    }
    if (encoding != http::Coding::identity) response.add("Content-Encoding", http::to_text(encoding));
    response.add_piece(page->content(encoding));
    response.owner = std::move(page);
    return response;
}

Answer read_page(Exchange& exchange) {
    use_cases::Visit visit = visit_of(exchange);
    visit.burns = false;  // a page asks before
    Result<use_cases::Followed> followed =
        co_await use_cases::follow_link(exchange, exchange.parameters.front(), std::move(visit));
    if (!followed) co_return followed.error();
    if (followed->unasked) co_return co_await confirm_burning(exchange, *followed->snippet);
    if (!followed->entry) co_return co_await show_privately(exchange, std::move(followed->snippet), false);
    co_return co_await show_shared(exchange, followed->entry, followed->status, pages::Face::page);
}

Answer embed_page(Exchange& exchange) {
    const std::string id = exchange.parameters.front();
    const Result<use_cases::Followed> read = co_await use_cases::read_as_anybody(exchange, id);
    if (!read) co_return read.error();
    if (!exchange.request.head()) co_await use_cases::count_view(exchange, id);
    co_return co_await show_shared(exchange, read->entry, read->status, pages::Face::embed);
}

Answer reveal_page(Exchange& exchange) {
    const std::string id = exchange.parameters.front();
    use_cases::Condition condition = condition_of(exchange);
    Result<use_cases::Followed> revealed = co_await use_cases::reveal(exchange, id, std::move(condition));
    if (!revealed) co_return revealed.error();
    if (!revealed->burned) co_return see_other("/s/" + id);
    co_return co_await show_privately(exchange, std::move(revealed->snippet), true);
}

}  // namespace snippetd::ui
