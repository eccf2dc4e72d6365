#pragma once

#include "base/awaitable.hpp"
#include "base/clock.hpp"

#include <optional>

namespace snippetd::store {

using base::Awaitable;
using base::Deadline;
using base::UnixMillis;

/// The store's clock, which alone says what has expired: no clock of a node that is wrong ends what others have made.
/// Times that come to the store have been taken from it.
class Clock {
  public:
    virtual ~Clock() = default;

    virtual Awaitable<UnixMillis> now(Deadline deadline) = 0;
    /// The same without asking, if it has been heard lately.
    virtual std::optional<UnixMillis> estimated_now() const = 0;
};

}  // namespace snippetd::store
