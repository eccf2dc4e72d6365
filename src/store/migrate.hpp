#pragma once

#include "sql/connection.hpp"

#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace snippetd::store {

enum class DialectName { postgres, sqlite };

/// Name (`0001_initial`) and text of each migration, in order.
using Migrations = std::span<const std::pair<std::string_view, std::string_view>>;
Migrations migrations(DialectName dialect);

/// Brings the schema up to date, under a lock, so that any number of instances may start at once; returns how many
/// migrations were applied here. Of a schema that is up to date it only reads the version. Throws std::runtime_error
/// when the database was migrated by a newer release, and what the database says when a migration fails: then nothing
/// of it has been applied, but for rows that were filled in, which need not be filled in again. What it takes is not
/// bounded.
int migrate(sql::Connection& connection, DialectName dialect);

}  // namespace snippetd::store
