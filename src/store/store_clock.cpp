#include "store/store_clock.hpp"

#include "base/machine_clocks.hpp"

#include <cstdlib>

namespace snippetd::store {

void StoreClock::observe(base::UnixMillis said) {
    const std::int64_t boot_ms = base::since_boot_ms();
    const base::UnixMillis wall_ms = base::unix_now_ms();
    const std::lock_guard lock{mutex_};
    heard_ = true;
    said_ = said;
    boot_ms_ = boot_ms;
    wall_ms_ = wall_ms;
}

std::optional<base::UnixMillis> StoreClock::now() const {
    const std::int64_t boot_ms = base::since_boot_ms();
    const base::UnixMillis wall_ms = base::unix_now_ms();
    const std::lock_guard lock{mutex_};
    const std::int64_t passed = boot_ms - boot_ms_;
    const std::int64_t step = wall_ms - wall_ms_ - passed;
    if (!heard_ || passed < 0 || passed > kAgeMsMax || std::abs(step) > kStepMsMax) return std::nullopt;
    return said_ + passed;
}

}  // namespace snippetd::store
