#include "store/sql_store.hpp"

#include "store/search_tables.hpp"
#include "store/snippet_row.hpp"

#include <array>
#include <set>
#include <unordered_map>

#include <fmt/format.h>
#include <soci/soci.h>

namespace snippetd::store {

using soci::into;
using soci::use;

namespace {

// How long things are remembered after their use, in milliseconds.
constexpr UnixMillis kDay = 24LL * 60 * 60 * 1000;
constexpr UnixMillis kIdempotencyKept = kDay;
constexpr UnixMillis kLedgerKept = 7 * kDay;
constexpr UnixMillis kGoneKept = 365 * kDay;
constexpr std::int64_t kViewHoursKept = 400 * 24;  // in hours

/// `Dialect::load_snippets`
struct LoadSnippets {
    LoadSnippets(sql::Connection& connection, const std::string& text) : statement{connection.session()} {
        row.read_from(statement);
        statement.exchange(into(now));
        statement.exchange(use(ids, "ids"));
        prepare_to_keep(connection, statement, text);
    }
    bool gone() const { return row.version == 0; }

    std::string ids;
    SnippetRow row;
    long long now = 0;
    soci::statement statement;
};

/// `Dialect::find_names`
struct FindNames {
    FindNames(sql::Connection& connection, const std::string& text) : statement{connection.session()} {
        statement.exchange(into(id));
        statement.exchange(into(name));
        statement.exchange(use(ids, "ids"));
        prepare_to_keep(connection, statement, text);
    }
    std::string ids, id, name;
    soci::statement statement;
};

struct FindRecord {
    FindRecord(sql::Connection& connection, const std::string& text) : statement{connection.session()} {
        statement.exchange(into(fingerprint));
        statement.exchange(into(response));
        statement.exchange(use(id, "id"));
        prepare_to_keep(connection, statement, text);
    }
    std::string id, fingerprint, response;
    soci::statement statement;
};

/// The row of the server that is in force, if there is one, beside each row of the outbox, if there are any. What is
/// of a time to come is of before the database's clock was set back.
constexpr const char* kListUndelivered =
    "select coalesce(c.run_id, ''), coalesce(c.epoch, 0), coalesce(c.seen_at, 0), coalesce({now} - c.seen_at, 0), "
    "coalesce(o.snippet_id, ''), coalesce(o.floor, 0) "
    "from (select 1 as one) x left join cache_server c on c.one = x.one "
    "left join (select snippet_id, floor, created_at from invalidation_outbox "
    "where created_at <= {now} - cast(:age as bigint) or created_at > {now} "
    "order by created_at limit :limit) o on 1 = 1 order by o.created_at";

struct ListUndelivered {
    ListUndelivered(sql::Connection& connection, const std::string& text) : statement{connection.session()} {
        statement.exchange(into(run_id));
        statement.exchange(into(epoch));
        statement.exchange(into(seen_at));
        statement.exchange(into(unseen));
        statement.exchange(into(id));
        statement.exchange(into(floor));
        statement.exchange(use(age, "age"));
        statement.exchange(use(limit, "limit"));
        prepare_to_keep(connection, statement, text);
    }
    std::string run_id, id;
    long long epoch = 0, seen_at = 0, unseen = 0, floor = 0, age = 0;
    int limit = 0;
    soci::statement statement;
};

}  // namespace

SqlStore::SqlStore(Pools pools, Dialect dialect, std::unique_ptr<SearchTables> search)
    : pools_{std::move(pools)},
      read_{pools_.read},
      write_{pools_.write},
      dialect_{std::move(dialect)},
      search_{std::move(search)},
      loads_{*read_, look_up_options(pools_), [this](sql::Connection& connection, const std::vector<std::string>& ids) {
                 return load_snippets(connection, ids);
             }} {}

SqlStore::~SqlStore() {
    close();
}

std::optional<CreateResult> read_replay(sql::Connection& connection, const IdempotencyRecord& record) {
    connection.count("find_idempotency_record");
    auto& find =
        connection.prepared<FindRecord>("select fingerprint, response from idempotency_records where id = :id");
    find.id = record.id;
    find.statement.execute(false);
    std::string fingerprint, response;
    bool found = false;
    while (find.statement.fetch()) {
        found = true;
        fingerprint = std::move(find.fingerprint);
        response = std::move(find.response);
    }
    if (!found) return std::nullopt;
    if (record.fingerprint != fingerprint) return CreateResult{CreateResult::Outcome::key_reused, {}};
    return CreateResult{CreateResult::Outcome::replayed, std::move(response)};
}

std::string snippet_columns(const std::string& body) {
    return fmt::format(
        "s.id, s.title, {}, s.language, s.visibility, s.tags, coalesce(s.owner_id, ''), coalesce(a.username, ''), "
        "s.version, coalesce(v.count, 0), s.created_at, s.updated_at, coalesce(s.expires_at, 0), s.burn_after_reading, "
        "s.edit_token_hash, s.forked_from, case when o.visibility = 'public' then 1 else 0 end, s.language_chosen",
        body);
}

std::string load_columns(const std::string& id, const std::string& body) {
    return fmt::format(
        "{}, coalesce(s.title, ''), coalesce({}, ''), coalesce(s.language, ''), coalesce(s.visibility, ''), "
        "coalesce(s.tags, '[]'), coalesce(s.owner_id, g.owner_id, ''), '', coalesce(s.version, 0), "
        "coalesce((select v.count from snippet_views v where v.snippet_id = s.id), 0), coalesce(s.created_at, 0), "
        "coalesce(s.updated_at, 0), coalesce(s.expires_at, 0), coalesce(s.burn_after_reading, 0), "
        "coalesce(s.edit_token_hash, ''), coalesce(s.forked_from, ''), "
        "case when s.forked_from <> '' and exists "
        "(select 1 from snippets o where o.id = s.forked_from and o.visibility = 'public') then 1 else 0 end, "
        "coalesce(s.language_chosen, 0)",
        id, body);
}

std::vector<model::Snippet> load_whole(sql::Connection& connection, const Dialect& dialect,
                                       const std::vector<std::string>& ids) {
    connection.count("load_whole");
    auto& load = connection.prepared<LoadSnippets>(dialect.load_snippets);
    load.ids = dialect.write_ids(ids);
    load.statement.execute(false);
    std::vector<model::Snippet> snippets;
    while (load.statement.fetch()) {
        if (!load.gone()) snippets.push_back(load.row.take());
    }
    return snippets;
}

Awaitable<Loaded> SqlStore::load_snippet(std::string id, Deadline deadline) {
    return loads_.run(std::move(id), deadline);
}

/// In the order of `ids`, of which some may be equal.
std::vector<Loaded> SqlStore::load_snippets(sql::Connection& connection, const std::vector<std::string>& ids) {
    std::unordered_map<std::string, Loaded> known;
    std::vector<model::Snippet> snippets;
    long long now = 0;

    connection.count("load_snippets");
    auto& load = connection.prepared<LoadSnippets>(dialect_.load_snippets);
    load.ids = dialect_.write_ids(ids);
    load.statement.execute(false);
    while (load.statement.fetch()) {
        now = load.now;
        if (!load.gone()) {
            snippets.push_back(load.row.take());
        } else if (load.row.owner_id.empty()) {
            known[load.row.id].state = Loaded::State::gone;
        } else {
            known[load.row.id].gone_for = load.row.owner_id;  // nobody else may know
        }
    }
    if (!snippets.empty()) {
        clock_.observe(now);
        name_owners(connection, snippets);
    }
    for (model::Snippet& snippet : snippets) {
        std::string id = snippet.id;
        known[std::move(id)] = {
            Loaded::State::found, std::make_shared<const model::Snippet>(std::move(snippet)), {}, now};
    }
    std::vector<Loaded> loaded;
    loaded.reserve(ids.size());
    for (const std::string& id : ids) {
        const auto found = known.find(id);
        loaded.push_back(found == known.end() ? Loaded{} : found->second);
    }
    return loaded;
}

/// Writes the owners' names into `snippets`, and removes those whose account has been deleted since they were read.
void SqlStore::name_owners(sql::Connection& connection, std::vector<model::Snippet>& snippets) {
    std::set<std::string> unknown;
    for (model::Snippet& snippet : snippets) {
        if (snippet.owner_id.empty()) continue;
        if (auto name = owner_names_.find(snippet.owner_id)) {
            snippet.owner_name = *std::move(name);
        } else {
            unknown.insert(snippet.owner_id);
        }
    }
    if (unknown.empty()) return;
    connection.count("find_names");
    auto& find = connection.prepared<FindNames>(dialect_.find_names);
    find.ids = dialect_.write_ids({unknown.begin(), unknown.end()});
    find.statement.execute(false);
    std::unordered_map<std::string, std::string> names;
    while (find.statement.fetch()) {
        owner_names_.put(find.id, find.name);
        names.emplace(find.id, find.name);
    }
    std::erase_if(snippets, [&](model::Snippet& snippet) {
        if (unknown.count(snippet.owner_id) == 0) return false;
        const auto found = names.find(snippet.owner_id);
        if (found == names.end()) return true;
        snippet.owner_name = found->second;
        return false;
    });
}

Awaitable<bool> SqlStore::delete_snippet(std::string id, std::optional<std::int64_t> version, Deadline deadline) {
    auto work = [this, id = std::move(id), version](sql::Connection& connection) {
        connection.count("delete_snippet");
        const long long wanted = version.value_or(0);
        std::string deleted;
        connection.session() << dialect_.delete_snippet, use(id, "id"), use(wanted, "wanted"), into(deleted);
        const bool there = connection.session().got_data();
        if (there) note_write();
        if (there && !dialect_.note_deletion.empty()) {
            connection.count("note_deletion");
            connection.session() << dialect_.note_deletion, use(id, "id");
        }
        return there;
    };
    return write_->run(std::move(work), deadline);
}

Awaitable<std::vector<model::Revision>> SqlStore::list_revisions(std::string snippet_id, std::int64_t before, int limit,
                                                                 Deadline deadline) {
    auto work = [this, snippet_id = std::move(snippet_id), end = static_cast<long long>(before),
                 limit](sql::Connection& connection) {
        connection.count("list_revisions");
        const std::string text = fmt::format(
            "select version, title, language, visibility, created_at, {} from revisions "
            "where snippet_id = :id and version < :before order by version desc limit :limit",
            dialect_.revision_size);
        model::Revision revision;
        std::string visibility;
        long long version = 0, created_at = 0, size = 0;
        soci::statement statement =
            make_statement(connection, text, use(snippet_id), use(end), use(limit), into(version), into(revision.title),
                           into(revision.language), into(visibility), into(created_at), into(size));
        statement.execute(false);
        std::vector<model::Revision> revisions;
        while (statement.fetch()) {
            revision.version = version;
            revision.visibility = visibility_from_text(visibility);
            revision.created_at = created_at;
            revision.size = size;
            revisions.push_back(revision);
        }
        return revisions;
    };
    return read_->run(std::move(work), deadline);
}

Awaitable<std::optional<model::Revision>> SqlStore::find_revision(std::string snippet_id, std::int64_t version,
                                                                  Deadline deadline) {
    auto work = [this, snippet_id = std::move(snippet_id), version](sql::Connection& connection) {
        connection.count("find_revision");
        model::Revision revision;
        std::string visibility;
        const long long wanted = version;
        long long created_at = 0;
        connection.session() << dialect_.find_revision, use(snippet_id), use(wanted), into(revision.title),
            into(revision.body), into(revision.language), into(visibility), into(created_at);
        revision.version = version;
        revision.visibility = visibility_from_text(visibility);
        revision.created_at = created_at;
        revision.size = static_cast<std::int64_t>(revision.body.size());
        return connection.session().got_data() ? std::optional{revision} : std::nullopt;
    };
    return read_->run(std::move(work), deadline);
}

Awaitable<std::vector<model::ViewHour>> SqlStore::view_hours(std::string id, UnixMillis since, Deadline deadline) {
    auto work = [id = std::move(id), since](sql::Connection& connection) {
        connection.count("view_hours");
        const long long first = model::hour_of(since);
        long long hour = 0, count = 0;
        soci::statement statement = make_statement(connection,
                                                   "select hour, count from snippet_view_hours "
                                                   "where snippet_id = :id and hour >= :first order by hour",
                                                   use(id, "id"), use(first, "first"), into(hour), into(count));
        statement.execute(false);
        std::vector<model::ViewHour> hours;
        while (statement.fetch()) hours.push_back({hour, count});
        return hours;
    };
    return read_->run(std::move(work), deadline);
}

Awaitable<model::Undelivered> SqlStore::list_undelivered(base::Milliseconds age, int limit, Deadline deadline) {
    auto work = [this, age, limit](sql::Connection& connection) {
        connection.count("list_undelivered");
        auto& list =
            connection.prepared<ListUndelivered>(fmt::format(kListUndelivered, fmt::arg("now", dialect_.now_ms)));
        list.age = age.count();
        list.limit = limit;
        list.statement.execute(false);
        model::Undelivered undelivered;
        while (list.statement.fetch()) {
            undelivered.in_force = {list.run_id, list.epoch, list.seen_at, base::Milliseconds{list.unseen}};
            if (list.floor != 0) undelivered.floors.emplace_back(list.id, list.floor);
        }
        return undelivered;
    };
    // A single connection that cannot be made does not mean that nothing can be seen of the outbox.
    return (pools_.watch->down() ? read_ : pools_.watch)->run(std::move(work), deadline);
}

Awaitable<std::int64_t> SqlStore::last_flush_applied(std::string flusher, Deadline deadline) {
    auto work = [flusher = std::move(flusher)](sql::Connection& connection) -> std::int64_t {
        connection.count("find_view_flush");
        long long last = 0;
        connection.session() << "select coalesce(max(last_flush), 0) from view_flushes where flusher = :flusher",
            use(flusher), into(last);
        return last;
    };
    return read_->run(std::move(work), deadline);
}

Awaitable<void> SqlStore::forget_delivered(model::NumbersById delivered, model::CacheServer told, Deadline deadline) {
    auto work = [this, floors = to_json(delivered), told = std::move(told)](sql::Connection& connection) {
        connection.count("forget_delivered");
        const long long epoch = told.epoch;
        connection.session() << dialect_.forget_delivered, use(floors, "floors"), use(told.run_id, "run_id"),
            use(epoch, "epoch");
        return true;
    };
    co_await pools_.forget->run(std::move(work), deadline);
}

Awaitable<void> SqlStore::set_cache_server(std::string run_id, model::CacheServer known, Deadline deadline) {
    auto work = [this, run_id = std::move(run_id), known = std::move(known)](sql::Connection& connection) {
        connection.count("set_cache_server");
        const long long epoch = known.epoch, seen_at = known.seen_at;
        soci::session& session = connection.session();
        if (epoch == 0) {
            session << fmt::format(
                "insert into cache_server (one, run_id, epoch, seen_at) "
                "select 1, cast(:run_id as text), 1, {} where {} on conflict do nothing",
                dialect_.now_ms, dialect_.in_passing),
                use(run_id, "run_id");
        } else {
            session << fmt::format(
                "update cache_server set run_id = :run_id, seen_at = {}, "
                "epoch = epoch + case when run_id = :run_id_again then 0 else 1 end "
                "where epoch = :epoch and seen_at = :seen_at and {}",
                dialect_.now_ms, dialect_.in_passing),
                use(run_id, "run_id"), use(run_id, "run_id_again"), use(epoch, "epoch"), use(seen_at, "seen_at");
        }
        return true;
    };
    co_await pools_.forget->run(std::move(work), deadline);
}

Awaitable<std::optional<CreateResult>> SqlStore::find_replay(IdempotencyRecord record, Deadline deadline) {
    auto work = [record = std::move(record)](sql::Connection& connection) { return read_replay(connection, record); };
    return read_->run(std::move(work), deadline);
}

Awaitable<Purged> SqlStore::purge(int limit, Deadline deadline) {
    auto work = [this, limit](sql::Connection& connection) {
        soci::session& session = connection.session();
        const std::string& now = dialect_.time_ms;
        Purged purged;
        // Strangers are not told that a private snippet has been there: its mark is for its owner. First the mark, then
        // the row: a purge that ends in between leaves a marked row, which the next one removes.
        connection.count("mark_expired");
        session << fmt::format(
            "insert into gone_snippets (id, gone_at, owner_id) select id, {0}, "
            "case when visibility = 'private' then owner_id end from snippets "
            "where expires_at <= {0} and (visibility <> 'private' or owner_id is not null) "
            "order by expires_at limit :limit on conflict (id) do nothing",
            now),
            use(limit, "limit");
        const auto remove = [&](const char* name, const std::string& text) {
            connection.count(name);
            soci::statement statement = make_statement(connection, text, use(limit, "limit"));
            statement.execute(true);
            const long long removed = statement.get_affected_rows();
            if (removed >= limit) purged.more = true;
            return removed;
        };
        purged.snippets = remove(
            "purge_snippets", fmt::format("delete from snippets where id in (select s.id from snippets s "
                                          "left join gone_snippets g on g.id = s.id where s.expires_at <= {} "
                                          "and (g.id is not null or (s.visibility = 'private' and s.owner_id is null)) "
                                          "limit :limit)",
                                          now));
        const auto purge_others = [&](const char* name, const char* table, const char* key, const char* time,
                                      long long kept) {
            purged.others += remove(
                name,
                fmt::format("delete from {0} where {1} in (select {1} from {0} where {2} <= {3} - {4} limit :limit)",
                            table, key, time, now, kept));
        };
        if (purged.snippets > 0) note_write();
        purge_others("purge_sessions", "sessions", "hash", "expires_at", 0);
        purge_others("purge_tokens", "api_tokens", "id", "expires_at", 0);
        purge_others("purge_idempotency", "idempotency_records", "id", "created_at", kIdempotencyKept);
        purge_others("purge_ledger", "view_batches", "id", "applied_at", kLedgerKept);
        purge_others("purge_view_flushes", "view_flushes", "flusher", "applied_at", kLedgerKept);
        purge_others("purge_gone", "gone_snippets", "id", "gone_at", kGoneKept);
        purged.others += remove(
            "purge_view_hours",
            fmt::format("delete from snippet_view_hours where (snippet_id, hour) in "
                        "(select snippet_id, hour from snippet_view_hours where hour < {} / 3600000 - {} limit :limit)",
                        now, kViewHoursKept));
        return purged;
    };
    return write_->run(std::move(work), deadline);
}

Awaitable<void> SqlStore::ping(Deadline deadline) {
    auto work = [](sql::Connection& connection) {
        connection.count("ping");
        int one = 0;
        connection.session() << "select 1", into(one);
        return one == 1;
    };
    co_await pools_.watch->run(std::move(work), deadline);
}

Awaitable<UnixMillis> SqlStore::now(Deadline deadline) {
    if (const std::optional<UnixMillis> estimate = clock_.now()) co_return *estimate;
    auto work = [this](sql::Connection& connection) {
        connection.count("store_clock");
        long long now = 0;
        connection.session() << "select " + dialect_.now_ms, into(now);
        clock_.observe(now);
        return now;
    };
    co_return co_await read_->run(std::move(work), deadline);
}

void SqlStore::close() {
    const std::array pools{pools_.write, pools_.search, pools_.forget, pools_.watch, pools_.read};
    for (const auto& pool : pools) pool->refuse();
    for (const auto& pool : pools) pool->close();
}

}  // namespace snippetd::store
