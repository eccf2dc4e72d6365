#include "store/search_tables.hpp"
#include "store/snippet_row.hpp"
#include "store/sql_store.hpp"
#include "store/sqlite_upkeep.hpp"

#include <atomic>

#include <fmt/format.h>
#include <soci/soci.h>

/// A text is a row of `bodies`, by id and version, and everything else of a snippet a narrow row of `snippets`: what
/// does not want the text does not come near it (docs/decisions/0020-what-is-not-returned.md).
///
/// A write is a few statements within the transaction that the one writer has opened (see sql::Pool, `batch_max`), so
/// it needs no transaction of its own and nothing can come between its steps.
namespace snippetd::store {

using soci::into;
using soci::use;

namespace {

constexpr const char* kNewSnippet = R"sql(
    insert into snippets (id, owner_id, title, size, language, visibility, tags, version, created_at, updated_at,
                          expires_at, burn_after_reading, edit_token_hash, forked_from, language_chosen)
    values (:id, nullif(:owner_id, ''), :title, :size, :language, :visibility, :tags, :version, :created_at,
            :updated_at, nullif(:expires_at, 0), :burn, :edit_token_hash, :forked_from, :language_chosen)
)sql";

constexpr const char* kNewBody = "insert into bodies (snippet_id, version, body) values (:id, :version, :body)";

constexpr const char* kKeepRevision = R"sql(
    insert into revisions (snippet_id, version, title, size, language, visibility, created_at)
    select id, version, title, size, language, visibility, updated_at from snippets
    where id = :id and version = :version
    returning version
)sql";

constexpr const char* kUpdate = R"sql(
    update snippets
    set title = :title, size = :size, language = :language, visibility = :visibility, tags = :tags,
        version = version + 1, updated_at = :updated_at, expires_at = nullif(:expires_at, 0),
        language_chosen = :language_chosen
    where id = :id
)sql";

constexpr const char* kLoadSnippets = R"sql(
    select {}, {} from json_each(:ids) i left join snippets s on s.id = i.value
        left join bodies b on b.snippet_id = s.id and b.version = s.version
        left join gone_snippets g on s.id is null and g.id = i.value
    where s.id is not null or g.id is not null
)sql";

const std::string kFindBurning = fmt::format(
    "select {} from {} join bodies b on b.snippet_id = s.id and b.version = s.version "
    "where s.id = :id and s.burn_after_reading = 1",
    snippet_columns("b.body"), kSnippetTables);

constexpr const char* kApplyViews = R"sql(
    insert into snippet_views (snippet_id, count)
    select s.id, c.value from json_each(:counts) c join snippets s on s.id = c.key where true
    on conflict (snippet_id) do update set count = count + excluded.count
    returning snippet_id, count
)sql";

const std::string kNow = "cast((julianday('now') - 2440587.5) * 86400000 as integer)";

const std::string kNoteUpdate = fmt::format(
    "insert into invalidation_outbox (snippet_id, floor, created_at) "
    "select id, version, {} from snippets where id = :id",
    kNow);

const std::string kNoteDeletion = fmt::format(
    "insert into invalidation_outbox (snippet_id, floor, created_at) values (:id, {}, {}) "
    "on conflict (snippet_id, floor) do nothing",
    model::kDeletedFloor, kNow);

constexpr const char* kDeleteOwned =
    "delete from snippets where id in (select value from json_each(:ids)) and owner_id = :owner";

const std::string kNoteOwned = fmt::format(
    "insert into invalidation_outbox (snippet_id, floor, created_at) "
    "select id, {}, {} from snippets where id in (select value from json_each(:ids)) and owner_id = :owner "
    "on conflict (snippet_id, floor) do nothing",
    model::kDeletedFloor, kNow);

constexpr const char* kForgetDelivered = R"sql(
    delete from invalidation_outbox
    where exists (select 1 from json_each(:floors) d where d.key = snippet_id and floor <= d.value)
    and exists (select 1 from cache_server where run_id = :run_id and epoch = :epoch)
)sql";

constexpr const char* kApplyViewHours = R"sql(
    insert into snippet_view_hours (snippet_id, hour, count)
    select s.id, :hour, c.value from json_each(:counts) c join snippets s on s.id = c.key where true
    on conflict (snippet_id, hour) do update set count = count + excluded.count
)sql";

constexpr const char* kNoteFlushes = R"sql(
    insert into view_flushes (flusher, first_flush, last_flush, applied_at)
    select value ->> 'flusher', value ->> 'first_flush', value ->> 'last_flush', :now from json_each(:flushes)
    where true
    on conflict (flusher) do update
        set first_flush = excluded.first_flush, last_flush = excluded.last_flush, applied_at = excluded.applied_at
        where view_flushes.last_flush < excluded.first_flush
    returning flusher
)sql";

/// Whether none of these flushes has been applied; from now on they have been.
bool note_flushes(sql::Connection& connection, const ViewFlushes& flushes, long long now) {
    if (flushes.empty()) return true;
    connection.count("note_view_flushes");
    const std::string given = to_json(flushes);
    std::string flusher;
    soci::statement statement =
        (connection.session().prepare << kNoteFlushes, use(now, "now"), use(given, "flushes"), into(flusher));
    statement.execute(false);
    std::size_t noted = 0;
    while (statement.fetch()) ++noted;
    return noted == flushes.size();
}

constexpr const char* kFindViews = R"sql(
    select v.snippet_id, v.count from json_each(:counts) c join snippet_views v on v.snippet_id = c.key
)sql";

Dialect sqlite_dialect(Outbox outbox) {
    return {
        .load_snippets = fmt::format(kLoadSnippets, load_columns("i.value", "b.body"), kNow),
        .load_beginnings =
            "select s.id, s.version, s.size, beginning(b.rowid) from json_each(:ids) i cross join snippets s on s.id = "
            "i.value "
            "join bodies b on b.snippet_id = s.id and b.version = s.version",
        .find_names = "select id, username from accounts where id in (select value from json_each(:ids))",
        .write_ids = [](const std::vector<std::string>& ids) { return to_json(ids); },
        .find_revision =
            "select r.title, b.body, r.language, r.visibility, r.created_at from revisions r "
            "join bodies b on b.snippet_id = r.snippet_id and b.version = r.version "
            "where r.snippet_id = :id and r.version = :version",
        .revision_size = "size",
        .id_by_bytes = "s.id",
        .has_tag = "exists (select 1 from json_each(s.tags) t where t.value = :tag)",
        .has_text =
            "(contains_folded(s.title, :text) or contains_folded((select b.body from bodies b "
            "where b.snippet_id = s.id and b.version = s.version), :text_again))",
        .delete_snippet = "delete from snippets where id = :id and :wanted in (0, version) returning id",
        .note_deletion = outbox == Outbox::on ? kNoteDeletion : "",
        .note_owned = outbox == Outbox::on ? kNoteOwned : "",
        .delete_owned = kDeleteOwned,
        .begins_transactions = false,
        .lock = "",
        .lock_shared = "",
        .now_ms = kNow,
        .time_ms = kNow,
        .in_passing = "1 = 1",
        .forget_delivered = kForgetDelivered,
    };
}

long long size_of(const std::string& text) {
    return static_cast<long long>(text.size());
}

struct Create {
    Create(sql::Connection& connection, const std::string& text) : statement{connection.session()} {
        row.write_to(statement);
        statement.exchange(use(size, "size"));
        prepare_to_keep(connection, statement, text);
    }
    SnippetRow row;
    long long size = 0;
    soci::statement statement;
};

struct CreateBody {
    CreateBody(sql::Connection& connection, const std::string& text) : statement{connection.session()} {
        statement.exchange(use(id, "id"));
        statement.exchange(use(version, "version"));
        statement.exchange(use(body, "body"));
        prepare_to_keep(connection, statement, text);
    }
    std::string id, body;
    long long version = 0;
    soci::statement statement;
};

void write_body(sql::Connection& connection, const std::string& id, long long version, const std::string& body) {
    connection.count("create_body");
    auto& create = connection.prepared<CreateBody>(kNewBody);
    create.id = id;
    create.version = version;
    create.body = body;
    create.statement.execute(true);
}

struct CreateRecord {
    CreateRecord(sql::Connection& connection, const std::string& text) : statement{connection.session()} {
        statement.exchange(use(record.id, "id"));
        statement.exchange(use(record.fingerprint, "fingerprint"));
        statement.exchange(use(record.response, "response"));
        statement.exchange(use(created_at, "created_at"));
        statement.exchange(use(record.account_id, "account_id"));
        prepare_to_keep(connection, statement, text);
    }
    IdempotencyRecord record;
    long long created_at = 0;
    soci::statement statement;
};

/// Nothing when the record is new and stands now; else what to answer.
std::optional<CreateResult> record_or_replay(sql::Connection& connection, const IdempotencyRecord& record) {
    if (std::optional<CreateResult> replay = read_replay(connection, record)) return replay;
    connection.about_to("create_snippet");
    auto& create = connection.prepared<CreateRecord>(
        "insert into idempotency_records (id, fingerprint, response, created_at, account_id) "
        "values (:id, :fingerprint, :response, :created_at, nullif(:account_id, ''))");
    create.record = record;
    create.created_at = base::unix_now_ms();
    create.statement.execute(true);
    return std::nullopt;
}

class SqliteStore : public SqlStore {
  public:
    SqliteStore(Pools pools, Outbox outbox, std::shared_ptr<SqliteUpkeep> upkeep)
        : SqlStore{std::move(pools), sqlite_dialect(outbox), make_sqlite_search()},
          outbox_{outbox},
          upkeep_{std::move(upkeep)} {}
    ~SqliteStore() override { close(); }

    Awaitable<CreateResult> create_snippet(model::Snippet snippet, std::optional<IdempotencyRecord> record,
                                           Deadline deadline) override {
        auto work = [this, snippet = std::move(snippet), record = std::move(record)](sql::Connection& connection) {
            connection.count("create_snippet");
            note_write();
            try {
                if (record) {
                    if (auto answered = record_or_replay(connection, *record)) return *answered;
                }
                auto& create = connection.prepared<Create>(kNewSnippet);
                create.row.assign(snippet);
                create.size = size_of(snippet.body);
                create.statement.execute(true);
                write_body(connection, snippet.id, snippet.version, snippet.body);
                return CreateResult{};
            } catch (const soci::soci_error& error) {
                // Nothing to undo: the record, which comes first, names the same account.
                if (!sql::names_missing_row(error)) throw;
                connection.forget_prepared();
                return CreateResult{CreateResult::Outcome::owner_gone, {}};
            }
        };
        return write_->run(std::move(work), deadline);
    }

    Awaitable<bool> update_snippet(model::Snippet next, Deadline deadline) override {
        auto work = [this, next = std::move(next)](sql::Connection& connection) {
            connection.count("update_snippet");
            note_write();
            soci::session& session = connection.session();
            SnippetRow row;
            row.assign(next);
            long long kept = 0;
            session << kKeepRevision, use(row.id, "id"), use(row.version, "version"), into(kept);
            if (!session.got_data()) return false;
            const long long size = size_of(next.body);
            session << kUpdate, use(row.title, "title"), use(size, "size"), use(row.language, "language"),
                use(row.visibility, "visibility"), use(row.tags, "tags"), use(row.updated_at, "updated_at"),
                use(row.expires_at, "expires_at"), use(row.language_chosen, "language_chosen"), use(row.id, "id");
            write_body(connection, next.id, next.version + 1, next.body);
            if (outbox_ == Outbox::on) {
                connection.count("note_update");
                session << kNoteUpdate, use(row.id, "id");
            }
            return true;
        };
        return write_->run(std::move(work), deadline);
    }

    Awaitable<std::optional<model::Snippet>> burn_snippet(std::string id, Deadline deadline) override {
        auto work = [this, id = std::move(id)](sql::Connection& connection) -> std::optional<model::Snippet> {
            connection.count("burn_snippet");
            soci::session& session = connection.session();
            std::vector<model::Snippet> found;
            {
                SnippetRow row;
                soci::statement statement{session};
                row.read_from(statement);
                statement.exchange(use(id, "id"));
                prepare(statement, kFindBurning);
                statement.execute(false);
                found = fetch_snippets(statement, row);
            }
            if (found.empty()) return std::nullopt;
            const long long now = base::unix_now_ms();
            session << "delete from snippets where id = :id", use(id);
            note_write();
            const bool hidden = found.front().visibility == model::Visibility::private_;
            const std::string owner_id = hidden ? found.front().owner_id : "";
            session << "insert into gone_snippets (id, gone_at, owner_id) values (:id, :now, nullif(:owner, '')) "
                       "on conflict (id) do nothing",
                use(id), use(now), use(owner_id);
            return std::move(found.front());
        };
        return write_->run(std::move(work), deadline);
    }

    using Store::apply_views;

    Awaitable<model::NumbersById> apply_views(std::string batch_id, model::NumbersById counts, ViewFlushes flushes,
                                              Deadline deadline) override {
        auto work = [batch_id = std::move(batch_id), counts = to_json(counts),
                     flushes = std::move(flushes)](sql::Connection& connection) {
            soci::session& session = connection.session();
            connection.count("record_view_batch");
            std::string fresh;
            const long long now = base::unix_now_ms();
            session << "insert into view_batches (id, applied_at) values (:id, :now) on conflict (id) do nothing "
                       "returning id",
                use(batch_id), use(now), into(fresh);
            const bool is_given_first = session.got_data();
            const bool is_new = is_given_first && note_flushes(connection, flushes, now);
            if (is_given_first && !is_new) warn_of_other_history(batch_id);
            if (is_new) {
                connection.count("apply_view_hours");
                const long long hour = model::hour_of(now);
                session << kApplyViewHours, use(hour, "hour"), use(counts, "counts");
            }
            connection.count(is_new ? "apply_views" : "find_views");
            model::NumbersById totals;
            std::string id;
            long long count = 0;
            soci::statement statement =
                (session.prepare << (is_new ? kApplyViews : kFindViews), use(counts, "counts"), into(id), into(count));
            statement.execute(false);
            while (statement.fetch()) totals.emplace_back(id, count);
            return totals;
        };
        return write_->run(std::move(work), deadline);
    }

    /// Writes, because a disk that can be read may be full. One write tells all who ask within `kWrittenFor`, so that
    /// nobody can load the disk by asking.
    Awaitable<void> ping(Deadline deadline) override {
        if (upkeep_ && !upkeep_->well()) throw base::Unavailable{"the database file cannot be used as it must"};
        const base::SteadyTime now = base::steady_now();
        if (now - written_at_.load() < kWrittenFor) co_return;
        auto work = [](sql::Connection& connection) {
            connection.count("ping");
            // A page of the file is written for it, although nothing reads this number.
            connection.session() << "pragma user_version = 0";
            return true;
        };
        co_await write_->run(std::move(work), deadline);
        written_at_ = now;
    }

    void close() override {
        if (upkeep_) upkeep_->stop();
        SqlStore::close();
    }

    /// The file has no clock but that of the machine that it is on.
    Awaitable<UnixMillis> now(Deadline) override { co_return base::unix_now_ms(); }
    std::optional<UnixMillis> estimated_now() const override { return base::unix_now_ms(); }

  private:
    static constexpr base::Milliseconds kWrittenFor{1000};

    Outbox outbox_;
    std::shared_ptr<SqliteUpkeep> upkeep_;  ///< may be null
    std::atomic<base::SteadyTime> written_at_{base::SteadyTime{}};
};

}  // namespace

std::unique_ptr<Store> make_sqlite_store(Pools pools, Outbox outbox, std::shared_ptr<SqliteUpkeep> upkeep) {
    return std::make_unique<SqliteStore>(std::move(pools), outbox, std::move(upkeep));
}

}  // namespace snippetd::store
