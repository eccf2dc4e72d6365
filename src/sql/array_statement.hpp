#pragma once

#include "sql/connection.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace snippetd::sql {

/// One parameter of an `ArrayStatement`: an array of PostgreSQL in its binary form (`array_recv` in its source), so
/// that many rows travel without being quoted here and parsed there.
class Column {
  public:
    enum class Of { text, bigint };
    explicit Column(Of of);

    void add(std::string_view text);
    void add(std::int64_t number);

    Of of() const { return of_; }
    /// What is sent. Valid until the next `add`.
    const std::string& bytes();

  private:
    void put(std::uint32_t number, std::size_t at);

    Of of_;
    std::uint32_t count_ = 0;
    std::string bytes_;
};

/// A statement on PostgreSQL with arrays as parameters (`$1`, `$2`, …), of which the first column is read. It is
/// prepared where sessions keep that, so it can be held by `Connection::prepared`.
class ArrayStatement {
  public:
    /// Throws as SOCI's statements do.
    ArrayStatement(Connection& connection, const std::string& text, const std::vector<Column::Of>& parameters);
    ~ArrayStatement();
    ArrayStatement(const ArrayStatement&) = delete;
    ArrayStatement& operator=(const ArrayStatement&) = delete;

    /// The first column of the answer, as text. `columns` are those that the statement was made for. Throws as SOCI's
    /// statements do.
    std::vector<std::string> execute(std::vector<Column>& columns);

  private:
    Connection& connection_;
    std::string text_;
    std::vector<unsigned> types_;
    std::string name_;  ///< empty when it is not prepared
};

}  // namespace snippetd::sql
