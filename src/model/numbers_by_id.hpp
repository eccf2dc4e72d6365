#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace snippetd::model {

/// A number for each of some snippets, by id and in no order: of `counts`, how many views each got since the last time;
/// of `totals`, how many it has now; of `floors` (also of what was `delivered`), the lowest version that may still be
/// served from a cache, `kDeletedFloor` after a deletion.
using NumbersById = std::vector<std::pair<std::string, std::int64_t>>;

}  // namespace snippetd::model
