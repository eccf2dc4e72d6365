#include "store/postgres_creates.hpp"

#include "base/fold_case.hpp"
#include "sql/array_statement.hpp"
#include "store/snippet_row.hpp"
#include "store/sql_store.hpp"

#include <array>
#include <unordered_set>

#include <fmt/format.h>
#include <soci/soci.h>

namespace snippetd::store {

using soci::into;
using soci::use;

namespace {

// How long a row waits for its key, within what its own answer may take: alone, and beside others.
constexpr base::Milliseconds kPatience{600}, kPatienceOfAll{100};

constexpr const char* kNewSnippet = R"sql(
    insert into snippets (id, owner_id, title, body, language, visibility, tags, version, created_at, updated_at,
                          expires_at, burn_after_reading, edit_token_hash, forked_from, title_folded, body_folded,
                          language_chosen)
    select :id::text, nullif(:owner_id::text, ''), :title::text, :body::text, :language::text, :visibility::text,
           :tags::jsonb, :version::bigint, :created_at::bigint, :updated_at::bigint, nullif(:expires_at::bigint, 0),
           :burn::integer, :edit_token_hash::text, :forked_from::text, :title_folded::text, :body_folded::text,
           :language_chosen::integer
)sql";

const std::string kStatementTime = "(extract(epoch from statement_timestamp()) * 1000)::bigint";

// Two requests with one key meet at the record's primary key: the second waits for the first one's commit, though not
// for longer than its own answer may take. Said here, since behind a pooler no session says it.
const std::string kCreateOnce = fmt::format(R"sql(
    with record as (
        insert into idempotency_records (id, fingerprint, response, created_at, account_id)
        select :record_id::text, :fingerprint::text, :response::text, {}, nullif(:record_account::text, '')
        where set_config('lock_timeout', :patience::text, true) is not null
        on conflict (id) do nothing
        returning 1),
    created as ({}    where exists (select 1 from record) returning 1)
    select count(*) from created
)sql",
                                            kStatementTime, kNewSnippet);

// As kCreateOnce, for many rows, of which some have no record. Rows are written in the order of their keys: two batches
// of two instances with the same keys cannot deadlock. Nobody waits long for a key that another instance is writing:
// the batch is given up, and each of its rows is tried alone.
const std::string kCreateAll = fmt::format(R"sql(
    with given as materialized (
        select g.* from (select set_config('lock_timeout', '{}ms', true) as is_set offset 0) l
        cross join unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[],
                          $8::text[], $9::text[], $10::text[], $11::text[], $12::text[], $13::text[], $14::text[],
                          $15::text[], $16::bigint[], $17::bigint[], $18::bigint[], $19::bigint[], $20::bigint[],
                          $21::bigint[])
            as g(id, owner_id, title, body, language, visibility, tags, edit_token_hash, forked_from, title_folded,
                 body_folded, record_id, fingerprint, response, record_account, version, created_at, updated_at,
                 expires_at, burn, language_chosen)
        where l.is_set is not null),
    record as (
        insert into idempotency_records (id, fingerprint, response, created_at, account_id)
        select record_id, fingerprint, response, {}, nullif(record_account, '') from given where record_id <> ''
        order by record_id
        on conflict (id) do nothing
        returning id)
    insert into snippets (id, owner_id, title, body, language, visibility, tags, version, created_at, updated_at,
                          expires_at, burn_after_reading, edit_token_hash, forked_from, title_folded, body_folded,
                          language_chosen)
    select id, nullif(owner_id, ''), title, body, language, visibility, tags::jsonb, version, created_at, updated_at,
           nullif(expires_at, 0), burn::integer, edit_token_hash, forked_from, title_folded, body_folded,
           language_chosen::integer
    from given where record_id = '' or record_id in (select id from record)
    returning id
)sql",
                                           kPatienceOfAll.count(), kStatementTime);
constexpr std::size_t kTexts = 15, kNumbers = 6;

struct Create {
    Create(sql::Connection& connection, const std::string& text) : statement{connection.session()} {
        row.write_to(statement);
        prepare_to_keep(connection, statement, text);
    }
    FoldedRow row;
    soci::statement statement;
};

struct CreateOnce {
    CreateOnce(sql::Connection& connection, const std::string& text) : statement{connection.session()} {
        statement.exchange(into(created));
        statement.exchange(use(patience, "patience"));
        statement.exchange(use(record.id, "record_id"));
        statement.exchange(use(record.fingerprint, "fingerprint"));
        statement.exchange(use(record.response, "response"));
        statement.exchange(use(record.account_id, "record_account"));
        row.write_to(statement);
        prepare_to_keep(connection, statement, text);
    }
    std::string patience;
    IdempotencyRecord record;
    long long created = 0;
    FoldedRow row;
    soci::statement statement;
};

struct CreateAll : sql::ArrayStatement {
    CreateAll(sql::Connection& connection, const std::string& text) : ArrayStatement{connection, text, types()} {}

    static std::vector<sql::Column::Of> types() {
        std::vector<sql::Column::Of> types(kTexts, sql::Column::Of::text);
        types.resize(kTexts + kNumbers, sql::Column::Of::bigint);
        return types;
    }
};

/// The parameters of kCreateAll.
class Columns {
  public:
    Columns() {
        for (const sql::Column::Of of : CreateAll::types()) columns_.emplace_back(of);
    }

    void add(const model::Snippet& snippet, const std::optional<IdempotencyRecord>& record) {
        static const IdempotencyRecord kNone;
        const IdempotencyRecord& kept = record ? *record : kNone;
        const std::string tags = to_json(snippet.tags);
        const std::string title_folded = base::fold_case(snippet.title), body_folded = base::fold_case(snippet.body);
        const std::array<std::string_view, kTexts> texts{
            snippet.id,
            snippet.owner_id,
            snippet.title,
            snippet.body,
            snippet.language,
            model::to_text(snippet.visibility),
            tags,
            snippet.edit_token_hash,
            snippet.forked_from,
            title_folded,
            body_folded,
            kept.id,
            kept.fingerprint,
            kept.response,
            kept.account_id,
        };
        const std::array<std::int64_t, kNumbers> numbers{
            snippet.version,
            snippet.created_at,
            snippet.updated_at,
            snippet.expires_at.value_or(0),
            snippet.burn_after_reading ? 1 : 0,
            snippet.language_chosen ? 1 : 0,
        };
        for (std::size_t i = 0; i < kTexts; ++i) columns_[i].add(texts[i]);
        for (std::size_t i = 0; i < kNumbers; ++i) columns_[kTexts + i].add(numbers[i]);
    }

    std::vector<sql::Column>& all() { return columns_; }

  private:
    std::vector<sql::Column> columns_;
};

/// Whether one row may be what a statement was refused for, by its SQLSTATE (the manual's appendix A): its data (22), a
/// constraint (23), a limit (54), or a lock that was not to be had: in time (55P03, 57014) or at all (40).
bool may_be_of_one_row(const std::string& state) {
    return state.starts_with("22") || state.starts_with("23") || state.starts_with("40") || state.starts_with("54") ||
           state == "55P03" || state == "57014";
}

CreateResult create_once(sql::Connection& connection, const model::Snippet& snippet, const IdempotencyRecord& record,
                         base::Milliseconds patience) {
    long long created = 0;
    try {
        auto& create = connection.prepared<CreateOnce>(kCreateOnce);
        create.patience = fmt::format("{}ms", patience.count());
        create.record = record;
        create.row.assign(snippet);
        create.statement.execute(false);
        while (create.statement.fetch()) {
        }
        created = create.created;
    } catch (const soci::soci_error& error) {
        const std::string state = sql::sqlstate(error);
        const bool waited_too_long = state == "55P03" || state == "57014";  // lock_timeout, statement_timeout
        if (!waited_too_long) throw;
        connection.forget_prepared();
        return {CreateResult::Outcome::in_progress, {}};
    }
    if (created == 1) return {};
    // Gone again: the record was removed in this instant, a day after it was made.
    return read_replay(connection, record).value_or(CreateResult{CreateResult::Outcome::in_progress, {}});
}

/// Calls it at the end, however that comes.
struct AtEnd {
    const std::function<void()>& call;
    ~AtEnd() { call(); }
};

}  // namespace

class PostgresCreates::Keys {
  public:
    explicit Keys(PostgresCreates& creates) : creates_{creates} {}
    ~Keys() {
        const std::lock_guard lock{creates_.mutex_};
        for (const std::string& key : taken_) creates_.keys_.erase(key);
    }
    Keys(const Keys&) = delete;
    Keys& operator=(const Keys&) = delete;

    /// False when a batch that runs has it, be it this one.
    bool take(const std::string& key) {
        const std::lock_guard lock{creates_.mutex_};
        if (!creates_.keys_.insert(key).second) return false;
        taken_.push_back(key);
        return true;
    }

  private:
    PostgresCreates& creates_;
    std::vector<std::string> taken_;
};

PostgresCreates::PostgresCreates(sql::Pool& pool, std::shared_ptr<base::QueueMeter> meter, std::function<void()> note)
    : pool_{pool},
      note_{std::move(note)},
      gathered_{
          pool,
          {.patience = base::Milliseconds{2},
           .waiting_max = 1024,
           .queueing_target = base::Milliseconds{50},
           .meter = std::move(meter),
           .work = base::Work::own},
          [this](sql::Connection& connection, const std::vector<Row>& rows) { return create_all(connection, rows); }} {}

Awaitable<CreateResult> PostgresCreates::run(model::Snippet snippet, std::optional<IdempotencyRecord> record,
                                             Deadline deadline) {
    const auto row = std::make_shared<const NewRow>(NewRow{std::move(snippet), std::move(record)});
    base::Milliseconds patience = kPatience;
    if (row->snippet.body.size() <= kGatheredBytesMax) {
        Made made = co_await gathered_.run(row, deadline);
        if (!made.alone) co_return std::move(made.result);
        patience -= kPatienceOfAll;
    }
    auto work = [this, row, patience](sql::Connection& connection) { return create_alone(connection, *row, patience); };
    co_return co_await pool_.run(std::move(work), deadline);
}

CreateResult PostgresCreates::create_alone(sql::Connection& connection, const NewRow& row,
                                           base::Milliseconds patience) const {
    connection.count("create_snippet");
    const AtEnd noted{note_};
    try {
        if (row.record) return create_once(connection, row.snippet, *row.record, patience);
        auto& create = connection.prepared<Create>(kNewSnippet);
        create.row.assign(row.snippet);
        create.statement.execute(true);
        return {};
    } catch (const soci::soci_error& error) {
        if (!sql::names_missing_row(error)) throw;
        connection.forget_prepared();
        return {CreateResult::Outcome::owner_gone, {}};
    }
}

std::vector<PostgresCreates::Made> PostgresCreates::create_all(sql::Connection& connection,
                                                               const std::vector<Row>& rows) {
    if (rows.size() == 1) return {Made{create_alone(connection, *rows.front(), kPatience)}};
    std::vector<Made> made(rows.size());
    Keys keys{*this};
    Columns columns;
    for (std::size_t i = 0; i < rows.size(); ++i) {
        made[i].alone = rows[i]->record && !keys.take(rows[i]->record->id);
        if (!made[i].alone) columns.add(rows[i]->snippet, rows[i]->record);
    }
    const AtEnd noted{note_};
    std::unordered_set<std::string> created;
    try {
        connection.count("create_snippets");
        for (std::string& id : connection.prepared<CreateAll>(kCreateAll).execute(columns.all())) {
            created.insert(std::move(id));
        }
    } catch (const soci::soci_error& error) {
        if (!may_be_of_one_row(sql::sqlstate(error))) throw;
        connection.forget_prepared();
        for (Made& one : made) one.alone = true;
        return made;
    }
    for (std::size_t i = 0; i < rows.size(); ++i) {
        if (made[i].alone || created.count(rows[i]->snippet.id) > 0) continue;
        made[i].result =
            read_replay(connection, *rows[i]->record).value_or(CreateResult{CreateResult::Outcome::in_progress, {}});
    }
    return made;
}

}  // namespace snippetd::store
