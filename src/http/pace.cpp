#include "http/pace.hpp"

#include <algorithm>

namespace snippetd::http {

void Pace::begin(const Bounds& bounds, base::SteadyTime now) {
    bounds_ = bounds;
    stretch_began_ = moved_last_ = now;
    bytes_ = 0;
}

void Pace::moved(std::uint64_t bytes, base::SteadyTime now) {
    if (bytes == 0) return;
    bytes_ += bytes;
    moved_last_ = now;
}

bool Pace::too_slow(base::SteadyTime now) {
    if (now >= moved_last_ + bounds_.silence_max) return true;
    if (now < stretch_began_ + bounds_.silence_max) return false;
    const auto stretch_ms = static_cast<std::uint64_t>(bounds_.silence_max.count());
    if (bytes_ < bounds_.bytes_per_second_min * stretch_ms / 1000) return true;
    stretch_began_ = now;
    bytes_ = 0;
    return false;
}

base::SteadyTime Pace::deadline() const {
    return std::min(stretch_began_, moved_last_) + bounds_.silence_max;
}

}  // namespace snippetd::http
