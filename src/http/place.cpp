#include "http/place.hpp"

#include "base/ascii.hpp"

#include <algorithm>

namespace snippetd::http {

std::string normal_authority(std::string_view authority, std::string_view scheme) {
    std::string normal = base::lower_case(authority);
    const std::size_t colon = normal.rfind(':');
    if (colon == normal.npos || normal.find(']', colon) != normal.npos) return normal;  // within an IPv6 address
    const std::string_view port = std::string_view{normal}.substr(colon + 1);
    if (port.empty() || port == (scheme == "https" ? "443" : "80")) normal.resize(colon);
    return normal;
}

std::optional<Place> place_of(std::string_view url) {
    const std::size_t colon = url.find("://");
    if (colon == url.npos) return std::nullopt;
    Place place;
    place.scheme = base::lower_case(url.substr(0, colon));
    if (place.scheme != "http" && place.scheme != "https") return std::nullopt;
    url.remove_prefix(colon + 3);
    const std::size_t end = std::min(url.find_first_of("/?#\\"), url.size());
    place.authority = normal_authority(url.substr(0, end), place.scheme);
    place.rest = url.substr(end);
    if (place.authority.empty() || place.authority.find('@') != std::string::npos) return std::nullopt;
    return place;
}

}  // namespace snippetd::http
