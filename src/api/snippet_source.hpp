#pragma once

#include "cache/cache.hpp"
#include "store/store.hpp"

namespace snippetd::api {

/// What the cache reads through: the store's rows as entries.
class SnippetSource : public cache::Source {
  public:
    static constexpr base::Milliseconds kNegativeTtl{5000};

    /// `ttl` is for found snippets; each gets up to 10 % more or less, so that what was filled together does not expire
    /// together.
    SnippetSource(store::Store& store, base::Milliseconds ttl) : store_{store}, ttl_{ttl} {}

    base::Awaitable<cache::Fill> load(std::string id, base::Deadline deadline) override;

  private:
    cache::Fill fill_from(const std::string& id, const store::Loaded& loaded);

    store::Store& store_;
    base::Milliseconds ttl_;
};

}  // namespace snippetd::api
