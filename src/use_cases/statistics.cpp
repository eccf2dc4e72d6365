#include "use_cases/statistics.hpp"

#include "use_cases/access.hpp"

#include <utility>

namespace snippetd::use_cases {

Awaitable<Result<Statistics>> read_statistics(Call& call, std::string id, model::ViewBucket by) {
    Result<model::Snippet> snippet = co_await load_for_edit(call, std::move(id));
    if (!snippet) co_return snippet.error();
    const base::UnixMillis now = co_await call.services.store.now(call.deadline);
    const std::vector<model::ViewHour> hours =
        co_await call.services.store.view_hours(snippet->id, model::history_start(by, now), call.deadline);
    Statistics statistics{*std::move(snippet), model::bucket_views(hours, by, now)};
    co_return statistics;
}

}  // namespace snippetd::use_cases
