#pragma once

#include "base/clock.hpp"

#include <ctime>

namespace snippetd::base {

inline std::int64_t read_clock_ms(clockid_t clock) {
    timespec time{};
    clock_gettime(clock, &time);
    return std::int64_t{time.tv_sec} * 1000 + time.tv_nsec / 1'000'000;
}

/// `unix_now_ms`, up to a tick of the kernel (4 ms) behind and cheaper: for what asks at every request.
inline UnixMillis coarse_unix_now_ms() {
    return read_clock_ms(CLOCK_REALTIME_COARSE);
}

/// Milliseconds since the machine was started, those included in which it slept: never set back.
inline std::int64_t since_boot_ms() {
    return read_clock_ms(CLOCK_BOOTTIME);
}

}  // namespace snippetd::base
