#pragma once

#include "base/cidr.hpp"
#include "base/clock.hpp"
#include "base/memory_budget.hpp"
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
    std::size_t memory_bytes_max = 512 * 1024 * 1024;  ///< of the process: bodies and answers under way
    std::vector<base::Cidr> trusted_proxies;
    bool secure = false;  ///< whether the public URL is https
};

/// What the servers of all workers bound together.
struct ServerLimits {
    ServerLimits(const ServerOptions& options, base::Metrics& metrics);

    std::atomic<std::size_t> connections{0};
    /// What the address with the most has on each worker, together.
    std::atomic<std::size_t> connections_of_one_address{0};
    base::Counter& turned_away;  ///< connections, because there were too many
    base::Counter& displaced;    ///< connections that waited for nothing, for others that came
    base::Counter& rested;       ///< times that one was not read for a while, since refusals had become too many
    /// Of requests that are not answered yet, and of answers that wait for slow readers.
    base::MemoryBudget memory;
};

}  // namespace snippetd::http
