#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace snippetd::cli {

/// Where a server is. Tokens belong to an origin; a service behind a proxy may live under a path.
struct ServerAddress {
    std::string origin;  ///< `https://example.org:8443`: lower case, without a default port
    std::string path;    ///< empty, or `/paste`: without a slash at its end
    bool loopback = false;
    bool encrypted = false;

    std::string base() const { return origin + path; }
};

/// Throws Failure (bad_input) when `url` is not http:// or https:// with a host, or carries a name and password.
ServerAddress parse_server(std::string_view url);

/// `url` as it may be handed to a desktop: of this server's origin and of no characters but a URL's (RFC 3986). Throws
/// Failure (other): whatever else a server says is not opened.
std::string checked_for_browser(const std::string& url, const ServerAddress& server);

/// Where the `Location` in an answer from `url` leads; empty when it is no URL.
std::string resolve_redirect(const std::string& url, const std::string& location);

/// A snippet, as people name it.
struct SnippetLink {
    std::string id;
    std::optional<ServerAddress> server;  ///< when it was a URL
    std::size_t first_line = 0;           ///< of `#L5-L9`, counted from 1; 0 for all
    std::size_t last_line = 0;
};

/// Reads an id, or the URL of a snippet's page, raw text or another page below it, each with `#L5` or `#L5-L9` or
/// without. Throws Failure (bad_input) when it is none of these.
SnippetLink parse_link(std::string_view text);

}  // namespace snippetd::cli
