#pragma once

#include "base/awaitable.hpp"

#include <cstddef>
#include <optional>
#include <string>

/// How large bodies are kept in Redis: deflated (RFC 1951), and only where that makes them small enough. Source text
/// shrinks to less than a third (docs/decisions/0028-memory-of-redis.md).
namespace snippetd::cache {

/// What is smaller is kept as it is.
inline constexpr std::size_t kPackedFrom = 4 * 1024;
/// Of a body in Redis. What is larger is not kept there: the near caches have it.
inline constexpr std::size_t kPackedMax = 256 * 1024;
/// What is larger is not even tried.
inline constexpr std::size_t kUnpackedMax = 1024 * 1024;

/// The packed body, or nothing when it would be too large. `body` outlives the call. It is done in pieces, between
/// which the loop does other things.
base::Awaitable<std::optional<std::string>> pack(const std::string& body);

/// Throws std::invalid_argument for what `pack` has not made.
base::Awaitable<std::string> unpack(const std::string& packed);

}  // namespace snippetd::cache
