#pragma once

#include "model/snippet.hpp"
#include "use_cases/call.hpp"

#include <functional>
#include <optional>
#include <string>
#include <string_view>

/// Who may do what to a snippet. All of it is here.
namespace snippetd::use_cases {

/// What must hold of a snippet as it is now, or what the caller wants is not done: 412. Empty: nothing.
using Condition = std::function<bool(const model::Snippet&)>;

/// The session or token that gave the caller the account.
store::TokenMaker secret_of(const Caller& caller);

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
/// Whether search engines may list it: what is public, and is there for more than one reader.
bool is_listable(const model::Snippet& snippet);

/// Straight from the store, whatever the caches say: 404 when it is not there, 410 when it has expired or been burned.
Awaitable<Result<model::Snippet>> load_snippet(Call& call, std::string id);

/// Like `load_snippet`, for someone who may edit it; for others 404 when it is private, else 403.
Awaitable<Result<model::Snippet>> load_for_edit(Call& call, std::string id);

/// The account of that name, in any case; 404 when there is none.
Awaitable<Result<model::Account>> find_account(Call& call, std::string username);

/// Whether it could be an id at all: 12 characters of A-Z a-z 0-9. What is not never reaches the store.
bool is_snippet_id(std::string_view id);

}  // namespace snippetd::use_cases
