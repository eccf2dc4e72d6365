#include "base/admission.hpp"

#include <algorithm>

namespace snippetd::base {

namespace {

/// Long enough for some pieces, short enough to find back at once.
constexpr Milliseconds kMeasure{20};
/// What the newest measure weighs.
constexpr double kWeight = 0.3;
/// So many pieces must have been taken: one that takes long is no queue that stands.
constexpr int kTakenMin = 4;

double seconds(SteadyTime::duration duration) {
    return std::chrono::duration<double>{duration}.count();
}

}  // namespace

void Admission::taken(std::size_t left, SteadyTime now) {
    if (now - measured_since_ >= kMeasure) measure(now);
    if (left == 0) return emptied();
    shortest_ = std::min(shortest_, left);
    if (++taken_ >= kTakenMin && now - judged_since_ >= options_.burst) judge(now);
    if (behind_) limit_ = bearable();
}

void Admission::emptied() {
    was_empty_ = true;
    behind_ = false;
    shortest_ = 0;
    limit_ = options_.most;
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

void Admission::judge(SteadyTime now) {
    behind_ = behind_ || shortest_ > bearable();
    judged_since_ = now;
    taken_ = 0;
    shortest_ = options_.most;
}

std::size_t Admission::bearable() const {
    if (rate_ == 0) return options_.most;
    return static_cast<std::size_t>(std::clamp(rate_ * seconds(options_.target), static_cast<double>(options_.least),
                                               static_cast<double>(options_.most)));
}

}  // namespace snippetd::base
