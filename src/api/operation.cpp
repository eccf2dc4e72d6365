#include "api/handlers.hpp"

#include <cstring>

#include <boost/json.hpp>

namespace snippetd::api {

Answer health(Exchange&) {
    co_return http::json_response(200, R"({"status":"ok"})");
}

/// A store whose writes hang is not down: reads go on, and taking every instance out of service would end them too.
/// `redis` is `ok` also where none is configured: nothing that the service needs is missing. It is `degraded` where it
/// answers but may evict views and limits.
Answer ready(Exchange& exchange) {
    bool database_up = true;
    try {
        co_await exchange.services.store.ping(exchange.deadline);
    } catch (const base::Unavailable&) {
        database_up = false;
    }
    const bool writes_stuck = database_up && exchange.services.store.writes_are_stuck();
    const char* database = database_up ? (writes_stuck ? "degraded" : "ok") : "down";
    const char* redis = "ok";
    if (!exchange.worker.redis_up()) {
        redis = "down";
    } else if (exchange.worker.redis_evicts()) {
        redis = "degraded";
    }
    const bool degraded = writes_stuck || std::strcmp(redis, "ok") != 0;
    const char* status = database_up ? (degraded ? "degraded" : "ok") : "unavailable";
    const boost::json::object body{{"status", status}, {"database", database}, {"redis", redis}};
    http::Response response = http::json_response(database_up ? 200 : 503, boost::json::serialize(body));
    if (!database_up) response.add("Retry-After", "1");
    co_return response;
}

Answer metrics(Exchange& exchange) {
    http::Response response;
    response.body = exchange.worker.metrics.text();
    response.fields = "Content-Type: text/plain; version=0.0.4; charset=utf-8\r\nCache-Control: no-store\r\n";
    co_return response;
}

}  // namespace snippetd::api
