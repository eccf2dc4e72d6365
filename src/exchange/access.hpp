#pragma once

#include "exchange/exchange.hpp"
#include "use_cases/access.hpp"

#include <optional>

/// What a request says of who asks, and of what must hold.
namespace snippetd::exchange {

using use_cases::Condition;
using use_cases::find_account;
using use_cases::is_listable;
using use_cases::is_snippet_id;
using use_cases::load_for_edit;
using use_cases::load_snippet;
using use_cases::may_edit;
using use_cases::may_read;
using use_cases::owns;
using use_cases::refuse_nobody;
using use_cases::unauthenticated;

/// Finds out who asks, by token or by cookie, and notes it in the exchange.
Awaitable<void> identify(Exchange& exchange);

/// The request's preconditions (RFC 9110 section 13), as far as they can be told from a snippet's version and time: the
/// tag of any representation of its version names it, whatever count that one shows. It refers to the request.
Condition condition_of(const Exchange& exchange);
/// 412 when they do not hold of `snippet` as it is now, else nothing.
std::optional<Error> refuse_stale(const Exchange& exchange, const model::Snippet& snippet);

}  // namespace snippetd::exchange
