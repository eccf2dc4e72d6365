#include "exchange/preview.hpp"

#include "api/handlers.hpp"
#include "exchange/input.hpp"

#include <boost/json.hpp>

namespace snippetd::api {

using namespace exchange;

namespace {

Result<std::string> read_text(const http::Request& request) {
    const Result<boost::json::object> object = parse_object(request);
    if (!object) return object.error();
    Members members{*object};
    std::optional<std::string> text = members.text("body");
    if (!text) members.complain("body", "is required");
    if (std::optional<Error> wrong = members.finish()) return *std::move(wrong);
    return *std::move(text);
}

}  // namespace

Answer preview(Exchange& exchange) {
    const std::size_t bytes = exchange.request.body.size();
    auto read = [&request = exchange.request] { return read_text(request); };
    Result<std::string> text =
        co_await exchange.services.texts.by_size(Text::request, bytes, exchange.deadline.party, std::move(read));
    if (!text) co_return text.error();
    Result<std::string> html = co_await render_preview(exchange, *std::move(text));
    if (!html) co_return html.error();
    auto write = [&html] { return boost::json::serialize(boost::json::object{{"html", *html}}); };
    std::string body =
        co_await exchange.services.texts.by_size(Text::answer, html->size(), exchange.deadline.party, std::move(write));
    co_return http::json_response(200, std::move(body));
}

}  // namespace snippetd::api
