#pragma once

#include "base/clock.hpp"

#include <cstdint>

namespace snippetd::cache {

/// Whether a near cache may still believe an entry, when other instances write too: while the invalidation channel
/// proves that nothing about it has been missed, or within `kSilenceMax` of the moment when its load began. So with a
/// dead channel the near cache is a micro-cache that still shields the store. For one thread.
///
/// The proof is a PING on the connection that the invalidations come over: all that was published before the server
/// answered it has arrived, so the proof dates from when it was asked.
class Trust {
  public:
    static constexpr base::Milliseconds kSilenceMax{200};

    /// A PING that was sent at `asked` over the connection of that number has been answered, and what came before the
    /// answer has been heeded. After a silence, or over another connection, invalidations may have been missed: then
    /// only what has been loaded since `asked` is covered.
    void proven(base::SteadyTime asked, std::uint64_t connection) {
        if (connection != connection_ || asked > until_) since_ = asked;
        connection_ = connection;
        until_ = asked + kSilenceMax;
    }

    /// `loaded_at`: when the load of the entry began.
    bool covers(base::SteadyTime loaded_at, base::SteadyTime now) const {
        return (loaded_at >= since_ && now < until_) || now - loaded_at < kSilenceMax;
    }

  private:
    std::uint64_t connection_ = 0;
    base::SteadyTime since_ = base::SteadyTime::max();
    base::SteadyTime until_;
};

}  // namespace snippetd::cache
