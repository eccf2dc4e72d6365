#include "base/fold_case.hpp"
#include "base/utf8.hpp"
#include "store/search_tables.hpp"
#include "store/snippet_row.hpp"
#include "store/sql_store.hpp"

#include <algorithm>
#include <iterator>
#include <tuple>

#include <fmt/format.h>
#include <soci/soci.h>

// The part of SqlStore that is about lists, and what is looked for in them.

namespace snippetd::store {

using soci::use;

namespace {

bool is_backwards(const ListQuery& query) {
    return query.order == ListOrder::oldest;
}

/// Until nothing can follow that belongs to the first ones. What is left is given up with the statement.
std::vector<model::Snippet> fetch_first(soci::statement& statement, SnippetRow& row, const ListQuery& query,
                                        UnixMillis any_order_within) {
    const auto limit = static_cast<std::size_t>(query.limit);
    std::vector<model::Snippet> snippets;
    const auto piece = [any_order_within](UnixMillis time) { return time / any_order_within; };
    while (statement.fetch()) {
        if (snippets.size() >= limit) {
            const UnixMillis next = piece(row.created_at), last = piece(snippets[limit - 1].created_at);
            if (is_backwards(query) ? next > last : next < last) break;
        }
        snippets.push_back(row.take());
    }
    return snippets;
}

void sort_as_asked(std::vector<model::Snippet>& snippets, const ListQuery& query) {
    const bool backwards = is_backwards(query);
    std::sort(snippets.begin(), snippets.end(), [backwards](const model::Snippet& a, const model::Snippet& b) {
        const auto &first = backwards ? b : a, &second = backwards ? a : b;
        return std::tie(first.created_at, first.id) > std::tie(second.created_at, second.id);
    });
}

void keep_first(std::vector<model::Snippet>& snippets, const ListQuery& query) {
    sort_as_asked(snippets, query);
    const auto limit = static_cast<std::size_t>(query.limit);
    if (snippets.size() > limit) snippets.resize(limit);
}

std::vector<model::Snippet> merge(std::vector<model::Snippet> one, std::vector<model::Snippet> other,
                                  const ListQuery& query) {
    std::move(other.begin(), other.end(), std::back_inserter(one));
    sort_as_asked(one, query);
    const auto same = [](const model::Snippet& a, const model::Snippet& b) { return a.id == b.id; };
    one.erase(std::unique(one.begin(), one.end(), same), one.end());
    const auto limit = static_cast<std::size_t>(query.limit);
    if (one.size() > limit) one.resize(limit);
    return one;
}

bool is_in_order(const ListQuery& query) {
    return query.text.empty() && query.tag.empty() && query.language.empty();
}

/// Of no more rows than that: where the newest ones are, an index says.
Rows most_viewed_rows() {
    return {fmt::format("(select * from snippets where visibility = 'public' and burn_after_reading = 0 "
                        "order by created_at desc, id desc limit {}) s {}",
                        kMostViewedOf, kBesideSnippets),
            "", "coalesce(v.count, 0) desc, s.created_at desc, s.id desc"};
}

std::vector<model::Snippet> list(sql::Connection& connection, const Dialect& dialect, SearchTables& search,
                                 const Listing& listing) {
    if (listing.query.order == ListOrder::most_viewed) {
        return list_rows(connection, dialect, listing, most_viewed_rows());
    }
    if (is_in_order(listing.query) || search.count_pending(connection) > kUnindexedMax) {
        return list_rows(connection, dialect, listing, all_rows());
    }
    // In this order: what is indexed in between is then found twice, and not never.
    std::vector<model::Snippet> pending = list_rows(connection, dialect, listing, search.pending_rows());
    return merge(std::move(pending), search.find(connection, dialect, listing), listing.query);
}

}  // namespace

const char* direction_of(const ListQuery& query) {
    return is_backwards(query) ? "asc" : "desc";
}

Rows all_rows() {
    return {kSnippetTables, "", ""};
}

std::vector<model::Snippet> list_rows(sql::Connection& connection, const Dialect& dialect, const Listing& listing,
                                      const Rows& rows) {
    connection.count(listing.name);
    const ListQuery& query = listing.query;
    std::string text = fmt::format("select {} from {} where (s.expires_at is null or s.expires_at > {})",
                                   snippet_columns("''"), rows.from, dialect.time_ms);
    SnippetRow row;
    soci::statement statement{connection.session()};
    row.read_from(statement);
    if (!rows.where.empty()) text += " and " + rows.where;
    if (listing.owner_id.empty()) {
        text += " and s.visibility = 'public' and s.burn_after_reading = 0";
    } else {
        text += " and s.owner_id = :owner";
        statement.exchange(use(listing.owner_id, "owner"));
    }
    // What an index has in order stays in its order; what is put together from several lists has one that they share.
    const std::string id = is_in_order(query) ? "s.id" : dialect.id_by_bytes;
    const Position after = query.after.value_or(Position{});
    const long long after_created_at = after.created_at;
    if (query.after && query.order != ListOrder::most_viewed) {
        text += fmt::format(" and (s.created_at, {}) {} (:after_created_at, :after_id)", id,
                            is_backwards(query) ? '>' : '<');
        statement.exchange(use(after_created_at, "after_created_at"));
        statement.exchange(use(after.id, "after_id"));
    }
    if (!query.tag.empty()) {
        text += " and " + dialect.has_tag;
        statement.exchange(use(query.tag, "tag"));
    }
    if (!query.language.empty()) {
        text += " and s.language = :language";
        statement.exchange(use(query.language, "language"));
    }
    const std::string visibility{query.visibility ? model::to_text(*query.visibility) : ""};
    if (query.visibility) {
        text += " and s.visibility = :visibility";
        statement.exchange(use(visibility, "visibility"));
    }
    if (!query.with_burning) text += " and s.burn_after_reading = 0";
    // Last, since it costs most.
    if (!query.text.empty()) {
        text += " and " + dialect.has_text;
        statement.exchange(use(listing.folded, "text"));
        statement.exchange(use(listing.folded, "text_again"));
    }
    text += " order by ";
    text += rows.order.empty() ? fmt::format("s.created_at {0}, {1} {0}", direction_of(query), id) : rows.order;
    const bool is_in_their_order = rows.any_order_within == 0;
    if (is_in_their_order) {
        text += " limit :limit";
        statement.exchange(use(query.limit, "limit"));
    }
    prepare(statement, text);
    statement.execute(false);
    if (is_in_their_order) return fetch_snippets(statement, row);
    std::vector<model::Snippet> snippets = fetch_first(statement, row, query, rows.any_order_within);
    keep_first(snippets, query);
    return snippets;
}

sql::Pool& SqlStore::for_list(const ListQuery& query) const {
    return is_in_order(query) && query.order != ListOrder::most_viewed ? *pools_.read : *pools_.search;
}

Awaitable<std::vector<model::Snippet>> SqlStore::list_owned(std::string owner_id, ListQuery query, Deadline deadline) {
    sql::Pool& pool = for_list(query);
    Listing listing{"list_owned", std::move(owner_id), std::move(query), ""};
    listing.folded = base::fold_case(listing.query.text);
    auto work = [this, listing = std::move(listing)](sql::Connection& connection) {
        return list(connection, dialect_, *search_, listing);
    };
    return pool.run(std::move(work), deadline);
}

Awaitable<std::vector<model::Snippet>> SqlStore::list_public(ListQuery query, Deadline deadline) {
    sql::Pool& pool = for_list(query);
    Listing listing{"list_public", "", std::move(query), ""};
    listing.folded = base::fold_case(listing.query.text);
    auto work = [this, listing = std::move(listing)](sql::Connection& connection) {
        return list(connection, dialect_, *search_, listing);
    };
    return pool.run(std::move(work), deadline);
}

Awaitable<std::vector<Beginning>> SqlStore::load_beginnings(std::vector<std::string> ids, Deadline deadline) {
    auto work = [this, written = dialect_.write_ids(ids)](sql::Connection& connection) {
        connection.count("load_beginnings");
        Beginning one;
        long long version = 0, size = 0;
        soci::statement statement =
            make_statement(connection, dialect_.load_beginnings, use(written, "ids"), soci::into(one.id),
                           soci::into(version), soci::into(size), soci::into(one.text));
        statement.execute(false);
        std::vector<Beginning> beginnings;
        while (statement.fetch()) {
            one.version = version;
            one.size = size;
            one.text = base::cut(one.text, kBeginningBytesMax);
            beginnings.push_back(one);
        }
        return beginnings;
    };
    return pools_.read->run(std::move(work), deadline);
}

Awaitable<std::int64_t> SqlStore::count_listed(std::string owner_id, std::int64_t most, Deadline deadline) {
    auto work = [this, owner_id = std::move(owner_id), most](sql::Connection& connection) -> std::int64_t {
        connection.count("count_listed");
        const bool of_all = owner_id.empty();
        long long count = 0;
        soci::statement statement{connection.session()};
        statement.exchange(soci::into(count));
        if (!of_all) statement.exchange(use(owner_id, "owner"));
        // In the order of an index, which the planner then takes: it looks at no more rows than it counts.
        prepare(statement,
                fmt::format("select count(*) from (select 1 from snippets where {} and (expires_at is null or "
                            "expires_at > {}) order by created_at desc, id desc limit {}) listed",
                            of_all ? "visibility = 'public' and burn_after_reading = 0" : "owner_id = :owner",
                            dialect_.time_ms, most));
        statement.execute(true);
        return count;
    };
    return pools_.read->run(std::move(work), deadline);
}

Awaitable<Indexed> SqlStore::index_some(Deadline deadline) {
    const std::uint64_t writes = writes_.load();
    const Indexed indexed = co_await search_->index_some(pools_, dialect_, deadline);
    // Only of what had been noted at the look before: what is noted has not been committed yet.
    const std::uint64_t committed = writes_seen_.exchange(writes);
    if (indexed.left == 0) writes_indexed_ = committed;
    co_return indexed;
}

}  // namespace snippetd::store
