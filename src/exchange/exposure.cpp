#include "exchange/exposure.hpp"

namespace snippetd::exchange {

namespace {

// The first part is for open routes, the second for what is not listable.
constexpr std::string_view kBoth =
    "Access-Control-Allow-Origin: *\r\n"
    "Access-Control-Expose-Headers: ETag, Cache-Status, Link, Retry-After, X-Request-Id\r\n"
    "X-Robots-Tag: noindex\r\n";
constexpr std::size_t kNotListable = kBoth.find("X-Robots-Tag");

}  // namespace

std::string_view exposure_fields(bool open, bool listable) {
    const std::size_t begin = open ? 0 : kNotListable;
    return kBoth.substr(begin, (listable ? kNotListable : kBoth.size()) - begin);
}

std::string_view preflight_fields() {
    // The asterisk stands for every field but `Authorization`: no other site's script brings a token along.
    return "Access-Control-Allow-Methods: GET, HEAD\r\nAccess-Control-Allow-Headers: *\r\n"
           "Access-Control-Max-Age: 86400\r\n";
}

}  // namespace snippetd::exchange
