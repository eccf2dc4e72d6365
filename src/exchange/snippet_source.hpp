#pragma once

#include "cache/cache.hpp"
#include "cache/redis_cache.hpp"
#include "store/store.hpp"
#include "use_cases/texts.hpp"

#include <algorithm>
#include <memory>
#include <string>

namespace snippetd::exchange {

using use_cases::Text;
using use_cases::Texts;

/// What the near cache reads through: the store's rows, as entries. Nobody else is to be told of an edit.
class SnippetSource : public cache::Source {
  public:
    /// `ttl` is for found snippets. What takes long with large ones is done on the threads of `texts`.
    SnippetSource(store::Store& store, base::Milliseconds ttl, Texts& texts)
        : SnippetSource{store, ttl, base::Milliseconds{0}, texts} {}

    base::Awaitable<cache::Fill> load(std::string id, cache::Wanted wanted, base::Deadline deadline) override;
    base::Awaitable<std::shared_ptr<const cache::Entry>> complete(std::shared_ptr<const cache::Entry> entry) override;
    base::Awaitable<void> invalidate(std::string id, std::int64_t floor) override;

  protected:
    /// An entry is loaded anew when `refresh_below` or less of its time to live is left.
    SnippetSource(store::Store& store, base::Milliseconds ttl, base::Milliseconds refresh_below, Texts& texts)
        : store_{store}, texts_{texts}, ttl_{ttl}, refresh_below_{refresh_below} {}

    virtual base::Awaitable<cache::RedisCache::Answer> find(std::string id, cache::Wanted wanted,
                                                            base::Deadline deadline);
    /// Of what everybody reads without what not everybody may know: the original of a fork, unless that is public.
    base::Awaitable<model::Loaded> load_for_everybody(std::string id, base::Deadline deadline);
    base::Milliseconds refresh_below() const { return refresh_below_; }

  private:
    base::Milliseconds lifetime_of(const cache::RedisCache::Answer& answer) const;

    store::Store& store_;
    Texts& texts_;
    base::Milliseconds ttl_;
    base::Milliseconds refresh_below_;
};

/// The same over Redis, which the other instances read too: what one has loaded no other has to.
class SharedSnippetSource : public SnippetSource {
  public:
    enum class Reads {
        all,
        none,  ///< it is only told of edits, for the sake of instances that read
    };

    SharedSnippetSource(store::Store& store, cache::RedisCache& redis, Reads reads, base::Milliseconds ttl,
                        Texts& texts)
        : SnippetSource{store, ttl, reads == Reads::all ? std::min(ttl / 10, kRefreshBelowMax) : base::Milliseconds{0},
                        texts},
          redis_{redis},
          reads_{reads} {}

    base::Awaitable<void> invalidate(std::string id, std::int64_t floor) override;

  protected:
    base::Awaitable<cache::RedisCache::Answer> find(std::string id, cache::Wanted wanted,
                                                    base::Deadline deadline) override;

  private:
    static constexpr base::Milliseconds kRefreshBelowMax{10000};

    cache::RedisCache& redis_;
    Reads reads_;
};

}  // namespace snippetd::exchange
