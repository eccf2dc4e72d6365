#pragma once

#include "http/request.hpp"
#include "http/response.hpp"

/// Parts of a text (RFC 9110 section 14): a download that broke off goes on where it was.
namespace snippetd::http {

/// Makes `response`, a 200 whose content is one piece, what `Range` asks for: 206 with that part, or 416 when the text
/// has none of it. It stays what it is when there is no such field, when `If-Range` names another text, and when the
/// field cannot be understood or asks for several parts at once, as section 14.2 allows.
void cut_to_range(const Request& request, Response& response);

}  // namespace snippetd::http
