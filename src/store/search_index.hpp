#pragma once

#include "base/awaitable.hpp"
#include "base/clock.hpp"

#include <cstdint>

namespace snippetd::store {

using base::Awaitable;
using base::Deadline;

/// So many snippets that are not in the index yet are looked through beside it. When there are more, nothing is looked
/// up, and a list goes through all snippets there are.
inline constexpr std::int64_t kUnindexedMax = 20'000;

struct Indexed {
    std::int64_t done = 0;  ///< writes and deletes that do not wait any more
    std::int64_t left = 0;  ///< about how many are waiting still
};

/// What lists with a text, a tag or a language are answered from. It is filled in after the writes; until then what was
/// written is looked through, so that it is found at once.
class SearchIndex {
  public:
    virtual ~SearchIndex() = default;

    /// Puts some of what is waiting into the index: as much as keeps a writer waiting for some 20 ms.
    virtual Awaitable<Indexed> index_some(Deadline deadline) = 0;
    /// Whether this process has written something since `index_some` left nothing.
    virtual bool may_have_unindexed() const = 0;
    /// How much this process has written since the last `index_some` began.
    virtual std::int64_t written_since() const = 0;
};

}  // namespace snippetd::store
