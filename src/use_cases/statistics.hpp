#pragma once

#include "model/snippet.hpp"
#include "model/view_history.hpp"
#include "use_cases/call.hpp"

#include <string>
#include <vector>

namespace snippetd::use_cases {

/// How often a snippet has been viewed, and when.
struct Statistics {
    model::Snippet snippet;
    std::vector<model::ViewPoint> points;  ///< oldest first, without gaps
};

/// For someone who may edit it; for others 404 when it is private, else 403.
Awaitable<Result<Statistics>> read_statistics(Call& call, std::string id, model::ViewBucket by);

}  // namespace snippetd::use_cases
