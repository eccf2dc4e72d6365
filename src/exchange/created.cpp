#include "exchange/created.hpp"

#include "exchange/access.hpp"
#include "exchange/idempotency.hpp"
#include "exchange/snippet_json.hpp"

#include <utility>

namespace snippetd::exchange {

using use_cases::Created;
using use_cases::Repeatable;

Awaitable<Result<Created>> create_from(Exchange& exchange, std::function<Result<NewSnippet>()> read) {
    if (std::optional<Error> refused = use_cases::refuse_anonymous(exchange)) co_return *std::move(refused);
    Result<std::optional<Repeatable>> repeatable = repeatable_of(exchange);
    if (!repeatable) co_return repeatable.error();
    const std::size_t bytes = exchange.request.body.size();
    Result<NewSnippet> made =
        co_await exchange.services.texts.by_size(Text::request, bytes, exchange.deadline.party, std::move(read));
    if (!made) co_return made.error();
    if (*repeatable) (*repeatable)->asked = std::move(made->asked);
    std::string base = exchange.base_url();
    co_return co_await use_cases::create(exchange, std::move(made->input), std::move(base), *std::move(repeatable));
}

Awaitable<Result<Created>> fork_as_asked(Exchange& exchange) {
    Result<std::optional<Repeatable>> repeatable = repeatable_of(exchange);
    if (!repeatable) co_return repeatable.error();
    std::string base = exchange.base_url();
    Condition condition = condition_of(exchange);
    co_return co_await use_cases::fork(exchange, exchange.parameters.front(), std::move(condition), std::move(base),
                                       *std::move(repeatable));
}

void add_created_fields(http::Response& response, const Created& created) {
    response.add("Location", "/s/" + created.receipt.snippet.id);
    if (created.replayed) response.add("Idempotency-Replayed", "true");
}

Awaitable<http::Response> created_response(Exchange& exchange, const Created& created) {
    const store::Receipt& receipt = created.receipt;
    auto work = [&receipt] {
        return http::json_response(201, snippet_json(receipt.snippet, receipt.base, Body::shown, receipt.edit_token));
    };
    http::Response response = co_await exchange.services.texts.by_size(Text::answer, receipt.snippet.body.size(),
                                                                       exchange.deadline.party, std::move(work));
    add_created_fields(response, created);
    response.add("ETag", json_etag(receipt.snippet, receipt.base));
    co_return response;
}

Awaitable<http::Response> snippet_response(Exchange& exchange, const model::Snippet& snippet) {
    const std::string base = exchange.base_url();
    auto work = [&] { return http::json_response(200, snippet_json(snippet, base, Body::shown)); };
    http::Response response = co_await exchange.services.texts.by_size(Text::answer, snippet.body.size(),
                                                                       exchange.deadline.party, std::move(work));
    response.add("ETag", json_etag(snippet, base));
    co_return response;
}

}  // namespace snippetd::exchange
