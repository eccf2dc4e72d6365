#pragma once

#include "exchange/route.hpp"

/// The routes that make pages, or what comes to them.
namespace snippetd::ui {

using base::Awaitable;
using base::Error;
using exchange::Answer;
using exchange::Exchange;

// read_pages.cpp
Answer read_page(Exchange& exchange);
Answer reveal_page(Exchange& exchange);
Answer embed_page(Exchange& exchange);

// compose_pages.cpp
Answer compose_page(Exchange& exchange);
Answer compose_from_form(Exchange& exchange);
Awaitable<http::Response> compose_refused(Exchange& exchange, Error error);
Answer edit_page(Exchange& exchange);
Answer edit_from_form(Exchange& exchange);
Awaitable<http::Response> edit_refused(Exchange& exchange, Error error);
Answer preview_from_form(Exchange& exchange);
Awaitable<http::Response> preview_refused(Exchange& exchange, Error error);

// snippet_pages.cpp
Answer made_page(Exchange& exchange);
Answer delete_page(Exchange& exchange);
Answer fork_page(Exchange& exchange);
Answer delete_from_form(Exchange& exchange);
Answer fork_from_form(Exchange& exchange);
Answer qr_code(Exchange& exchange);
Answer stats_page(Exchange& exchange);

// picture.cpp
Answer snippet_picture(Exchange& exchange);

// revision_pages.cpp
Answer revisions_page(Exchange& exchange);
Answer revision_page(Exchange& exchange);
Answer revision_raw(Exchange& exchange);
Answer restore_from_form(Exchange& exchange);

// terminal_page.cpp
Answer terminal_page(Exchange& exchange);

// live.cpp
Answer follow_count(Exchange& exchange);

// account_pages.cpp
Answer log_in_page(Exchange& exchange);
Answer log_in_from_form(Exchange& exchange);
Awaitable<http::Response> log_in_refused(Exchange& exchange, Error error);
Answer sign_up_page(Exchange& exchange);
Answer sign_up_from_form(Exchange& exchange);
Awaitable<http::Response> sign_up_refused(Exchange& exchange, Error error);
Answer log_out_from_form(Exchange& exchange);
Answer tokens_page(Exchange& exchange);
Answer create_token_from_form(Exchange& exchange);
Answer delete_token_from_form(Exchange& exchange);
Answer delete_tokens_from_form(Exchange& exchange);
Answer account_page(Exchange& exchange);
Awaitable<http::Response> account_refused(Exchange& exchange, Error error);
Answer change_password_from_form(Exchange& exchange);
Answer delete_account_from_form(Exchange& exchange);

// list_pages.cpp
Answer my_snippets_page(Exchange& exchange);
Answer delete_selected(Exchange& exchange);
Answer explore_page(Exchange& exchange);
Answer account_snippets_page(Exchange& exchange);

// assets.cpp
Answer read_asset(Exchange& exchange);
Answer read_favicon(Exchange& exchange);
Answer read_robots(Exchange& exchange);

}  // namespace snippetd::ui
