#pragma once

#include "api/route.hpp"
#include "model/snippet.hpp"

#include <string_view>

/// The use cases, each in the file of its name or of its noun.
namespace snippetd::api {

Answer read_shared(Exchange& exchange);      // read_shared.cpp
Answer read_shared_raw(Exchange& exchange);  // read_shared.cpp

Answer create_snippet(Exchange& exchange);  // snippets.cpp
Answer fork_snippet(Exchange& exchange);    // snippets.cpp
Answer read_snippet(Exchange& exchange);    // snippets.cpp
Answer edit_snippet(Exchange& exchange);    // snippets.cpp
Answer delete_snippet(Exchange& exchange);  // snippets.cpp
Answer snippet_stats(Exchange& exchange);   // snippet_stats.cpp
Answer list_snippets(Exchange& exchange);   // list_snippets.cpp
Answer explore(Exchange& exchange);         // list_snippets.cpp
Answer list_revisions(Exchange& exchange);  // revisions.cpp
Answer read_revision(Exchange& exchange);   // revisions.cpp

Answer sign_up(Exchange& exchange);          // accounts.cpp
Answer log_in(Exchange& exchange);           // accounts.cpp
Answer log_out(Exchange& exchange);          // accounts.cpp
Answer who_am_i(Exchange& exchange);         // accounts.cpp
Answer export_account(Exchange& exchange);   // export_account.cpp
Answer delete_account(Exchange& exchange);   // accounts.cpp
Answer change_password(Exchange& exchange);  // accounts.cpp
Answer create_token(Exchange& exchange);     // tokens.cpp
Answer list_tokens(Exchange& exchange);      // tokens.cpp
Answer delete_token(Exchange& exchange);     // tokens.cpp

Answer reveal(Exchange& exchange);       // read_shared.cpp
Answer read_page(Exchange& exchange);    // read_pages.cpp
Answer reveal_page(Exchange& exchange);  // read_pages.cpp

/// A form that no browser has sent: other services' conventions.
Answer upload_form(Exchange& exchange);               // uploads.cpp
Answer upload_text(Exchange& exchange);               // uploads.cpp
Answer manage_upload(Exchange& exchange);             // uploads.cpp
Answer pastebinit_configuration(Exchange& exchange);  // uploads.cpp

Answer create_document(Exchange& exchange);    // haste.cpp
Answer read_document(Exchange& exchange);      // haste.cpp
Answer read_document_raw(Exchange& exchange);  // haste.cpp
Answer open_document(Exchange& exchange);      // haste.cpp
bool is_document_key(std::string_view text);   // haste.cpp

Answer create_gist(Exchange& exchange);     // gists.cpp
Answer list_gists(Exchange& exchange);      // gists.cpp
Answer list_gists_of(Exchange& exchange);   // gists.cpp
Answer read_gist(Exchange& exchange);       // gists.cpp
Answer read_gist_file(Exchange& exchange);  // gists.cpp
Answer edit_gist(Exchange& exchange);       // gists.cpp
Answer authorize(Exchange& exchange);       // accounts.cpp

Answer describe_embed(Exchange& exchange);  // embeds.cpp
Answer embed_page(Exchange& exchange);      // read_pages.cpp
Answer account_feed(Exchange& exchange);    // feeds.cpp

Answer compose_page(Exchange& exchange);       // compose_pages.cpp
Answer compose_from_form(Exchange& exchange);  // compose_pages.cpp
Awaitable<http::Response> compose_refused(Exchange& exchange, Error error);
Answer edit_page(Exchange& exchange);       // compose_pages.cpp
Answer edit_from_form(Exchange& exchange);  // compose_pages.cpp
Awaitable<http::Response> edit_refused(Exchange& exchange, Error error);

Answer delete_page(Exchange& exchange);       // snippet_pages.cpp
Answer delete_from_form(Exchange& exchange);  // snippet_pages.cpp
Answer fork_from_form(Exchange& exchange);    // snippet_pages.cpp
Answer qr_code(Exchange& exchange);           // snippet_pages.cpp
Answer revisions_page(Exchange& exchange);    // snippet_pages.cpp
Answer stats_page(Exchange& exchange);        // snippet_pages.cpp
Answer follow_count(Exchange& exchange);      // live.cpp

Answer log_in_page(Exchange& exchange);       // account_pages.cpp
Answer log_in_from_form(Exchange& exchange);  // account_pages.cpp
Awaitable<http::Response> log_in_refused(Exchange& exchange, Error error);
Answer sign_up_page(Exchange& exchange);       // account_pages.cpp
Answer sign_up_from_form(Exchange& exchange);  // account_pages.cpp
Awaitable<http::Response> sign_up_refused(Exchange& exchange, Error error);
Answer log_out_from_form(Exchange& exchange);        // account_pages.cpp
Answer my_snippets_page(Exchange& exchange);         // list_pages.cpp
Answer delete_selected(Exchange& exchange);          // list_pages.cpp
Answer explore_page(Exchange& exchange);             // list_pages.cpp
Answer tokens_page(Exchange& exchange);              // account_pages.cpp
Answer create_token_from_form(Exchange& exchange);   // account_pages.cpp
Answer delete_token_from_form(Exchange& exchange);   // account_pages.cpp
Answer delete_tokens_from_form(Exchange& exchange);  // account_pages.cpp
Answer account_page(Exchange& exchange);             // account_pages.cpp
Awaitable<http::Response> account_refused(Exchange& exchange, Error error);
Answer change_password_from_form(Exchange& exchange);  // account_pages.cpp
Answer delete_account_from_form(Exchange& exchange);   // account_pages.cpp

Answer read_asset(Exchange& exchange);    // assets.cpp
Answer read_favicon(Exchange& exchange);  // assets.cpp
Answer read_robots(Exchange& exchange);   // assets.cpp

Answer read_openapi(Exchange& exchange);  // documentation.cpp
Answer docs_page(Exchange& exchange);     // documentation.cpp

Answer health(Exchange& exchange);   // operation.cpp
Answer ready(Exchange& exchange);    // operation.cpp
Answer metrics(Exchange& exchange);  // operation.cpp

}  // namespace snippetd::api
