#pragma once

#include "exchange/route.hpp"

/// The routes that speak JSON, each in the file of its noun.
namespace snippetd::api {

using exchange::Answer;
using exchange::Exchange;

// read_shared.cpp
Answer read_shared(Exchange& exchange);
Answer read_shared_raw(Exchange& exchange);
Answer reveal(Exchange& exchange);

// snippets.cpp
Answer create_snippet(Exchange& exchange);
Answer fork_snippet(Exchange& exchange);
Answer read_snippet(Exchange& exchange);
Answer edit_snippet(Exchange& exchange);
Answer delete_snippet(Exchange& exchange);

// preview.cpp
Answer preview(Exchange& exchange);

// snippet_stats.cpp
Answer snippet_stats(Exchange& exchange);

// list_snippets.cpp
Answer list_snippets(Exchange& exchange);
Answer list_snippets_of(Exchange& exchange);
Answer explore(Exchange& exchange);

// revisions.cpp
Answer list_revisions(Exchange& exchange);
Answer read_revision(Exchange& exchange);

// accounts.cpp
Answer sign_up(Exchange& exchange);
Answer log_in(Exchange& exchange);
Answer log_out(Exchange& exchange);
Answer who_am_i(Exchange& exchange);
Answer delete_account(Exchange& exchange);
Answer change_password(Exchange& exchange);
Answer authorize(Exchange& exchange);

// export_account.cpp
Answer export_account(Exchange& exchange);

// tokens.cpp
Answer create_token(Exchange& exchange);
Answer list_tokens(Exchange& exchange);
Answer delete_token(Exchange& exchange);

}  // namespace snippetd::api
