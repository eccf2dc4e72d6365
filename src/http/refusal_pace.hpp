#pragma once

#include "base/clock.hpp"

#include <algorithm>
#include <chrono>

/// For http/ only.
namespace snippetd::http {

/// What refusals may take of a worker. A refusal is told at once; but who asks again at once, over and over, would have
/// the worker do nothing but refuse, and what it has let in would wait for the processor. So when refusals come faster
/// than one in `kEach`, each connection that got one is not read for a while: the refusals share their part of the
/// time, and each waits behind those before it. Who heeds `Retry-After` never notices.
///
/// A token bucket whose debt is a delay. A state machine without clock or socket; for one thread.
class RefusalPace {
  public:
    static constexpr std::chrono::microseconds kEach{200};  ///< ten times what one costs: a tenth of a processor
    static constexpr base::Milliseconds kBurst{100};        ///< so much is free: 500 at once
    static constexpr base::Milliseconds kMost{1000};        ///< as long as what `Retry-After` says at least

    /// A connection was told a refusal. It is not to be read before the time that this returns, which never goes back
    /// from call to call; that may be in the past.
    base::SteadyTime next(base::SteadyTime now) {
        paid_until_ = std::max(paid_until_, now - kBurst) + kEach;
        paid_until_ = std::min<base::SteadyTime>(paid_until_, now + kMost);
        return paid_until_;
    }

  private:
    base::SteadyTime paid_until_{};
};

}  // namespace snippetd::http
