#pragma once

#include "model/snippet.hpp"
#include "sql/connection.hpp"
#include "store/snippets.hpp"

#include <string>
#include <vector>

/// Statements that list snippets. For the .cpp files of store/ only.
namespace snippetd::store {

struct Dialect;

/// A list that is asked for.
struct Listing {
    const char* name;      ///< under which its statements are counted
    std::string owner_id;  ///< whose snippets; empty: those that are listed for everybody
    ListQuery query;
    std::string folded;  ///< `query.text`, by base::fold_case
};

/// Where a statement looks for what a Listing asks for. What is found there has to fulfil all that the Listing asks.
struct Rows {
    std::string from;   ///< has `s`, the snippets, and what `snippet_columns` reads beside them
    std::string where;  ///< empty: all there
    std::string order;  ///< as the Listing has it; empty: by their own columns
    /// In milliseconds; 0: they come in their order, and the statement is to end with the last one that is wanted. Else
    /// it is read until that, and those of one such piece of time come in any order.
    UnixMillis any_order_within = 0;
};

/// All there is, in the order in which an index has it.
Rows all_rows();

/// `desc` or `asc`, for the columns that lists are sorted by.
const char* direction_of(const ListQuery& query);

/// At most `query.limit` ones, in their order.
std::vector<model::Snippet> list_rows(sql::Connection& connection, const Dialect& dialect, const Listing& listing,
                                      const Rows& rows);

}  // namespace snippetd::store
