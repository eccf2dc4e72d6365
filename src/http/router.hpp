#pragma once

#include "http/request.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace snippetd::http {

/// Finds the row of a route table for a request. Patterns are paths whose segments are literal or `{name}`,
/// which matches one segment. HEAD goes where GET goes.
class Router {
  public:
    struct Row {
        Method method;
        std::string_view pattern;  ///< static lifetime
        /// What the first parameter must be for the row to match; null for anything that is not empty.
        bool (*accepts)(std::string_view parameter) = nullptr;
    };

    struct Match {
        std::optional<std::size_t> row;       ///< the index of the row
        std::vector<std::string> parameters;  ///< percent-decoded, in the order of the pattern
        std::string allow;  ///< without a row: the methods that the path has, OPTIONS too; empty for an unknown path
        bool malformed = false;  ///< a segment's percent-encoding is broken
    };

    explicit Router(std::vector<Row> rows);

    Match find(Method method, std::string_view path) const;
    /// All methods that there are, as `Allow` lists them.
    std::string allowed_anywhere() const;

  private:
    struct Compiled {
        Row row;
        std::vector<std::string_view> segments;
    };
    std::vector<Compiled> rows_;
};

}  // namespace snippetd::http
