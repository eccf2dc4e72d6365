#include "api/handlers.hpp"
#include "exchange/access.hpp"
#include "exchange/input.hpp"
#include "use_cases/statistics.hpp"

#include <boost/json.hpp>

namespace snippetd::api {

using namespace exchange;

namespace {

http::Response shown(const use_cases::Statistics& statistics, model::ViewBucket by) {
    boost::json::array points;
    for (const model::ViewPoint& point : statistics.points) {
        points.push_back({{"time", base::format_rfc3339(point.start_ms)}, {"views", point.views}});
    }
    const boost::json::object body{{"id", statistics.snippet.id},
                                   {"by", by == model::ViewBucket::hour ? "hour" : "day"},
                                   {"view_count", statistics.snippet.view_count},
                                   {"points", std::move(points)}};
    return http::json_response(200, boost::json::serialize(body));
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
