#pragma once

#include "exchange/route.hpp"

#include <string_view>

/// The routes of other services' interfaces.
namespace snippetd::conventions {

using exchange::Answer;
using exchange::Exchange;

// uploads.cpp
/// How to use the service from a terminal, for `curl URL/`.
Answer usage(Exchange& exchange);
/// A form that no browser has sent.
Answer upload_form(Exchange& exchange);
Answer upload_text(Exchange& exchange);
Answer manage_upload(Exchange& exchange);
Answer pastebinit_configuration(Exchange& exchange);

// ansi.cpp
Answer read_ansi(Exchange& exchange);

// haste.cpp
Answer create_document(Exchange& exchange);
Answer read_document(Exchange& exchange);
Answer read_document_raw(Exchange& exchange);
Answer open_document(Exchange& exchange);
bool is_document_key(std::string_view text);

// gists.cpp
Answer create_gist(Exchange& exchange);
Answer list_gists(Exchange& exchange);
Answer list_gists_of(Exchange& exchange);
Answer read_gist(Exchange& exchange);
Answer read_gist_file(Exchange& exchange);
Answer edit_gist(Exchange& exchange);

// embeds.cpp
Answer describe_embed(Exchange& exchange);

// feeds.cpp
Answer account_feed(Exchange& exchange);

}  // namespace snippetd::conventions
