#pragma once

#include "base/clock.hpp"
#include "model/cache_server.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace snippetd::cache {

/// A time during which one Redis server is in force: the one that all instances of a database believe, write to and
/// tell of invalidations. What has been learnt under one reign says nothing about another.
struct Reign {
    std::string server;  ///< its `run_id`
    std::int64_t epoch = 0;

    bool operator==(const Reign&) const = default;
    /// What an entry in Redis is marked with, so that nothing from before is believed.
    std::string mark() const { return server + ':' + std::to_string(epoch); }
};

/// How one instance takes part in the agreement about the server in force, which stands in the database. The one that
/// is in force stays so as long as any instance that is connected to it says so; who is connected to another one waits.
/// When nobody has said so for a while, any instance puts its own in force; and when nobody has a server to put there,
/// none is: then nobody believes anything, and nobody has to be told of invalidations.
///
/// A pure state machine: no clock, no database. For one thread.
class Agreement {
  public:
    /// An instance that is in force says so when the last word is that old.
    static constexpr base::Milliseconds kSaidAgainAfter{500};
    /// Without a word for so long a server is taken for gone.
    static constexpr base::Milliseconds kGoneAfter{2000};
    /// As above, for who has nothing to put in its place. Long, since all that the outbox holds is let go then.
    static constexpr base::Milliseconds kVacantAfter{60000};
    /// Another server that lives on for so long is no change that is under way.
    static constexpr base::Milliseconds kDisagreesAfter{5000};

    /// Takes what the database says at `now`. `own` is the `run_id` of the server that this instance is connected to;
    /// empty: it is connected to none, or does not know. What to put in force, if anything (`Store::set_cache_server`).
    std::optional<std::string> learn(const model::CacheServer& in_force, const std::string& own, base::SteadyTime now);

    /// Of the server that this instance is connected to, or was connected to last; nothing when it is not in force.
    const std::optional<Reign>& reign() const { return reign_; }
    /// Whether the instance is connected to another server than those that are in force, and that is no passing thing.
    bool disagrees() const { return disagrees_; }

  private:
    bool gone(const model::CacheServer& in_force, base::SteadyTime now, base::Milliseconds after) const;

    std::optional<Reign> reign_;
    model::CacheServer last_;
    base::SteadyTime last_changed_;  ///< when `last_` was first read as it is
    std::optional<base::SteadyTime> other_since_;
    bool disagrees_ = false;
};

}  // namespace snippetd::cache
