#pragma once

#include "cache/cache.hpp"
#include "model/snippet.hpp"
#include "use_cases/access.hpp"
#include "use_cases/call.hpp"

#include <functional>
#include <memory>
#include <string>

/// What a link leads to. Following one counts a view, and may use up what burns after reading.
namespace snippetd::use_cases {

/// Somebody who follows a link.
struct Visit {
    /// Finds out who the caller is. Asked only of what not everybody may read: a popular link costs nobody a look at
    /// sessions.
    std::function<Awaitable<void>()> identify;
    bool only_looks = false;  ///< whether it is there (HEAD): no view is counted and nothing burns
    bool burns = false;       ///< asks on purpose for what burns after reading
    /// Of what would burn: 412 when it does not hold, and nothing burns.
    Condition condition{};
    /// Whether a snippet that burns has in it what is asked for, or it is 404 and does not burn. Empty: all have.
    std::function<bool(const model::Snippet&)> has_it{};
};

/// What it leads to. It lives as long as this or a copy.
struct Followed {
    /// What everybody may read; null for what is private or burns.
    std::shared_ptr<const cache::Entry> entry;
    std::shared_ptr<const model::Snippet> snippet;  ///< never null
    cache::Status status = cache::Status::miss;
    bool burned = false;   ///< the caller is the only one who ever gets it; for somebody who only looks, would be
    bool unasked = false;  ///< it burns, and the caller has not asked for that: nobody has read it
};

/// The snippet that the link with `id` leads to, from the caches, or, when private or burning, for this call alone.
/// 404 when there is none, or when it is private and not the caller's; 410 when it has expired or burned.
Awaitable<Result<Followed>> follow_link(Call& call, std::string id, Visit visit);

/// What everybody gets, whoever asks, without a view. 404 for what is private or burns.
Awaitable<Result<Followed>> read_as_anybody(Call& call, std::string id);

/// Counts a view of what was read as anybody does.
Awaitable<void> count_view(Call& call, std::string id);

/// Shows what burns after reading to one reader, who is the only one ever; what does not burn comes back as it is, with
/// `burned` false, and counts no view. 412 when `condition` does not hold.
Awaitable<Result<Followed>> reveal(Call& call, std::string id, Condition condition);

/// Of an entry that holds no snippet: 404 or 410. It is the same for a missing id, which is cached, and for somebody's
/// private snippet, which never is.
Error absence(cache::Entry::Kind kind);

}  // namespace snippetd::use_cases
