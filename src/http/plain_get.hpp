#pragma once

#include "http/request.hpp"

#include <string_view>

/// For http/ only.
namespace snippetd::http {

/// Reads the usual GET without `Parser`: of HTTP/1.1, with its target in origin form, one Host, no body, each field on
/// one line, none of those that are known here twice, and nothing that is asked of the connection but to be kept alive.
/// What it takes, it understands as `Parser` does; that is for everything else, and for every error.
///
/// `header` ends with its empty line. False when it is not such a request: `request`, which was empty, is empty then.
bool read_plain_get(std::string_view header, Request& request);

}  // namespace snippetd::http
