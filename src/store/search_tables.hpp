#pragma once

#include "store/listing.hpp"
#include "store/search_index.hpp"
#include "store/sql_store.hpp"

#include <memory>

/// The index of searches, in the tables of a dialect. For the .cpp files of store/ only.
namespace snippetd::store {

class SearchTables {
  public:
    virtual ~SearchTables() = default;

    /// About how many writes are not in the index yet.
    virtual long long count_pending(sql::Connection& connection) = 0;
    /// The snippets of those writes.
    virtual Rows pending_rows() const = 0;
    /// What the index knows of: may lack what was pending before the call, and have what was.
    virtual std::vector<model::Snippet> find(sql::Connection& connection, const Dialect& dialect,
                                             const Listing& listing) = 0;
    /// As SearchIndex says.
    virtual Awaitable<Indexed> index_some(const Pools& pools, const Dialect& dialect, Deadline deadline) = 0;
};

std::unique_ptr<SearchTables> make_postgres_search();
std::unique_ptr<SearchTables> make_sqlite_search();

}  // namespace snippetd::store
