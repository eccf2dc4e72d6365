#pragma once

#include "model/snippet.hpp"

#include <string_view>

/// Who besides the caller may make something of an answer: pages of other sites, and search engines.
namespace snippetd::api {

/// Whether search engines may list it: what is public, and is there for more than one reader.
inline bool is_listable(const model::Snippet& snippet) {
    return snippet.visibility == model::Visibility::public_ && !snippet.burn_after_reading;
}

/// Header fields, of static lifetime. `open`: the route is for everybody, so scripts of any site may read its answers
/// (the Fetch standard, CORS protocol). That is without `Access-Control-Allow-Credentials`: what a browser asks for
/// with a cookie, it does not show to them. `listable`: without it, search engines are told to leave it alone.
std::string_view exposure_fields(bool open, bool listable);

/// Those of the answer to a preflight, beside the ones above: what scripts of other sites may ask an open route.
std::string_view preflight_fields();

}  // namespace snippetd::api
