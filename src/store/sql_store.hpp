#pragma once

#include "sql/gatherer.hpp"
#include "sql/pool.hpp"
#include "store/owner_names.hpp"
#include "store/store.hpp"
#include "store/store_clock.hpp"

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>

/// What both dialects share. The compound writes differ in shape, not only in words (PostgreSQL does each in one
/// statement and one round trip, SQLite in a few within its writer's transaction), so they are in postgres_store.cpp
/// and sqlite_store.cpp, beside the texts.
namespace snippetd::store {

/// The statements of the hot path and the fragments in which the dialects differ.
struct Dialect {
    /// `:ids`: an array of PostgreSQL, or JSON. For each that is there, or is gone, the columns of `load_columns` and
    /// the database's clock.
    std::string load_snippets;
    /// `:ids` likewise; id, version, the text's size in bytes, and at least its first kBeginningBytesMax bytes
    std::string load_beginnings;
    std::string find_names;  ///< `:ids` of accounts, likewise; id and username
    std::string (*write_ids)(const std::vector<std::string>& ids);
    std::string find_revision;     ///< `:id`, `:version`
    std::string revision_size;     ///< of the body of a row of `revisions`, without reading it
    std::string id_by_bytes;       ///< the column `s.id`, in the order of its bytes
    std::string has_tag;           ///< condition with `:tag`
    std::string has_text;          ///< condition with `:text` and `:text_again`, both folded (base::fold_case)
    std::string delete_snippet;    ///< `:id`, `:wanted` (a version, or 0 for any); the id, when it was deleted
    std::string note_deletion;     ///< what comes after it in the same transaction, with `:id`; empty for nothing
    std::string note_owned;        ///< what comes before `delete_owned` in the same transaction; empty for nothing
    std::string delete_owned;      ///< `:ids`, `:owner`
    bool begins_transactions;      ///< false where the pool has begun one already
    std::string lock;              ///< at the end of a select: its rows are nobody else's until the transaction ends
    std::string lock_shared;       ///< at the end of a select: its rows stay as they are until the transaction ends
    std::string now_ms;            ///< the database's clock
    std::string time_ms;           ///< the same, but constant within a statement, so that an index is asked with it
    std::string in_passing;        ///< a condition that is true; what a crash may undo then waits for no disk
    std::string forget_delivered;  ///< `:floors`, JSON from id to floor, `:run_id` and `:epoch` of who was told
};

/// Who gets which connections, so that nothing that hangs or floods takes the rest with it; some may be the same pool.
struct Pools {
    std::shared_ptr<sql::Pool> write;
    std::shared_ptr<sql::Pool> read;               ///< look-ups by key, and lists that an index has in order
    std::shared_ptr<sql::Pool> search;             ///< lists with a condition, which may look at every row there is
    std::shared_ptr<sql::Pool> watch;              ///< readiness, and what is in the outbox
    std::shared_ptr<sql::Pool> forget;             ///< what has been delivered from the outbox
    std::shared_ptr<base::QueueMeter> look_ups{};  ///< of what waits for a statement to take it along
    std::shared_ptr<base::QueueMeter> creates{};   ///< likewise; used where creates are gathered
};

class SearchTables;

class SqlStore : public Store {
  public:
    ~SqlStore() override;

    Awaitable<bool> create_account(model::Account account, std::string password_hash, Deadline deadline) override;
    Awaitable<std::optional<StoredAccount>> find_account(std::string username, Deadline deadline) override;
    Awaitable<bool> clear_account(std::string account_id, std::string kept, int limit, Deadline deadline) override;
    Awaitable<std::vector<std::string>> list_owned_ids(std::string account_id, UnixMillis end, int limit,
                                                       Deadline deadline) override;
    Awaitable<void> delete_owned(std::string account_id, std::vector<std::string> ids, Deadline deadline) override;
    Awaitable<bool> delete_account(std::string account_id, Deadline deadline) override;
    Awaitable<std::optional<PasswordChanged>> set_password(PasswordChange change, Deadline deadline) override;
    Awaitable<bool> replace_password_hash(std::string account_id, std::string old_hash, std::string new_hash,
                                          Deadline deadline) override;
    Awaitable<bool> create_session(std::string hash, std::string account_id, std::string password_hash,
                                   base::Milliseconds lifetime, Deadline deadline) override;
    Awaitable<bool> delete_session(std::string hash, Deadline deadline) override;
    Awaitable<std::optional<model::Bearer>> find_session(std::string hash, Deadline deadline) override;
    Awaitable<std::optional<model::ApiToken>> create_token(model::ApiToken token, TokenMaker maker, std::string hash,
                                                           Deadline deadline) override;
    Awaitable<std::vector<model::ApiToken>> list_tokens(std::string account_id, Deadline deadline) override;
    Awaitable<bool> delete_token(std::string account_id, std::string token_id, Deadline deadline) override;
    Awaitable<void> delete_tokens(std::string account_id, Deadline deadline) override;
    Awaitable<std::optional<model::Bearer>> find_token(std::string hash, Deadline deadline) override;
    Awaitable<Loaded> load_snippet(std::string id, Deadline deadline) override;
    Awaitable<std::optional<CreateResult>> find_replay(IdempotencyRecord record, Deadline deadline) override;
    Awaitable<bool> delete_snippet(std::string id, std::optional<std::int64_t> version, Deadline deadline) override;
    Awaitable<std::vector<model::Snippet>> list_owned(std::string owner_id, ListQuery query,
                                                      Deadline deadline) override;
    Awaitable<std::vector<model::Snippet>> list_public(ListQuery query, Deadline deadline) override;
    Awaitable<std::vector<Beginning>> load_beginnings(std::vector<std::string> ids, Deadline deadline) override;
    Awaitable<std::int64_t> count_listed(std::string owner_id, std::int64_t most, Deadline deadline) override;
    Awaitable<std::vector<model::Revision>> list_revisions(std::string snippet_id, std::int64_t before, int limit,
                                                           Deadline deadline) override;
    Awaitable<std::optional<model::Revision>> find_revision(std::string snippet_id, std::int64_t version,
                                                            Deadline deadline) override;
    Awaitable<std::vector<model::ViewHour>> view_hours(std::string id, UnixMillis since, Deadline deadline) override;
    Awaitable<model::Undelivered> list_undelivered(base::Milliseconds age, int limit, Deadline deadline) override;
    Awaitable<void> forget_delivered(model::NumbersById delivered, model::CacheServer told, Deadline deadline) override;
    Awaitable<void> set_cache_server(std::string run_id, model::CacheServer known, Deadline deadline) override;
    Awaitable<std::int64_t> last_flush_applied(std::string flusher, Deadline deadline) override;
    Awaitable<Indexed> index_some(Deadline deadline) override;
    bool may_have_unindexed() const override { return writes_indexed_ != writes_; }
    std::int64_t written_since() const override { return static_cast<std::int64_t>(writes_ - writes_seen_); }
    Awaitable<Purged> purge(int limit, Deadline deadline) override;
    Awaitable<void> ping(Deadline deadline) override;
    Awaitable<UnixMillis> now(Deadline deadline) override;
    std::optional<UnixMillis> estimated_now() const override { return clock_.now(); }
    void close() override;

  protected:
    SqlStore(Pools pools, Dialect dialect, std::unique_ptr<SearchTables> search);

    /// Something is to be put into the index of searches.
    void note_write() { ++writes_; }

    Pools pools_;
    std::shared_ptr<sql::Pool> read_;
    std::shared_ptr<sql::Pool> write_;
    Dialect dialect_;

  private:
    using LookUps = sql::Gatherer<std::string, Loaded>;
    static LookUps::Options look_up_options(const Pools& pools) {
        LookUps::Options options;
        options.meter = pools.look_ups;
        return options;
    }
    /// Which of the pools a list is for.
    sql::Pool& for_list(const ListQuery& query) const;
    std::vector<Loaded> load_snippets(sql::Connection& connection, const std::vector<std::string>& ids);
    void name_owners(sql::Connection& connection, std::vector<model::Snippet>& snippets);

    std::unique_ptr<SearchTables> search_;
    std::atomic<std::uint64_t> writes_{1};       ///< what is there already may have to be indexed, too
    std::atomic<std::uint64_t> writes_seen_{0};  ///< by the last `index_some`
    std::atomic<std::uint64_t> writes_indexed_{0};
    StoreClock clock_;  // before loads_, which tell it the time
    OwnerNames owner_names_;
    LookUps loads_;
};

/// What a request gets whose record is there already; nothing when it is not.
std::optional<CreateResult> read_replay(sql::Connection& connection, const IdempotencyRecord& record);
/// The columns of a snippet, as `SnippetRow` reads them; `body` is an SQL expression, `''` for lists.
std::string snippet_columns(const std::string& body);
/// The same for a row of `s` (`snippets`) or of `g` (`gone_snippets`), of which one is null, that `id` asks for:
/// without the owner's name, and of what is gone only the id, the owner and the version, which is 0.
std::string load_columns(const std::string& id, const std::string& body);
/// The snippets of these ids, with their texts; those that are there, in any order.
std::vector<model::Snippet> load_whole(sql::Connection& connection, const Dialect& dialect,
                                       const std::vector<std::string>& ids);

/// What `snippet_columns` reads beside `snippets s`, and both.
inline constexpr const char* kBesideSnippets =
    "left join accounts a on a.id = s.owner_id left join snippet_views v on v.snippet_id = s.id "
    "left join snippets o on o.id = nullif(s.forked_from, '')";
inline const std::string kSnippetTables = std::string{"snippets s "} + kBesideSnippets;

std::unique_ptr<Store> make_postgres_store(Pools pools, Outbox outbox);
class SqliteUpkeep;
/// The pool that writes must have one thread: SQLite has one writer. `upkeep` is stopped with the store; null for none.
std::unique_ptr<Store> make_sqlite_store(Pools pools, Outbox outbox, std::shared_ptr<SqliteUpkeep> upkeep = nullptr);

}  // namespace snippetd::store
