#pragma once

#include "api/exchange.hpp"

/// The use cases, each in the file of its name or of its noun.
namespace snippetd::api {

using Answer = Awaitable<Result<http::Response>>;

Answer read_shared(Exchange& exchange);      // read_shared.cpp
Answer read_shared_raw(Exchange& exchange);  // read_shared.cpp

Answer create_snippet(Exchange& exchange);  // create_snippet.cpp
Answer fork_snippet(Exchange& exchange);    // create_snippet.cpp
Answer read_snippet(Exchange& exchange);    // manage_snippet.cpp
Answer edit_snippet(Exchange& exchange);    // manage_snippet.cpp
Answer delete_snippet(Exchange& exchange);  // manage_snippet.cpp
Answer snippet_stats(Exchange& exchange);   // snippet_stats.cpp
Answer list_snippets(Exchange& exchange);   // list_snippets.cpp
Answer explore(Exchange& exchange);         // list_snippets.cpp
Answer list_revisions(Exchange& exchange);  // revisions.cpp
Answer read_revision(Exchange& exchange);   // revisions.cpp

Answer sign_up(Exchange& exchange);          // accounts.cpp
Answer log_in(Exchange& exchange);           // accounts.cpp
Answer log_out(Exchange& exchange);          // accounts.cpp
Answer who_am_i(Exchange& exchange);         // accounts.cpp
Answer delete_account(Exchange& exchange);   // accounts.cpp
Answer change_password(Exchange& exchange);  // accounts.cpp
Answer create_token(Exchange& exchange);     // tokens.cpp
Answer list_tokens(Exchange& exchange);      // tokens.cpp
Answer delete_token(Exchange& exchange);     // tokens.cpp

Answer health(Exchange& exchange);   // operation.cpp
Answer ready(Exchange& exchange);    // operation.cpp
Answer metrics(Exchange& exchange);  // operation.cpp

}  // namespace snippetd::api
