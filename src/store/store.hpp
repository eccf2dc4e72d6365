#pragma once

#include "store/accounts.hpp"
#include "store/clock.hpp"
#include "store/outbox.hpp"
#include "store/search_index.hpp"
#include "store/snippets.hpp"
#include "store/view_ledger.hpp"

#include <cstdint>

/// Where accounts, snippets and exact records live. Every call waits at most until its deadline and throws
/// base::Unavailable when the database is away, busy beyond its bounds, or late; what the caller did wrong is in the
/// result. A write that has returned is durable.
namespace snippetd::store {

struct Purged {
    std::int64_t snippets = 0;
    std::int64_t others = 0;  ///< sessions, tokens, idempotency records, ledger entries, marks, hours of views
    bool more = false;        ///< of some kind the limit was reached, so there may be more to remove
};

/// All of it, in one database. Who needs a part takes the part.
class Store : public Accounts,
              public Snippets,
              public ViewLedger,
              public InvalidationOutbox,
              public SearchIndex,
              public Clock {
  public:
    /// Removes what has expired, at most `limit` rows of each kind.
    virtual Awaitable<Purged> purge(int limit, Deadline deadline) = 0;
    /// Throws when the store does not answer, or would refuse what is written.
    virtual Awaitable<void> ping(Deadline deadline) = 0;
    /// Whether writes do not end, of late, while the store is there otherwise (commits that wait for a standby).
    virtual bool writes_are_stuck() const { return false; }

    /// Refuses further calls and returns when those under way have been answered. Not from a coroutine.
    virtual void close() = 0;
};

}  // namespace snippetd::store
