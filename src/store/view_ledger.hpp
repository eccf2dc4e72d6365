#pragma once

#include "base/awaitable.hpp"
#include "base/clock.hpp"
#include "model/numbers_by_id.hpp"
#include "model/view_history.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace snippetd::store {

using base::Awaitable;
using base::Deadline;
using base::UnixMillis;

/// The flushes of one process and shard that are in a batch of views, by their numbers, which grow.
struct ViewFlush {
    std::string flusher;
    std::int64_t first = 0, last = 0;
};
using ViewFlushes = std::vector<ViewFlush>;

/// View counts, and the ledger of the batches that are in them: each counts once.
class ViewLedger {
  public:
    virtual ~ViewLedger() = default;

    /// Adds a batch of views, in one statement on PostgreSQL, to the totals and to the hour of now, and remembers
    /// `batch_id` in the ledger: a batch that is given again changes nothing. Returns the totals as they are now,
    /// without ids that are gone. `flushes`: what the counts are made of, where that is known. The batches of a flusher
    /// come in the order of its flushes; one that comes later with a flush not above the last that has been applied is
    /// of a Redis that went another way: it is not counted, since some of it has been, and the log says so.
    virtual Awaitable<model::NumbersById> apply_views(std::string batch_id, model::NumbersById counts,
                                                      ViewFlushes flushes, Deadline deadline) = 0;
    Awaitable<model::NumbersById> apply_views(std::string batch_id, model::NumbersById counts, Deadline deadline) {
        return apply_views(std::move(batch_id), std::move(counts), {}, deadline);
    }
    /// The number of the flusher's last flush in a batch that has been applied; 0 for none.
    virtual Awaitable<std::int64_t> last_flush_applied(std::string flusher, Deadline deadline) = 0;
    /// The hours in which a snippet had views, oldest first, from the one that `since` lies in.
    virtual Awaitable<std::vector<model::ViewHour>> view_hours(std::string id, UnixMillis since, Deadline deadline) = 0;
};

}  // namespace snippetd::store
