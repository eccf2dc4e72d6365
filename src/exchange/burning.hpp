#pragma once

#include "http/request.hpp"

/// Who may use up a snippet that burns after reading: only who asks for that on purpose. Programs that make previews,
/// browsers that fetch ahead or into a page, and clicks on a link are many, and no list of them is ever complete, so
/// the rule names what is on purpose, and everybody else gets the page that asks.
namespace snippetd::exchange {

/// Whether a GET (or, which burns nothing, a HEAD) asks for the text on purpose. It does when nothing in it says that a
/// browser made it for a navigation, a subresource, a prefetch or another site (Fetch Metadata; `Sec-Purpose`,
/// `Purpose`, `X-Moz`), when it does not take a page (text/html in `Accept`), and when one of these is true:
///
/// - the query has `burn=1`, which is in no link that this service makes;
/// - `Accept` names application/json, text/plain or a media type of GitHub's, and takes nothing beside such;
/// - the program is curl, Wget, HTTPie or snip, whose user has given it this address.
bool asks_to_burn(const http::Request& request);

/// Whether whatever comes is welcome: no `Accept`, or one with `*/*` or `text/*`. A page is, too.
bool takes_anything(const http::Request& request);

/// Whether `Accept` names application/json.
bool names_json(const http::Request& request);

}  // namespace snippetd::exchange
