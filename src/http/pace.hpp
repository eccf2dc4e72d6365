#pragma once

#include "base/clock.hpp"

#include <cstdint>

/// For http/ only.
namespace snippetd::http {

/// Whether bytes move fast enough between the service and a peer: never `silence_max` without one, and in every stretch
/// of that length `bytes_per_second_min` on average. The whole has no bound: a slow link is not cut while bytes flow.
/// And a burst earns nothing for later, so nobody holds a connection with a byte now and then.
class Pace {
  public:
    struct Bounds {
        base::Milliseconds silence_max{30000};
        std::uint64_t bytes_per_second_min = 512;  ///< 0 for none
    };

    /// Now it is the peer's turn to send, or to take.
    void begin(const Bounds& bounds, base::SteadyTime now);
    void moved(std::uint64_t bytes, base::SteadyTime now);
    /// To be asked at `deadline`, after what has moved until then was told.
    bool too_slow(base::SteadyTime now);
    base::SteadyTime deadline() const;

  private:
    Bounds bounds_;
    base::SteadyTime stretch_began_;
    base::SteadyTime moved_last_;
    std::uint64_t bytes_ = 0;  ///< of this stretch
};

}  // namespace snippetd::http
