#include "api/access.hpp"
#include "api/handlers.hpp"
#include "api/input.hpp"

#include <fmt/format.h>

namespace snippetd::api {

namespace {

http::Response shown(const model::Snippet& snippet, model::ViewBucket by, const std::vector<model::ViewPoint>& points) {
    std::string body = fmt::format(R"({{"id":"{}","by":"{}","view_count":{},"points":[)", snippet.id,
                                   by == model::ViewBucket::hour ? "hour" : "day", snippet.view_count);
    for (const model::ViewPoint& point : points) {
        if (body.back() != '[') body += ',';
        body += fmt::format(R"({{"time":"{}","views":{}}})", base::format_rfc3339(point.start_ms), point.views);
    }
    body += "]}";
    return http::json_response(200, std::move(body));
}

}  // namespace

Answer snippet_stats(Exchange& exchange) {
    if (std::optional<Error> refused = refuse_nobody(exchange.caller)) co_return *std::move(refused);
    Result<model::ViewBucket> by = read_view_bucket(exchange.request.query);
    if (!by) co_return by.error();
    Result<model::Snippet> snippet = co_await load_for_edit(exchange, exchange.parameters.front());
    if (!snippet) co_return snippet.error();
    const base::UnixMillis now = co_await exchange.services.store.now(exchange.deadline);
    std::vector<model::ViewHour> hours =
        co_await exchange.services.store.view_hours(snippet->id, model::history_start(*by, now), exchange.deadline);
    co_return shown(*snippet, *by, model::bucket_views(hours, *by, now));
}

}  // namespace snippetd::api
