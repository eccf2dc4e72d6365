#pragma once

#include "base/awaitable.hpp"
#include "base/clock.hpp"
#include "model/cache_server.hpp"
#include "model/numbers_by_id.hpp"

#include <cstdint>
#include <string>

namespace snippetd::store {

using base::Awaitable;
using base::Deadline;

/// Whether edits and deletions leave their invalidation in an outbox, in their own transaction. Somebody must deliver
/// what is there.
enum class Outbox { off, on };

/// Which invalidations have to be delivered still, and to which Redis server.
class InvalidationOutbox {
  public:
    virtual ~InvalidationOutbox() = default;

    /// Invalidations in the outbox, oldest first, at most `limit`, of those that have been there for `age` by the
    /// database's clock; and the Redis server that is in force, all as of one moment.
    virtual Awaitable<model::Undelivered> list_undelivered(base::Milliseconds age, int limit, Deadline deadline) = 0;
    /// Takes these, and older ones of the same snippets, out of the outbox; nothing when another server than `told` is
    /// in force by now.
    virtual Awaitable<void> forget_delivered(model::NumbersById delivered, model::CacheServer told,
                                             Deadline deadline) = 0;
    /// Puts the Redis server `run_id` (empty: none) in force, or notes that it still is, unless somebody has done
    /// either since `known` was read.
    virtual Awaitable<void> set_cache_server(std::string run_id, model::CacheServer known, Deadline deadline) = 0;
};

}  // namespace snippetd::store
