#pragma once

#include "base/awaitable.hpp"
#include "base/clock.hpp"
#include "model/loaded.hpp"
#include "model/snippet.hpp"

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <vector>

namespace snippetd::store {

using base::Awaitable;
using base::Deadline;
using base::UnixMillis;
using model::Loaded;

/// What makes a repeated request recognisable. `id` is a hash over who asks and the key that was sent.
struct IdempotencyRecord {
    std::string id;
    std::string fingerprint;   ///< of the request
    std::string response;      ///< opaque to the store, given back on a repetition
    std::string account_id{};  ///< with which it goes; empty for anonymous requests
};

struct CreateResult {
    enum class Outcome {
        created,
        replayed,     ///< the record was there, with the same fingerprint: `response` is what it holds
        key_reused,   ///< the record was there, with another fingerprint
        in_progress,  ///< the first request with this key still runs
        owner_gone,   ///< the account has been deleted meanwhile
    };
    Outcome outcome = Outcome::created;
    std::string response;
};

/// A place in a list that is sorted by (created_at, id), newest first; the next page starts after it.
struct Position {
    UnixMillis created_at = 0;
    std::string id;
};

/// How a list is sorted. `after` of a query is meant in its order.
enum class ListOrder {
    newest,  ///< and of the same moment the greatest id
    oldest,  ///< the same backwards
    /// The most viewed of the newest kMostViewedOf that anybody may see, and only of these: `after` says nothing.
    most_viewed,
};
/// Above every version there is.
inline constexpr std::int64_t kAfterAllVersions = std::numeric_limits<std::int64_t>::max();
inline constexpr int kMostViewedOf = 1000;

struct ListQuery {
    std::optional<Position> after;
    int limit = 20;        ///< 1 to 100
    std::string text;      ///< in title or body, whatever its case (base::fold_case); empty for all
    std::string tag;       ///< exact; empty for all
    std::string language;  ///< exact; empty for all
    std::optional<model::Visibility> visibility;
    bool with_burning = true;  ///< also those that burn after reading
    ListOrder order = ListOrder::newest;
};

/// How a list shows a text that it does not have.
struct Beginning {
    std::string id;
    std::int64_t version = 0;
    std::int64_t size = 0;  ///< of the whole text, in bytes
    std::string text;       ///< whole characters, kBeginningBytesMax of them at most
};
inline constexpr std::size_t kBeginningBytesMax = 512;

/// Snippets and their old versions, and what makes a repeated create recognisable.
class Snippets {
  public:
    virtual ~Snippets() = default;

    /// Creates the snippet, together with `record` when there is one; or neither, when the record was there already.
    virtual Awaitable<CreateResult> create_snippet(model::Snippet snippet, std::optional<IdempotencyRecord> record,
                                                   Deadline deadline) = 0;
    /// What `create_snippet` would answer because the record is there already; nothing when it is not.
    virtual Awaitable<std::optional<CreateResult>> find_replay(IdempotencyRecord record, Deadline deadline) = 0;
    /// As it is at some moment between the call and the answer. Those that are asked for at the same time share
    /// statements.
    virtual Awaitable<Loaded> load_snippet(std::string id, Deadline deadline) = 0;
    /// Replaces the row by `next`, whose version is one above `next.version`'s, and keeps the old version as a
    /// revision. False when the row's version is not `next.version` any more, or the row is gone.
    virtual Awaitable<bool> update_snippet(model::Snippet next, Deadline deadline) = 0;
    /// With its revisions and counts. False when it was not there, or its version is not `version`, when that is given.
    virtual Awaitable<bool> delete_snippet(std::string id, std::optional<std::int64_t> version, Deadline deadline) = 0;
    /// Removes a burn-after-reading snippet and returns it, to exactly one caller; to all others nothing.
    virtual Awaitable<std::optional<model::Snippet>> burn_snippet(std::string id, Deadline deadline) = 0;
    /// Without bodies, and without what has expired.
    virtual Awaitable<std::vector<model::Snippet>> list_owned(std::string owner_id, ListQuery query,
                                                              Deadline deadline) = 0;
    /// Public ones, without bodies, without burn-after-reading ones and what has expired.
    virtual Awaitable<std::vector<model::Snippet>> list_public(ListQuery query, Deadline deadline) = 0;
    /// Of these snippets, as they are at the time of the call: those that are there, in any order. Reads no more of a
    /// text than it returns.
    virtual Awaitable<std::vector<Beginning>> load_beginnings(std::vector<std::string> ids, Deadline deadline) = 0;
    /// How many `list_owned`, or without an owner `list_public`, could list; it counts to `most`.
    virtual Awaitable<std::int64_t> count_listed(std::string owner_id, std::int64_t most, Deadline deadline) = 0;
    /// Versions earlier than `before`, newest first, without bodies, at most `limit`.
    virtual Awaitable<std::vector<model::Revision>> list_revisions(std::string snippet_id, std::int64_t before,
                                                                   int limit, Deadline deadline) = 0;
    virtual Awaitable<std::optional<model::Revision>> find_revision(std::string snippet_id, std::int64_t version,
                                                                    Deadline deadline) = 0;
};

}  // namespace snippetd::store
