#include "api/handlers.hpp"
#include "exchange/access.hpp"
#include "exchange/input.hpp"
#include "use_cases/statistics.hpp"

#include <fmt/format.h>

namespace snippetd::api {

using namespace exchange;

namespace {

http::Response shown(const use_cases::Statistics& statistics, model::ViewBucket by) {
    std::string body = fmt::format(R"({{"id":"{}","by":"{}","view_count":{},"points":[)", statistics.snippet.id,
                                   by == model::ViewBucket::hour ? "hour" : "day", statistics.snippet.view_count);
    for (const model::ViewPoint& point : statistics.points) {
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
    const Result<use_cases::Statistics> statistics =
        co_await use_cases::read_statistics(exchange, exchange.parameters.front(), *by);
    if (!statistics) co_return statistics.error();
    co_return shown(*statistics, *by);
}

}  // namespace snippetd::api
