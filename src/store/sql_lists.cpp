#include "base/fold_case.hpp"
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

bool comes_first(const model::Snippet& a, const model::Snippet& b) {
    return std::tie(a.created_at, a.id) > std::tie(b.created_at, b.id);
}

/// Until nothing can follow that belongs to the first `limit`. What is left is given up with the statement.
std::vector<model::Snippet> fetch_first(soci::statement& statement, SnippetRow& row, std::size_t limit,
                                        UnixMillis any_order_within) {
    std::vector<model::Snippet> snippets;
    const auto piece = [any_order_within](UnixMillis time) { return time / any_order_within; };
    while (statement.fetch()) {
        if (snippets.size() >= limit && piece(row.created_at) < piece(snippets[limit - 1].created_at)) break;
        snippets.push_back(row.take());
    }
    return snippets;
}

void keep_first(std::vector<model::Snippet>& snippets, std::size_t limit) {
    std::sort(snippets.begin(), snippets.end(), comes_first);
    if (snippets.size() > limit) snippets.resize(limit);
}

std::vector<model::Snippet> merge(std::vector<model::Snippet> one, std::vector<model::Snippet> other,
                                  std::size_t limit) {
    std::move(other.begin(), other.end(), std::back_inserter(one));
    std::sort(one.begin(), one.end(), comes_first);
    const auto same = [](const model::Snippet& a, const model::Snippet& b) { return a.id == b.id; };
    one.erase(std::unique(one.begin(), one.end(), same), one.end());
    if (one.size() > limit) one.resize(limit);
    return one;
}

bool is_in_order(const ListQuery& query) {
    return query.text.empty() && query.tag.empty() && query.language.empty();
}

std::vector<model::Snippet> list(sql::Connection& connection, const Dialect& dialect, SearchTables& search,
                                 const Listing& listing) {
    if (is_in_order(listing.query) || search.count_pending(connection) > kUnindexedMax) {
        return list_rows(connection, dialect, listing, all_rows());
    }
    // In this order: what is indexed in between is then found twice, and not never.
    std::vector<model::Snippet> pending = list_rows(connection, dialect, listing, search.pending_rows());
    return merge(std::move(pending), search.find(connection, dialect, listing),
                 static_cast<std::size_t>(listing.query.limit));
}

}  // namespace

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
    if (query.after) {
        text += fmt::format(" and (s.created_at, {}) < (:after_created_at, :after_id)", id);
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
    text += " order by " + (rows.order.empty() ? fmt::format("s.created_at desc, {} desc", id) : rows.order);
    const bool is_in_their_order = rows.any_order_within == 0;
    if (is_in_their_order) {
        text += " limit :limit";
        statement.exchange(use(query.limit, "limit"));
    }
    prepare(statement, text);
    statement.execute(false);
    const auto limit = static_cast<std::size_t>(query.limit);
    if (is_in_their_order) return fetch_snippets(statement, row);
    std::vector<model::Snippet> snippets = fetch_first(statement, row, limit, rows.any_order_within);
    keep_first(snippets, limit);
    return snippets;
}

sql::Pool& SqlStore::for_list(const ListQuery& query) const {
    return is_in_order(query) ? *pools_.read : *pools_.search;
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

Awaitable<Indexed> SqlStore::index_some(Deadline deadline) {
    const std::uint64_t writes = writes_.load();
    const Indexed indexed = co_await search_->index_some(pools_, dialect_, deadline);
    // Only of what had been noted at the look before: what is noted has not been committed yet.
    const std::uint64_t committed = writes_seen_.exchange(writes);
    if (indexed.left == 0) writes_indexed_ = committed;
    co_return indexed;
}

}  // namespace snippetd::store
