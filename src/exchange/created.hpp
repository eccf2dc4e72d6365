#pragma once

#include "exchange/exchange.hpp"
#include "use_cases/snippets.hpp"

#include <functional>
#include <string>

/// What faces have in common that make snippets and show what came of it.
namespace snippetd::exchange {

/// What a request says of a new snippet.
struct NewSnippet {
    use_cases::SnippetInput input;
    std::string asked{};  ///< as in use_cases::Repeatable
};

/// Makes the snippet that the request asks for. `read` takes it apart, beside the loop when it is long.
Awaitable<Result<use_cases::Created>> create_from(Exchange& exchange, std::function<Result<NewSnippet>()> read);

/// Forks the snippet that the request's path names.
Awaitable<Result<use_cases::Created>> fork_as_asked(Exchange& exchange);

/// What a new snippet is answered with, whatever it looks like: `Location`, and whether it has been there before.
void add_created_fields(http::Response& response, const use_cases::Created& created);

/// The snippet as JSON, as its maker or editor sees it, with its entity tag.
Awaitable<http::Response> created_response(Exchange& exchange, const use_cases::Created& created);
Awaitable<http::Response> snippet_response(Exchange& exchange, const model::Snippet& snippet);

}  // namespace snippetd::exchange
