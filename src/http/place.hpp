#pragma once

#include <optional>
#include <string>
#include <string_view>

/// Where a URL leads, in the one spelling in which two are compared: in a host capitals mean nothing, nor does a port
/// that the scheme has anyway (RFC 3986 sections 6.2.2.1 and 6.2.3).
namespace snippetd::http {

struct Place {
    std::string scheme;     ///< `http` or `https`
    std::string authority;  ///< `HOST` or `HOST:PORT`
    std::string_view rest;  ///< path, query and fragment, of what it was made from
};

/// Nothing for what is no http or https URL with a host and without a user's name.
std::optional<Place> place_of(std::string_view url);

/// The value of a `Host` field, as `place_of` writes it for a URL with this scheme.
std::string normal_authority(std::string_view authority, std::string_view scheme);

}  // namespace snippetd::http
