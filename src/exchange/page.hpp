#pragma once

#include "exchange/exchange.hpp"
#include "http/form.hpp"
#include "pages/layout.hpp"

#include <string>
#include <string_view>

/// What the handlers of pages have in common.
namespace snippetd::exchange {

/// Whether `Accept` (RFC 9110 section 12.5.1) wants HTML rather than JSON. What takes either, as `*/*` does, does not,
/// unless it comes from a program that makes previews of links: most of those accept anything, and want a page.
bool prefers_page(const http::Request& request);
/// Whether `Accept` names JSON: for routes that answer with plain text otherwise.
bool asks_for_json(const http::Request& request);

/// Whether it comes from a command line whose answers are read as they come: curl, which asks for nothing special.
bool is_read_as_it_comes(const http::Request& request);

/// The header fields that every page has: its type, what it may load and who may frame it.
std::string_view page_fields();
/// Those of a page that other sites may frame.
std::string_view embed_fields();

/// A page for whoever asks, around `content`, which is trusted HTML. Nobody may keep it.
/// With `retry_after_s` above 0 it says when to try again.
Awaitable<http::Response> show_page(Exchange& exchange, unsigned status, pages::Layout layout, std::string content,
                                    std::int64_t retry_after_s = 0);

/// Of a page that no search engine lists. `script` is an asset's name; empty for none.
pages::Layout unlisted_layout(std::string_view page, std::string title, std::string_view script = {});

/// The request's form; values that are not text in UTF-8 are empty.
Result<http::Form> read_form(const Exchange& exchange);

/// What pages call what went wrong.
std::string_view heading_of(ErrorKind kind);
/// What pages say of it below that, without its fields; may be empty.
std::string told_to_people(const Error& error);

/// The page of an error, with `Retry-After` where there is one.
http::Response error_page(const http::Request& request, const Error& error);

/// The query of a page to log in or sign up, which leads to `path` of this service afterwards.
std::string next_query(std::string_view path);
/// Where to log in, and come back to `path` afterwards.
std::string log_in_path(std::string_view path);

/// 303, after a form has been taken.
http::Response see_other(std::string_view location);

/// `path` if it is one of this site, else `/me`: where log-in leads to must not be somebody else's choice.
std::string local_path(std::string_view path);

}  // namespace snippetd::exchange
