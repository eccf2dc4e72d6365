#pragma once

#include "base/clock.hpp"

#include <cstdint>

namespace snippetd::cache {

/// What `Relay` has found proven.
struct Proof {
    base::SteadyTime complete;  ///< every invalidation that was committed up to then has been heeded
    base::SteadyTime heard;     ///< everything that Redis had been told up to then has been heeded
    /// Which connection to which server it came over: what another one says is another matter.
    std::uint64_t stand = 0;
};

/// Whether a near cache may still believe an entry, when other instances write too: while it is proven that nothing
/// about it has been missed up to `kSilenceMax` ago, or within `kSilenceMax` of the moment that the entry is as fresh
/// as. So without proofs the near cache is a micro-cache that still shields the store. For one thread.
class Trust {
  public:
    /// Of the 250 ms that are promised; measured from what the proof or the entry dates from, so that nothing that is
    /// late on the way makes it longer.
    static constexpr base::Milliseconds kSilenceMax{230};

    /// Nothing that was committed up to `complete` has been missed, and what comes from now on is heard since `heard`
    /// at the latest. Over another stand only what has been loaded since `heard` is covered: what was told while nobody
    /// listened there is not known. Over the same one nothing gets lost in a silence: it comes late, but before the
    /// proof.
    void proven(base::SteadyTime complete, base::SteadyTime heard, std::uint64_t stand) {
        if (stand != stand_) since_ = heard;
        stand_ = stand;
        until_ = complete + kSilenceMax;
    }

    /// `loaded_at`: what was committed before is in the entry.
    bool covers(base::SteadyTime loaded_at, base::SteadyTime now) const {
        return (loaded_at >= since_ && now < until_) || now - loaded_at < kSilenceMax;
    }

  private:
    std::uint64_t stand_ = 0;
    base::SteadyTime since_ = base::SteadyTime::max();
    base::SteadyTime until_;
};

}  // namespace snippetd::cache
