#include "application/handlers.hpp"

#include <boost/json.hpp>

namespace snippetd::application {

using namespace exchange;

namespace {

const char* word_of(RedisState state) {
    switch (state) {
        case RedisState::degraded: return "degraded";
        case RedisState::down: return "down";
        case RedisState::ok: break;
    }
    return "ok";
}

}  // namespace

Answer health(Exchange&) {
    co_return http::json_response(200, R"({"status":"ok"})");
}

/// A store whose writes hang is not down: reads go on, and taking every instance out of service would end them too.
Answer ready(Exchange& exchange) {
    bool database_up = true;
    try {
        co_await exchange.services.store.ping(exchange.deadline);
    } catch (const base::Unavailable&) {
        database_up = false;
    }
    const bool writes_stuck = database_up && exchange.services.store.writes_are_stuck();
    const char* database = database_up ? (writes_stuck ? "degraded" : "ok") : "down";
    const RedisState redis = exchange.worker.redis_state();
    const bool degraded = writes_stuck || redis != RedisState::ok;
    const char* status = database_up ? (degraded ? "degraded" : "ok") : "unavailable";
    const boost::json::object body{{"status", status}, {"database", database}, {"redis", word_of(redis)}};
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

}  // namespace snippetd::application
