#pragma once

#include "base/awaitable.hpp"
#include "base/clock.hpp"
#include "model/account.hpp"
#include "model/cache_server.hpp"
#include "model/loaded.hpp"
#include "model/numbers_by_id.hpp"
#include "model/snippet.hpp"
#include "model/view_history.hpp"

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <utility>
#include <vector>

/// Where accounts, snippets and exact records live. Every call waits at most until its deadline and throws
/// base::Unavailable when the database is away, busy beyond its bounds, or late; what the caller did wrong is in the
/// result. A write that has returned is durable. Secrets come in as hashes and are compared as such.
namespace snippetd::store {

using base::Awaitable;
using base::Deadline;
using base::UnixMillis;
using model::Loaded;

struct StoredAccount {
    model::Account account;
    std::string password_hash;
};

/// A new password, by its hash.
struct PasswordChange {
    std::string account_id;
    std::string old_hash;  ///< what the old password was verified against
    std::string new_hash;
    std::string session_hash;  ///< of a session that begins as all others end; empty for none
    base::Milliseconds session_lifetime{};
    bool end_tokens = false;
};

struct PasswordChanged {
    std::int64_t tokens_ended = 0;
    std::int64_t tokens_left = 0;  ///< that have not expired
};

/// By what right a token is made.
struct TokenMaker {
    enum class Kind { session, token, password };
    std::string account_id;
    Kind kind = Kind::session;
    std::string hash;  ///< of the session, of the token, or of the password
};

/// What makes a repeated request recognisable. `id` is a hash over who asks and the key that was sent.
struct IdempotencyRecord {
    std::string id;
    std::string fingerprint;   ///< of the request
    std::string response;      ///< opaque to the store, given back on a repetition
    std::string account_id{};  ///< with which it goes; empty for anonymous requests
    /// As release 0.1 made it, for records that are younger than the upgrade.
    std::string fingerprint_of_bytes{};

    /// Whether a record with this fingerprint is of the same request.
    bool is_of(const std::string& recorded) const {
        return recorded == fingerprint || (!fingerprint_of_bytes.empty() && recorded == fingerprint_of_bytes);
    }
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

struct ListQuery {
    std::optional<Position> after;
    int limit = 20;        ///< 1 to 100
    std::string text;      ///< in title or body, whatever its case (base::fold_case); empty for all
    std::string tag;       ///< exact; empty for all
    std::string language;  ///< exact; empty for all
    std::optional<model::Visibility> visibility;
    bool with_burning = true;  ///< also those that burn after reading
};

/// The flushes of one process and shard that are in a batch of views, by their numbers, which grow.
struct ViewFlush {
    std::string flusher;
    std::int64_t first = 0, last = 0;
};
using ViewFlushes = std::vector<ViewFlush>;

/// Whether edits and deletions leave their invalidation in an outbox, in their own transaction. Somebody must deliver
/// what is there.
enum class Outbox { off, on };

struct Purged {
    std::int64_t snippets = 0;
    std::int64_t others = 0;  ///< sessions, tokens, idempotency records, ledger entries, marks, hours of views
    bool more = false;        ///< of some kind the limit was reached, so there may be more to remove
};

class Store {
  public:
    virtual ~Store() = default;

    /// False when the username is taken.
    virtual Awaitable<bool> create_account(model::Account account, std::string password_hash, Deadline deadline) = 0;
    virtual Awaitable<std::optional<StoredAccount>> find_account(std::string username, Deadline deadline) = 0;

    // An account is deleted in steps, each of which may be taken again. What its snippets leave in caches is the
    // caller's to invalidate, so they go by their ids and never by the way, with the account.

    /// Ends sessions and tokens of the account, but the one with the hash `kept`, and forgets its idempotency records;
    /// at most `limit` of each kind. True when none is left.
    virtual Awaitable<bool> clear_account(std::string account_id, std::string kept, int limit, Deadline deadline) = 0;
    /// The ids of at most `limit` of its snippets that were created before `end`, also of those that have expired.
    virtual Awaitable<std::vector<std::string>> list_owned_ids(std::string account_id, UnixMillis end, int limit,
                                                               Deadline deadline) = 0;
    /// As `delete_snippet` of each of them that the account owns, all or none.
    virtual Awaitable<void> delete_owned(std::string account_id, std::vector<std::string> ids, Deadline deadline) = 0;
    /// Removes the account and what is left of its sessions, tokens and records. False when it still has snippets, and
    /// nothing has been done; true also when it was gone already. A snippet that is being created for it is either
    /// there before, or never.
    virtual Awaitable<bool> delete_account(std::string account_id, Deadline deadline) = 0;

    /// Sets the password, ends all sessions of the account, and begins another one. Nothing when the account is gone,
    /// or its hash is not `old_hash` any more.
    virtual Awaitable<std::optional<PasswordChanged>> set_password(PasswordChange change, Deadline deadline) = 0;
    /// Another hash of the same password: nothing ends. False as above.
    virtual Awaitable<bool> replace_password_hash(std::string account_id, std::string old_hash, std::string new_hash,
                                                  Deadline deadline) = 0;

    /// `password_hash` is what the password was verified against. False when the account is gone, or that is not its
    /// hash any more: no session begins with a password that has been changed meanwhile.
    virtual Awaitable<bool> create_session(std::string hash, std::string account_id, std::string password_hash,
                                           base::Milliseconds lifetime, Deadline deadline) = 0;
    virtual Awaitable<bool> delete_session(std::string hash, Deadline deadline) = 0;
    /// The account of a session that has not expired.
    virtual Awaitable<std::optional<model::Account>> find_session(std::string hash, Deadline deadline) = 0;

    /// The token as it is stored: one that a token makes expires with it at the latest, and is gone with it. Nothing
    /// when the account is gone, or what makes the token is not good (any more).
    virtual Awaitable<std::optional<model::ApiToken>> create_token(model::ApiToken token, TokenMaker maker,
                                                                   std::string hash, Deadline deadline) = 0;
    virtual Awaitable<std::vector<model::ApiToken>> list_tokens(std::string account_id, Deadline deadline) = 0;
    /// With all that it has made. False when the account has no such token.
    virtual Awaitable<bool> delete_token(std::string account_id, std::string token_id, Deadline deadline) = 0;
    virtual Awaitable<void> delete_tokens(std::string account_id, Deadline deadline) = 0;
    /// The account of a token that has not expired.
    virtual Awaitable<std::optional<model::Account>> find_token(std::string hash, Deadline deadline) = 0;

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
    /// Earlier versions, newest first, without bodies, at most 1000.
    virtual Awaitable<std::vector<model::Revision>> list_revisions(std::string snippet_id, Deadline deadline) = 0;
    virtual Awaitable<std::optional<model::Revision>> find_revision(std::string snippet_id, std::int64_t version,
                                                                    Deadline deadline) = 0;

    /// Adds a batch of views, in one statement on PostgreSQL, to the totals and to the hour of now, and remembers
    /// `batch_id` in the ledger: a batch that is given again changes nothing. Returns the totals as they are now,
    /// without ids that are gone. `flushes`: what the counts are made of, where that is known. The batches of a flusher
    /// come in the order of its flushes; one that comes later with a flush not above the last that has been applied is
    /// of a Redis that went another way: it is not counted, since some of it has been, and the log says so.
    virtual Awaitable<model::NumbersById> apply_views(std::string batch_id, model::NumbersById counts,
                                                      ViewFlushes flushes, Deadline deadline) = 0;
    Awaitable<model::NumbersById> apply_views(std::string batch_id, model::NumbersById counts, Deadline deadline) {
        return apply_views(std::move(batch_id), std::move(counts), {}, deadline);
    }
    /// The number of the flusher's last flush in a batch that has been applied; 0 for none.
    virtual Awaitable<std::int64_t> last_flush_applied(std::string flusher, Deadline deadline) = 0;
    /// The hours in which a snippet had views, oldest first, from the one that `since` lies in.
    virtual Awaitable<std::vector<model::ViewHour>> view_hours(std::string id, UnixMillis since, Deadline deadline) = 0;
    /// Invalidations in the outbox, oldest first, at most `limit`, of those that have been there for `age` by the
    /// database's clock; and the Redis server that is in force, all as of one moment.
    virtual Awaitable<model::Undelivered> list_undelivered(base::Milliseconds age, int limit, Deadline deadline) = 0;
    /// Takes these, and older ones of the same snippets, out of the outbox; nothing when another server than `told` is
    /// in force by now.
    virtual Awaitable<void> forget_delivered(model::NumbersById delivered, model::CacheServer told,
                                             Deadline deadline) = 0;
    /// Puts the Redis server `run_id` (empty: none) in force, or notes that it still is, unless somebody has done
    /// either since `known` was read.
    virtual Awaitable<void> set_cache_server(std::string run_id, model::CacheServer known, Deadline deadline) = 0;
    /// Removes what has expired, at most `limit` rows of each kind.
    virtual Awaitable<Purged> purge(int limit, Deadline deadline) = 0;
    /// Throws when the store does not answer, or would refuse what is written.
    virtual Awaitable<void> ping(Deadline deadline) = 0;
    /// Whether writes do not end, of late, while the store is there otherwise (commits that wait for a standby).
    virtual bool writes_are_stuck() const { return false; }

    /// The store's clock, which alone says what has expired: no clock of a node that is wrong ends what others have
    /// made. Times that come to the store have been taken from it.
    virtual Awaitable<UnixMillis> now(Deadline deadline) = 0;
    /// The same without asking, if it has been heard lately.
    virtual std::optional<UnixMillis> estimated_now() const = 0;

    /// Refuses further calls and returns when those under way have been answered. Not from a coroutine.
    virtual void close() = 0;
};

}  // namespace snippetd::store
