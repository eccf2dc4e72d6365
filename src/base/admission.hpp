#pragma once

#include "base/clock.hpp"

#include <cstddef>

namespace snippetd::base {

/// How much may wait, found by itself.
///
/// A burst is taken in whole. A queue that stands is overload and not a burst: one that for as long as `burst` has
/// never been shorter than what is done in `target` (CoDel tells them apart like that, RFC 8289 section 3). Then only
/// as much may wait as is done in `target`, at the rate at which work was done lately (Little's law, L = λW), and the
/// rest is told at once. That ends when nothing waits any more. What waits is never dropped for its age: in so short a
/// queue nothing is stale.
///
/// Not thread-safe. All times are given, by a clock that does not go back.
class Admission {
  public:
    struct Options {
        Milliseconds target{50};
        Milliseconds burst{500};
        std::size_t least = 64;   ///< so much may always wait: as many as a client has connections that take turns
        std::size_t most = 1024;  ///< and never more
    };
    /// For what must not be refused once it has come so far.
    static Options at_any_time(std::size_t most) { return {Milliseconds{0}, Milliseconds{0}, most, most}; }

    explicit Admission(Options options) : options_{options}, limit_{options.most} {}

    /// How much may wait now.
    std::size_t limit() const { return limit_; }
    /// Whether the queue stands.
    bool behind() const { return behind_; }

    /// A piece has been taken to be worked on; `left` still wait.
    void taken(std::size_t left, SteadyTime now);
    /// So many pieces have been done.
    void done(std::size_t pieces) { done_ += pieces; }
    /// Nothing waits any more, however that came about.
    void emptied();

  private:
    void measure(SteadyTime now);
    void judge(SteadyTime now);
    /// What is done in `target`, as far as it may wait.
    std::size_t bearable() const;

    Options options_;
    std::size_t limit_;
    bool behind_ = false;
    double rate_ = 0;  ///< pieces a second; 0: not known
    // The time in which the rate is measured.
    SteadyTime measured_since_{};
    std::size_t done_ = 0;
    bool was_empty_ = true;  ///< at some time in it
    // The time in which the shortest length is looked for.
    SteadyTime judged_since_{};
    std::size_t shortest_ = 0;
    int taken_ = 0;
};

}  // namespace snippetd::base
