#pragma once

#include "base/clock.hpp"

#include <mutex>
#include <optional>

namespace snippetd::store {

/// What is known of another machine's clock: the last time that it said, and how long ago that is here. It does not ask
/// this machine's wall clock what time it is, which may be wrong by days, but whether that has been set since: after a
/// pause of a virtual machine nothing else says how long it was. Thread-safe.
class StoreClock {
  public:
    /// The other clock has just said this.
    void observe(base::UnixMillis said);
    /// Nothing when it was never heard, too long ago, or before this machine's wall clock was set.
    std::optional<base::UnixMillis> now() const;

    static constexpr std::int64_t kAgeMsMax = 10'000;
    static constexpr std::int64_t kStepMsMax = 500;

  private:
    mutable std::mutex mutex_;
    bool heard_ = false;            ///< guarded by mutex_
    base::UnixMillis said_ = 0;     ///< guarded by mutex_
    std::int64_t boot_ms_ = 0;      ///< guarded by mutex_; base::since_boot_ms() then
    base::UnixMillis wall_ms_ = 0;  ///< guarded by mutex_; base::unix_now_ms() then
};

}  // namespace snippetd::store
