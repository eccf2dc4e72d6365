#pragma once

#include <string_view>

/// Who besides the caller may make something of an answer: pages of other sites, and search engines.
namespace snippetd::exchange {

/// Header fields, of static lifetime. `open`: the route is for everybody, so scripts of any site may read its answers
/// (the Fetch standard, CORS protocol). That is without `Access-Control-Allow-Credentials`: what a browser asks for
/// with a cookie, it does not show to them. `listable`: without it, search engines are told to leave it alone.
std::string_view exposure_fields(bool open, bool listable);

/// Those of the answer to a preflight, beside the ones above: what scripts of other sites may ask an open route.
std::string_view preflight_fields();

}  // namespace snippetd::exchange
