#pragma once

#include "base/cidr.hpp"
#include "base/clock.hpp"
#include "http/pace.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace snippetd::http {

struct ServerOptions {
    base::Milliseconds header_timeout{10000};   ///< from a request's first byte to the end of its header
    Pace::Bounds pace;                          ///< of a body that arrives, and of an answer that is taken
    base::Milliseconds linger_timeout{300000};  ///< for the rest of a request that was refused
    base::Milliseconds idle_timeout{75000};     ///< between two requests
    std::size_t connections_max = 16384;        ///< of the process
    std::uint64_t request_body_bytes_max = 8 * 1024 * 1024;
    std::vector<base::Cidr> trusted_proxies;
    bool secure = false;  ///< whether the public URL is https
};

/// What the servers of all workers bound together.
struct ServerLimits {
    /// Bodies of requests that are not answered yet; beyond it a request with a body gets 503.
    static constexpr std::size_t kBodyBytesMax = 256 * 1024 * 1024;
    std::atomic<std::size_t> connections{0};
    std::atomic<std::size_t> body_bytes{0};
};

}  // namespace snippetd::http
