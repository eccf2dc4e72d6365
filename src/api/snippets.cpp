#include "api/handlers.hpp"
#include "exchange/access.hpp"
#include "exchange/created.hpp"
#include "exchange/input.hpp"

#include <utility>

#include <boost/json.hpp>

namespace snippetd::api {

using namespace exchange;

using use_cases::Created;

Answer create_snippet(Exchange& exchange) {
    std::function<Result<NewSnippet>()> read = [&request = exchange.request]() -> Result<NewSnippet> {
        const Result<boost::json::object> object = parse_object(request);
        if (!object) return object.error();
        return NewSnippet{read_snippet_input(*object, Purpose::create)};
    };
    Result<Created> created = co_await create_from(exchange, std::move(read));
    if (!created) co_return created.error();
    co_return co_await created_response(exchange, *created);
}

Answer fork_snippet(Exchange& exchange) {
    if (exchange.request.has_body) {
        Result<boost::json::object> object = parse_object(exchange.request);
        if (!object) co_return object.error();
        if (std::optional<Error> wrong = Members{*object}.finish()) co_return *std::move(wrong);
    }
    const Result<Created> forked = co_await fork_as_asked(exchange);
    if (!forked) co_return forked.error();
    co_return co_await created_response(exchange, *forked);
}

Answer read_snippet(Exchange& exchange) {
    if (std::optional<Error> refused = refuse_nobody(exchange.caller)) co_return *std::move(refused);
    Result<model::Snippet> snippet = co_await load_for_edit(exchange, exchange.parameters.front());
    if (!snippet) co_return snippet.error();
    http::Response response = co_await snippet_response(exchange, *snippet);
    response.add("Last-Modified", base::format_http_date(snippet->updated_at));
    co_return response;
}

Answer edit_snippet(Exchange& exchange) {
    if (std::optional<Error> refused = refuse_nobody(exchange.caller)) co_return *std::move(refused);
    auto read = [&request = exchange.request]() -> Result<SnippetInput> {
        const Result<boost::json::object> object = parse_object(request);
        if (!object) return object.error();
        return read_snippet_input(*object, Purpose::edit);
    };
    const std::size_t bytes = exchange.request.body.size();
    Result<SnippetInput> input =
        co_await exchange.services.texts.by_size(Text::request, bytes, exchange.deadline.party, std::move(read));
    if (!input) co_return input.error();
    Condition condition = condition_of(exchange);
    Result<model::Snippet> edited =
        co_await use_cases::edit(exchange, exchange.parameters.front(), *std::move(input), std::move(condition));
    if (!edited) co_return edited.error();
    co_return co_await snippet_response(exchange, *edited);
}

Answer delete_snippet(Exchange& exchange) {
    Condition condition = condition_of(exchange);
    const Result<void> removed =
        co_await use_cases::remove(exchange, exchange.parameters.front(), std::move(condition));
    if (!removed) co_return removed.error();
    http::Response response;
    response.status = 204;
    co_return response;
}

}  // namespace snippetd::api
