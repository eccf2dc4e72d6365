#pragma once

#include "base/clock.hpp"

#include <cstddef>

namespace snippetd::base {

/// How much may wait, found by itself.
///
/// A burst is taken in whole. A queue that stands, because each piece has waited for more than `target` for as long as
/// `burst`, is overload and not a burst (as CoDel tells them apart, RFC 8289 section 3). Then only as much may wait as
/// is done in `target`, at the rate at which work was done lately (Little's law, L = λW), and the rest is told at once.
/// That ends when nothing waits any more. What waits is never dropped for its age: in so short a queue nothing is
/// stale.
///
/// Not thread-safe. All times are given, by a clock that does not go back.
class Admission {
  public:
    struct Options {
        Milliseconds target{25};
        Milliseconds burst{500};
        std::size_t least = 2;  ///< so much may always wait: as many as there are hands, or nobody finds out their rate
        std::size_t most = 1024;  ///< and never more
    };

    explicit Admission(Options options) : options_{options}, limit_{options.most} {}

    /// How much may wait now.
    std::size_t limit() const { return limit_; }
    /// Whether the queue stands.
    bool behind() const { return behind_; }

    /// A piece has been taken from the queue, in which it had waited since `since`; `left` are still there.
    void taken(SteadyTime since, std::size_t left, SteadyTime now);
    /// So many pieces have been done.
    void done(std::size_t pieces) { done_ += pieces; }

  private:
    void close_interval(SteadyTime now);
    void measure(SteadyTime now);
    void set_limit();

    Options options_;
    std::size_t limit_;
    bool behind_ = false;
    double rate_ = 0;  ///< pieces a second; 0: not known
    // The time in which the rate is measured.
    SteadyTime measured_since_{};
    std::size_t done_ = 0;
    bool was_empty_ = true;
    // The interval in which the shortest wait is looked for.
    SteadyTime interval_since_{};
    SteadyTime::duration shortest_ = SteadyTime::duration::max();
};

}  // namespace snippetd::base
