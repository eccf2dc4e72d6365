#pragma once

#include "base/awaitable.hpp"
#include "base/clock.hpp"
#include "cache/channel.hpp"
#include "cache/relay.hpp"
#include "model/loaded.hpp"
#include "redis/clients.hpp"

#include <functional>
#include <string>
#include <vector>

namespace snippetd::cache {

/// Rows in Redis, between the near caches of all instances and the store. Thread-safe.
///
/// A miss is granted a lease (Nishtala et al., "Scaling Memcache at Facebook", NSDI 2013): a token in the key's place
/// that lets its holder fill it. Others that miss wait for it, briefly. An invalidation takes the token away and leaves
/// a tombstone with the lowest version that may come back, so a slow load never puts an old version back.
///
/// Only the server in force is asked and filled (cache/reign.hpp), under what `Relay` has proven of it.
///
/// Keys: `snippet:{ID}`, a hash, the entry or the lease; `tombstone:{ID}`. Each has a time to live.
class RedisCache {
  public:
    static constexpr base::Milliseconds kLease{3000};
    /// Longer than any load can be under way.
    static constexpr base::Milliseconds kTombstoneKept{10000};
    /// Percent of the server's `maxmemory`, where it has one: beyond that nothing more is kept, so that there is room
    /// for what must not be refused or evicted.
    static constexpr int kMemoryShare = 75;
    /// What invalidations and new view counts are published on.
    static constexpr const char* kChannel = "snippetd:cache";

    using Load = std::function<base::Awaitable<model::Loaded>(std::string id, base::Deadline deadline)>;

    struct Answer {
        model::Loaded loaded;
        base::Milliseconds ttl{0};  ///< how long it may be kept from now on
        bool from_redis = false;
        base::SteadyTime as_of{};  ///< what was committed up to then is in it
    };

    /// Proves that a server takes what `read` sends.
    static redis::Probe probe();

    /// `relay` says whether Redis may be believed and is told when it may not. `ttl`: of what is found in the store.
    RedisCache(redis::Clients& clients, Relay& relay, base::Milliseconds ttl)
        : clients_{clients}, relay_{relay}, ttl_{ttl} {}

    /// From Redis, else by `load`, and then it is stored here. An entry whose time to live is `refresh_below` or less
    /// is loaded anew, by one of all instances; 0 for a plain read. What Redis has is served too where it is not proven
    /// to be fresh, when `load` says that the store is away. Throws what `load` throws, and base::Unavailable when
    /// somebody else is refreshing and takes his time.
    base::Awaitable<Answer> read(std::string id, base::Milliseconds refresh_below, Load load, base::Deadline deadline);

    /// Removes what is older than `floor`, here and, by a message, on all instances. What Redis does not take is left
    /// to the relay: from then on this instance does not serve what Redis has, until that has been made up for.
    base::Awaitable<void> invalidate(std::string id, std::int64_t floor);
    /// The same for the relay. Throws base::Unavailable when Redis does not take it.
    base::Awaitable<void> deliver(std::string id, std::int64_t floor);

    /// Brings the view counts of cached entries up to date, here and, by messages, on all instances. What Redis does
    /// not take is given up: the next flush brings newer ones.
    base::Awaitable<void> update_counts(model::NumbersById totals);

  private:
    base::Awaitable<void> update_count(const std::string& id, std::int64_t count);
    base::Awaitable<void> update_counts_in_turn(const model::NumbersById& totals, std::size_t& next);
    enum class Turn { nobodys, ours, others };  ///< whose it is to load what is not there; nobody keeps it
    /// One question for an entry.
    struct Lookup {
        std::string token;
        base::Milliseconds refresh_below;
        bool without_store = false;  ///< what `Relay::belief_without_store` allows is enough
        std::string mark{};          ///< of the reign under which Redis was asked
        Turn turn = Turn::nobodys;
    };

    base::Awaitable<bool> find(const std::string& id, Lookup& lookup, Answer& answer);
    base::Awaitable<void> remove(const std::string& id);
    base::Awaitable<void> fill(const std::string& id, const Lookup& lookup, const Answer& answer);
    base::Awaitable<std::vector<std::string>> fields_of(const model::Loaded& loaded);

    redis::Clients& clients_;
    Relay& relay_;
    base::Milliseconds ttl_;
};

}  // namespace snippetd::cache
