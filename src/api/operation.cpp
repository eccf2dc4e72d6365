#include "api/handlers.hpp"

#include <fmt/format.h>

namespace snippetd::api {

Answer health(Exchange&) {
    co_return http::json_response(200, R"({"status":"ok"})");
}

/// `redis` is `ok` also where none is configured: nothing that the service needs is missing.
Answer ready(Exchange& exchange) {
    bool database_up = true;
    try {
        co_await exchange.services.store.ping(exchange.deadline);
    } catch (const base::Unavailable&) {
        database_up = false;
    }
    if (database_up) co_return http::json_response(200, R"({"status":"ok","database":"ok","redis":"ok"})");
    http::Response response = http::json_response(503, R"({"status":"unavailable","database":"down","redis":"ok"})");
    response.add("Retry-After", "1");
    co_return response;
}

Answer metrics(Exchange& exchange) {
    http::Response response;
    response.body = exchange.services.metrics.text();
    response.fields = "Content-Type: text/plain; version=0.0.4; charset=utf-8\r\nCache-Control: no-store\r\n";
    co_return response;
}

}  // namespace snippetd::api
