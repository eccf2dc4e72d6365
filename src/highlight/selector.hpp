#pragma once

#include <functional>
#include <string_view>
#include <vector>

namespace snippetd::highlight {

/// When rules are injected: a selector of scopes, such as `L:text.html -comment`.
struct Selector {
    /// Whether it applies to what is in these scopes, from the outermost.
    std::function<bool(const std::vector<std::string_view>&)> applies;
    int priority = 0;  ///< below 0 before the grammar's own rules, when both match at the same place
};

/// The selectors of a list that commas separate.
std::vector<Selector> parse_selectors(std::string_view text);

}  // namespace snippetd::highlight
