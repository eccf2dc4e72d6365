#include "api/handlers.hpp"

#include <cstring>

#include <fmt/format.h>

namespace snippetd::api {

Answer health(Exchange&) {
    co_return http::json_response(200, R"({"status":"ok"})");
}

/// `redis` is `ok` also where none is configured: nothing that the service needs is missing. It is `degraded` where it
/// answers but may evict views and limits.
Answer ready(Exchange& exchange) {
    bool database_up = true;
    try {
        co_await exchange.services.store.ping(exchange.deadline);
    } catch (const base::Unavailable&) {
        database_up = false;
    }
    const char* redis = "ok";
    if (!exchange.services.redis_up()) {
        redis = "down";
    } else if (exchange.services.redis_evicts()) {
        redis = "degraded";
    }
    const char* status = database_up ? (std::strcmp(redis, "ok") == 0 ? "ok" : "degraded") : "unavailable";
    http::Response response = http::json_response(
        database_up ? 200 : 503,
        fmt::format(R"({{"status":"{}","database":"{}","redis":"{}"}})", status, database_up ? "ok" : "down", redis));
    if (!database_up) response.add("Retry-After", "1");
    co_return response;
}

Answer metrics(Exchange& exchange) {
    http::Response response;
    response.body = exchange.services.metrics.text();
    response.fields = "Content-Type: text/plain; version=0.0.4; charset=utf-8\r\nCache-Control: no-store\r\n";
    co_return response;
}

}  // namespace snippetd::api
