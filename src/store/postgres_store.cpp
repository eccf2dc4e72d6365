#include "store/postgres_creates.hpp"
#include "store/search_tables.hpp"
#include "store/snippet_row.hpp"
#include "store/sql_store.hpp"

#include <fmt/format.h>
#include <soci/soci.h>

/// Each write is one statement, creates are many in one (postgres_creates.cpp): one round trip, atomic without a
/// transaction around it.
namespace snippetd::store {

using soci::into;
using soci::use;

namespace {

const std::string kNow = "(extract(epoch from clock_timestamp()) * 1000)::bigint";
const std::string kTime = "(extract(epoch from statement_timestamp()) * 1000)::bigint";

// One plan for any ids. A planner that sees the ids makes a plan for each execution, since it takes one for few ids to
// be cheaper than one for ten, and planning costs ten times what the look-up does; so it does not see them (the select
// around the parameter). `offset 0` keeps it from other plans than by the keys, which a plan made while the tables
// were small would keep.
constexpr const char* kLoadSnippets = R"sql(
    select {}, {} from unnest((select :ids::text[])) i(id)
        left join lateral (select * from snippets where id = i.id offset 0) s on true
        left join lateral (select id, owner_id from gone_snippets where id = i.id and s.id is null offset 0) g on true
    where s.id is not null or g.id is not null
)sql";

const std::string kUpdate = R"sql(
    with old as (
        select id, version, title, body, language, visibility, updated_at from snippets
        where id = :id and version = :version for update),
    kept as (
        insert into revisions (snippet_id, version, title, body, language, visibility, created_at)
        select id, version, title, body, language, visibility, updated_at from old),
    updated as (
        update snippets s
        set title = :title, body = :body, language = :language, visibility = :visibility, tags = :tags::jsonb,
            version = s.version + 1, updated_at = :updated_at, expires_at = nullif(:expires_at::bigint, 0),
            title_folded = :title_folded, body_folded = :body_folded, language_chosen = :language_chosen
        from old where s.id = old.id
        returning s.id, s.version)
)sql";
const std::string kNoteUpdate = fmt::format(R"sql(
    , noted as (
        insert into invalidation_outbox (snippet_id, floor, created_at) select id, version, {} from updated)
)sql",
                                            kNow);
const std::string kUpdated = "select count(*) from updated";

const std::string kDelete = R"sql(
    with deleted as (
        delete from snippets where id = :id and cast(:wanted as bigint) in (0, version) returning id)
)sql";
const std::string kNoteDeletion = fmt::format(R"sql(
    , noted as (
        insert into invalidation_outbox (snippet_id, floor, created_at) select id, {}, {} from deleted
        on conflict (snippet_id, floor) do nothing)
)sql",
                                              model::kDeletedFloor, kNow);
const std::string kDeleted = "select id from deleted";

// Rows are locked in the order of their ids, as by the drainers.
const std::string kDeleteOwned = R"sql(
    with doomed as (
        select id from snippets where id = any(:ids::text[]) and owner_id = :owner order by id for update),
    deleted as (
        delete from snippets s using doomed where s.id = doomed.id returning s.id)
)sql";
const std::string kDeletedOwned = "select count(*) from deleted";

// Several instances may have delivered the same ones: what another one is removing is left to it. The commit waits
// neither for the disk nor for a standby: a row that is there again after a crash is delivered again.
constexpr const char* kForgetDelivered = R"sql(
    with done as (
        select o.snippet_id, o.floor
        from invalidation_outbox o join json_each_text(:floors::json) d
            on o.snippet_id = d.key and o.floor <= d.value::bigint
        where exists (select 1 from cache_server where run_id = :run_id and epoch = :epoch)
            and set_config('synchronous_commit', 'off', true) is not null
        for update of o skip locked)
    delete from invalidation_outbox o using done where o.snippet_id = done.snippet_id and o.floor = done.floor
)sql";

const std::string kBurn = fmt::format(R"sql(
    with burned as (delete from snippets where id = :id and burn_after_reading = 1 returning *),
    marked as (
        insert into gone_snippets (id, gone_at, owner_id)
        select id, {0}, case when visibility = 'private' then owner_id end from burned
        on conflict (id) do nothing)
    select {1} from burned s left join accounts a on a.id = s.owner_id left join snippet_views v on v.snippet_id = s.id
        left join snippets o on o.id = nullif(s.forked_from, '')
)sql",
                                      kTime, snippet_columns("s.body"));

// Rows are locked in the order of their ids, so two drainers cannot deadlock. A batch is fresh when neither it nor any
// flush in it has been applied; the row of a flusher makes two batches with its flushes wait for each other.
const std::string kApplyViews = fmt::format(R"sql(
    with batch as (
        insert into view_batches (id, applied_at) values (:batch, {0}) on conflict (id) do nothing returning 1),
    given as (
        select * from json_to_recordset(:flushes::json) as f(flusher text, first_flush bigint, last_flush bigint)),
    noted as (
        insert into view_flushes (flusher, first_flush, last_flush, applied_at)
        select flusher, first_flush, last_flush, {0} from given
        where exists (select 1 from batch)
        order by flusher
        on conflict (flusher) do update
            set first_flush = excluded.first_flush, last_flush = excluded.last_flush, applied_at = excluded.applied_at
            where view_flushes.last_flush < excluded.first_flush
        returning 1),
    fresh as (
        select 1 where exists (select 1 from batch)
        and (select count(*) from noted) = (select count(*) from given)),
    counted as (
        select s.id, c.value::bigint as count
        from json_each_text(:counts::json) c join snippets s on s.id = c.key
        where exists (select 1 from fresh)
        order by s.id
        for key share of s),
    applied as (
        insert into snippet_views (snippet_id, count)
        select id, count from counted
        on conflict (snippet_id) do update set count = snippet_views.count + excluded.count
        returning snippet_id, count),
    kept as (
        insert into snippet_view_hours (snippet_id, hour, count)
        select id, {0} / 3600000, count from counted
        on conflict (snippet_id, hour) do update set count = snippet_view_hours.count + excluded.count)
    select snippet_id, count from applied
    union all
    select v.snippet_id, v.count from json_each_text(:counts_again::json) c join snippet_views v on v.snippet_id = c.key
    where not exists (select 1 from fresh)
    union all
    select '', 0 where exists (select 1 from batch) and not exists (select 1 from fresh)
)sql",
                                            kTime);

Dialect postgres_dialect(Outbox outbox) {
    return {
        .load_snippets = fmt::format(kLoadSnippets, load_columns("i.id", "s.body"), kTime),
        .load_beginnings = fmt::format(
            "select id, version, octet_length(body), substr(body, 1, {}) from snippets where id = any(:ids::text[])",
            kBeginningBytesMax),
        .find_names = "select id, username from accounts where id = any(:ids::text[])",
        .write_ids = to_array,
        .find_revision =
            "select title, body, language, visibility, created_at from revisions "
            "where snippet_id = :id and version = :version",
        // A large text lies apart, and says its size where the row is.
        .revision_size = "octet_length(body)",
        .id_by_bytes = "s.id collate \"C\"",
        .has_tag = "s.tags @> jsonb_build_array(:tag::text)",
        .has_text = "(strpos(s.title_folded, :text::text) > 0 or strpos(s.body_folded, :text_again::text) > 0)",
        .delete_snippet = kDelete + (outbox == Outbox::on ? kNoteDeletion : "") + kDeleted,
        .note_deletion = "",
        .note_owned = "",
        .delete_owned = kDeleteOwned + (outbox == Outbox::on ? kNoteDeletion : "") + kDeletedOwned,
        .begins_transactions = true,
        .lock = "for update",
        .lock_shared = "for share",
        .now_ms = kNow,
        .time_ms = kTime,
        .in_passing = "set_config('synchronous_commit', 'off', true) is not null",
        .forget_delivered = kForgetDelivered,
    };
}

/// Throws LeadsToReader when what is written here would be refused. `pg_is_in_recovery` alone does not say so: a server
/// may have been made read-only with `default_transaction_read_only`, as providers do when its disk is full.
std::vector<int> check_writable(sql::Connection& connection, const std::vector<int>& askers) {
    connection.count("ping");
    std::string reads_only;
    connection.session() << "select case when pg_is_in_recovery() then 'on' "
                            "else current_setting('transaction_read_only') end",
        into(reads_only);
    if (reads_only != "off") throw sql::LeadsToReader{};
    return askers;
}

class PostgresStore : public SqlStore {
  public:
    PostgresStore(Pools pools, Outbox outbox)
        : SqlStore{std::move(pools), postgres_dialect(outbox), make_postgres_search()},
          creates_{*write_, pools_.creates, [this] { note_write(); }},
          update_{kUpdate + (outbox == Outbox::on ? kNoteUpdate : "") + kUpdated},
          pings_{*pools_.watch, {.running_max = 1}, check_writable} {}
    ~PostgresStore() override { close(); }

    /// Whether what is needed is there: a connection for writes, and a server that takes them. However many ask at a
    /// time, one statement answers.
    Awaitable<void> ping(Deadline deadline) override {
        if (pools_.write->down() || pools_.read->down()) throw base::Unavailable{"no connection to the database"};
        co_await pings_.run(0, deadline);
    }

    bool writes_are_stuck() const override { return pools_.write->stuck(); }

    Awaitable<CreateResult> create_snippet(model::Snippet snippet, std::optional<IdempotencyRecord> record,
                                           Deadline deadline) override {
        return creates_.run(std::move(snippet), std::move(record), deadline);
    }

    Awaitable<bool> update_snippet(model::Snippet next, Deadline deadline) override {
        auto work = [this, next = std::move(next)](sql::Connection& connection) {
            connection.count("update_snippet");
            note_write();
            FoldedRow row;
            row.assign(next);
            long long updated = 0;
            connection.session() << update_, use(row.id, "id"), use(row.version, "version"), use(row.title, "title"),
                use(row.body, "body"), use(row.language, "language"), use(row.visibility, "visibility"),
                use(row.tags, "tags"), use(row.updated_at, "updated_at"), use(row.expires_at, "expires_at"),
                use(row.title_folded, "title_folded"), use(row.body_folded, "body_folded"),
                use(row.language_chosen, "language_chosen"), into(updated);
            return updated == 1;
        };
        return write_->run(std::move(work), deadline);
    }

    Awaitable<std::optional<model::Snippet>> burn_snippet(std::string id, Deadline deadline) override {
        auto work = [id = std::move(id)](sql::Connection& connection) -> std::optional<model::Snippet> {
            connection.count("burn_snippet");
            SnippetRow row;
            soci::statement statement{connection.session()};
            row.read_from(statement);
            statement.exchange(use(id, "id"));
            prepare(statement, kBurn);
            statement.execute(false);
            std::vector<model::Snippet> burned = fetch_snippets(statement, row);
            if (burned.empty()) return std::nullopt;
            return std::move(burned.front());
        };
        return write_->run(std::move(work), deadline);
    }

    using Store::apply_views;

    Awaitable<model::NumbersById> apply_views(std::string batch_id, model::NumbersById counts, ViewFlushes flushes,
                                              Deadline deadline) override {
        auto work = [batch_id = std::move(batch_id), counts = to_json(counts),
                     flushes = to_json(flushes)](sql::Connection& connection) {
            connection.count("apply_views");
            std::string id;
            long long count = 0;
            soci::statement statement =
                make_statement(connection, kApplyViews, use(batch_id, "batch"), use(flushes, "flushes"),
                               use(counts, "counts"), use(counts, "counts_again"), into(id), into(count));
            statement.execute(false);
            model::NumbersById totals;
            bool refused = false;
            while (statement.fetch()) {
                if (id.empty()) {
                    refused = true;
                } else {
                    totals.emplace_back(id, count);
                }
            }
            if (refused) warn_of_other_history(batch_id);
            return totals;
        };
        return write_->run(std::move(work), deadline);
    }

  private:
    PostgresCreates creates_;
    std::string update_;
    sql::Gatherer<int, int> pings_;
};

}  // namespace

std::unique_ptr<Store> make_postgres_store(Pools pools, Outbox outbox) {
    return std::make_unique<PostgresStore>(std::move(pools), outbox);
}

}  // namespace snippetd::store
