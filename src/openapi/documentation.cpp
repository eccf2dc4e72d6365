#include "openapi/documentation.hpp"

#include "base/secret.hpp"
#include "exchange/input.hpp"
#include "exchange/page.hpp"
#include "http/entity_tag.hpp"
#include "openapi/handlers.hpp"
#include "openapi/openapi.hpp"
#include "pages/docs_page.hpp"

#include <algorithm>
#include <utility>

#include <boost/json/serialize.hpp>
#include <fmt/format.h>

namespace snippetd::openapi {

using namespace exchange;

Publication::Text::Text(std::string text)
    : identity{std::move(text)},
      gzip{http::encode(identity, http::Coding::gzip)},
      brotli{http::encode(identity, http::Coding::brotli)},
      tag{base::hash_for("snippetd/documentation", identity).substr(0, 16)} {}

Publication::Publication(std::span<const Route> routes, const Options& options, std::string_view links_base)
    : Publication{links_base, openapi_document(routes, openapi_writings(), options, links_base)} {}

Publication::Publication(std::string_view links_base, const boost::json::object& made)
    : base_url{links_base}, document{boost::json::serialize(made) + '\n'} {
    for (pages::DocsChapter& chapter : pages::docs_chapters(made)) {
        chapters.push_back({std::move(chapter.name), Text{std::move(chapter.html)}});
    }
}

const Publication::Chapter* Publication::find_chapter(std::string_view name) const {
    const auto found =
        std::find_if(chapters.begin(), chapters.end(), [name](const Chapter& chapter) { return chapter.name == name; });
    return found == chapters.end() ? nullptr : &*found;
}

std::size_t Publication::bytes() const {
    std::size_t sum = sizeof(Publication) + base_url.size() + document.bytes();
    for (const Chapter& chapter : chapters) sum += sizeof chapter + chapter.name.size() + chapter.page.bytes();
    return sum;
}

namespace {

Awaitable<std::shared_ptr<const Publication>> find_publication(Exchange& exchange) {
    Documentation& documentation = exchange.worker.documentation;
    std::string base = exchange.base_url();
    std::shared_ptr<const Publication> publication = documentation.find(base);
    if (publication) co_return publication;
    // Compressing it takes a while, so the loop does not.
    auto work = [routes = documentation.routes(), &options = exchange.services.options, base] {
        return std::make_shared<const Publication>(routes, options, base);
    };
    publication = co_await exchange.worker.pages.threads().run(std::move(work), exchange.deadline);
    documentation.put(publication);
    co_return publication;
}

/// `text` belongs to `owner`. Nothing of it is copied.
http::Response send(const http::Request& request, const Publication::Text& text, std::shared_ptr<const void> owner) {
    const http::Coding encoding = http::choose_coding(request.field(http::Field::accept_encoding));
    const std::string_view coding = http::to_text(encoding);
    const std::string etag =
        http::strong_entity_tag(fmt::format("{}{}{}", text.tag, coding.empty() ? "" : "-", coding));
    http::Response response;
    response.add("ETag", etag);
    response.add("Cache-Control", "public, no-cache");
    response.owner = std::move(owner);
    if (!coding.empty()) response.add("Content-Encoding", coding);
    response.add_piece(text.content(encoding));
    return response;
}

}  // namespace

Answer read_openapi(Exchange& exchange) {
    const std::shared_ptr<const Publication> publication = co_await find_publication(exchange);
    http::Response response = send(exchange.request, publication->document, publication);
    response.prepared_fields = "Content-Type: application/json\r\nVary: Accept-Encoding\r\n";
    co_return response;
}

Answer docs_page(Exchange& exchange) {
    const std::shared_ptr<const Publication> publication = co_await find_publication(exchange);
    const std::string_view name = exchange.parameters.empty() ? std::string_view{} : exchange.parameters.front();
    const Publication::Chapter* chapter = publication->find_chapter(name);
    if (!chapter) co_return error(ErrorKind::not_found);
    http::Response response = send(exchange.request, chapter->page, publication);
    response.prepared_fields = page_fields();
    co_return response;
}

}  // namespace snippetd::openapi
