#pragma once

#include "api/exchange.hpp"
#include "model/snippet.hpp"

/// Who may do what to a snippet. All of it is here.
namespace snippetd::api {

/// Finds out who asks, by token or by cookie, and notes it in the exchange.
Awaitable<void> identify(Exchange& exchange);

/// The session or token that gave the caller the account.
store::TokenMaker secret_of(const Exchange& exchange);

/// Makes a token as the request's body describes it.
Awaitable<Result<http::Response>> make_token(Exchange& exchange, store::TokenMaker maker);  // tokens.cpp

/// 401, saying whether something was sent that opens nothing.
Error unauthenticated(const Caller& caller);

/// 401 for a caller without account and edit token: nobody is told whether an id exists before they have said who they
/// are. Else nothing.
std::optional<Error> refuse_nobody(const Caller& caller);

bool owns(const Caller& caller, const model::Snippet& snippet);
/// Also by the edit token of an anonymous snippet.
bool may_edit(const Caller& caller, const model::Snippet& snippet);
/// Through the link: anyone, but for private ones.
bool may_read(const Caller& caller, const model::Snippet& snippet);

/// Straight from the store, whatever the caches say: 404 when it is not there, 410 when it has expired or been burned.
Awaitable<Result<model::Snippet>> load_snippet(Exchange& exchange, std::string id);

/// Like `load_snippet`, for someone who may edit it; for others 404 when it is private, else 403.
Awaitable<Result<model::Snippet>> load_for_edit(Exchange& exchange, std::string id);

/// 412 when a write's preconditions do not hold of `snippet` as it is now: the tag of any representation of its version
/// names it, whatever count that one shows. Else nothing.
std::optional<Error> refuse_stale(const Exchange& exchange, const model::Snippet& snippet);

/// The account of that name, in any case; 404 when there is none.
Awaitable<Result<model::Account>> find_account(Exchange& exchange, std::string username);

/// Whether it could be an id at all: 12 characters of A-Z a-z 0-9. What is not never reaches the store.
bool is_snippet_id(std::string_view id);

}  // namespace snippetd::api
