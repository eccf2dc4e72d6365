#pragma once

#include <cstdint>
#include <string>

namespace snippetd::redis {

/// Where a Redis server listens and as whom to speak to it.
struct Endpoint {
    std::string host;
    std::uint16_t port = 6379;
    std::string user;      ///< empty: the server's default user
    std::string password;  ///< empty: none is asked for
    int database = 0;
    bool tls = false;
};

/// Reads `redis://[user:password@]host[:port][/database]`, or `rediss://…` for TLS (the provisional IANA schemes).
/// Throws std::invalid_argument, whose text says what is wrong and does not repeat the URL.
Endpoint parse_endpoint(const std::string& url);

}  // namespace snippetd::redis
