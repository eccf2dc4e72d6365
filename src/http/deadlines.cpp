#include "http/deadlines.hpp"

#include "base/assert.hpp"

#include <algorithm>

namespace snippetd::http {

namespace {

constexpr int kLooksInASilence = 4;  // the kernel tells what was taken, but not when

}  // namespace

Deadlines::Deadlines(const ServerOptions& options, base::SteadyTime now)
    : options_{options}, deadline_{now + options.idle_timeout} {}

void Deadlines::begin(Wait wait, base::SteadyTime now) {
    const bool goes_on = wait == wait_;
    wait_ = wait;
    switch (wait) {
        case Wait::request: deadline_ = now + options_.idle_timeout; break;
        case Wait::header:
            if (!goes_on) deadline_ = now + options_.header_timeout;
            break;
        case Wait::body:
            if (!goes_on) pace_.begin(options_.pace, now);
            deadline_ = pace_.deadline();
            break;
        case Wait::answer: deadline_ = base::SteadyTime::max(); break;
        case Wait::taking:
            pace_.begin(options_.pace, now);
            look_again(now);
            break;
        case Wait::lingering: return begin_lingering(false, now);
    }
}

void Deadlines::begin_lingering(bool hurried, base::SteadyTime now) {
    wait_ = Wait::lingering;
    linger_ends_ = now + options_.linger_timeout;
    pace_.begin(hurried ? kShortLinger : options_.pace, now);
    look_again(now);
}

void Deadlines::hurry(base::SteadyTime now) {
    SNIPPETD_ASSERT(wait_ == Wait::lingering, wait_);
    pace_.begin(kShortLinger, now);
    look_again(now);
}

/// Says when to look at what the peer has taken meanwhile.
void Deadlines::look_again(base::SteadyTime now) {
    deadline_ = std::min(pace_.deadline(), now + options_.pace.silence_max / kLooksInASilence);
    if (wait_ == Wait::lingering) deadline_ = std::min(deadline_, linger_ends_);
}

Deadlines::Verdict Deadlines::judge(base::SteadyTime now, std::uint64_t taken, std::uint64_t untaken) {
    SNIPPETD_ASSERT(is_due(now), wait_);
    switch (wait_) {
        case Wait::request:
            // While the kernel still sends an answer, the peer is not idle.
            if (untaken == 0 || taken == 0) return Verdict::over;
            deadline_ = now + options_.idle_timeout;
            break;
        case Wait::header: return Verdict::late;
        case Wait::body:
            if (pace_.too_slow(now)) return Verdict::late;
            deadline_ = pace_.deadline();
            break;
        case Wait::answer: break;
        case Wait::taking:
        case Wait::lingering:
            pace_.moved(taken, now);
            if (pace_.too_slow(now)) return Verdict::over;
            if (wait_ == Wait::lingering && has_lingered_enough(now)) return Verdict::over;
            look_again(now);
            break;
    }
    return Verdict::in_time;
}

}  // namespace snippetd::http
