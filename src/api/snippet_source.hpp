#pragma once

#include "cache/cache.hpp"
#include "cache/redis_cache.hpp"
#include "store/store.hpp"
#include "use_cases/texts.hpp"

#include <algorithm>

namespace snippetd::api {

using use_cases::Text;
using use_cases::Texts;

/// What the near cache reads through: rows from Redis, where there is one, or from the store, as entries.
class SnippetSource : public cache::Source {
  public:
    /// `redis` is null without Redis; unless `reads_redis` it only hears of invalidations, for the sake of instances
    /// that do. `ttl` is for found snippets. What takes long with large ones is done on the threads of `texts`.
    SnippetSource(store::Store& store, cache::RedisCache* redis, bool reads_redis, base::Milliseconds ttl, Texts& texts)
        : store_{store},
          texts_{texts},
          redis_{redis},
          reads_redis_{redis && reads_redis},
          ttl_{ttl},
          refresh_below_{std::min(ttl / 10, kRefreshBelowMax)} {}

    base::Awaitable<cache::Fill> load(std::string id, cache::Wanted wanted, base::Deadline deadline) override;
    base::Awaitable<std::shared_ptr<const cache::Entry>> complete(std::shared_ptr<const cache::Entry> entry) override;
    base::Awaitable<void> invalidate(std::string id, std::int64_t floor) override;

  private:
    static constexpr base::Milliseconds kRefreshBelowMax{10000};

    /// Of what everybody reads without what not everybody may know: the original of a fork, unless that is public.
    base::Awaitable<model::Loaded> load_for_everybody(std::string id, base::Deadline deadline);
    base::Awaitable<cache::RedisCache::Answer> find(std::string id, cache::Wanted wanted, base::Deadline deadline);

    base::Milliseconds lifetime_of(const cache::RedisCache::Answer& answer) const;

    store::Store& store_;
    Texts& texts_;
    cache::RedisCache* redis_;
    bool reads_redis_;
    base::Milliseconds ttl_;
    base::Milliseconds refresh_below_;  ///< of the time to live
};

}  // namespace snippetd::api
