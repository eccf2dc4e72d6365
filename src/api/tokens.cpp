#include "api/account_json.hpp"
#include "api/handlers.hpp"
#include "exchange/input.hpp"

#include <utility>

#include <boost/json.hpp>

namespace snippetd::api {

using namespace exchange;

Answer create_token(Exchange& exchange) {
    const Result<boost::json::object> object = parse_object(exchange.request);
    if (!object) co_return object.error();
    use_cases::TokenInput input = read_token(*object);
    Result<use_cases::NewToken> made = co_await use_cases::create_token(exchange, std::move(input));
    if (!made) co_return made.error();
    co_return http::json_response(201, boost::json::serialize(token_json(made->token, made->secret)));
}

Answer list_tokens(Exchange& exchange) {
    const std::vector<model::ApiToken> tokens = co_await use_cases::list_tokens(exchange);
    boost::json::array items;
    for (const model::ApiToken& token : tokens) items.push_back(token_json(token, {}));
    const boost::json::object body{{"items", std::move(items)}};
    co_return http::json_response(200, boost::json::serialize(body));
}

Answer delete_token(Exchange& exchange) {
    const Result<void> deleted = co_await use_cases::delete_token(exchange, exchange.parameters.front());
    if (!deleted) co_return deleted.error();
    http::Response response;
    response.status = 204;
    co_return response;
}

}  // namespace snippetd::api
