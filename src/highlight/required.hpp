#pragma once

#include "highlight/starts.hpp"

#include <string>
#include <string_view>

namespace snippetd::highlight {

/// What must stand on a line, at the place of a match or behind it, for a regular expression to match there.
struct Required {
    Kinds bytes{};          ///< each of them
    std::string literal{};  ///< the longest text that is known; may be empty
};

/// What is true of a pattern in Oniguruma's syntax. What is not understood requires nothing.
Required required_by(std::string_view pattern);

}  // namespace snippetd::highlight
