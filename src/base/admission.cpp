#include "base/admission.hpp"

#include <algorithm>

namespace snippetd::base {

namespace {

/// Long enough for some pieces, short enough to find back at once.
constexpr Milliseconds kMeasure{20};
/// What the newest measure weighs.
constexpr double kWeight = 0.3;

double seconds(SteadyTime::duration duration) {
    return std::chrono::duration<double>{duration}.count();
}

}  // namespace

void Admission::taken(SteadyTime since, std::size_t left, SteadyTime now) {
    shortest_ = std::min(shortest_, now - since);
    if (left == 0) {
        // Nobody waits: whatever came has been dealt with.
        was_empty_ = true;
        behind_ = false;
        shortest_ = SteadyTime::duration::zero();
    }
    if (now - measured_since_ >= kMeasure) measure(now);
    if (now - interval_since_ >= options_.burst) close_interval(now);
    set_limit();
}

/// The rate is that of the hands only while there was always something for them to do; else it is at least that.
void Admission::measure(SteadyTime now) {
    const double sample = static_cast<double>(done_) / seconds(now - measured_since_);
    if (was_empty_ || rate_ == 0) {
        rate_ = std::max(rate_, sample);
    } else {
        rate_ += kWeight * (sample - rate_);
    }
    measured_since_ = now;
    done_ = 0;
    was_empty_ = false;
}

void Admission::close_interval(SteadyTime now) {
    // It has caught up only when nothing waits any more: a queue that is kept short waits for as long as it may.
    behind_ = behind_ || (shortest_ > options_.target && shortest_ != SteadyTime::duration::max());
    interval_since_ = now;
    shortest_ = SteadyTime::duration::max();
}

void Admission::set_limit() {
    limit_ = options_.most;
    if (!behind_ || rate_ == 0) return;
    const double bearable = std::clamp(rate_ * seconds(options_.target), static_cast<double>(options_.least),
                                       static_cast<double>(options_.most));
    limit_ = static_cast<std::size_t>(bearable);
}

}  // namespace snippetd::base
