#include "use_cases/lists.hpp"

#include <utility>

namespace snippetd::use_cases {

namespace {

/// The store was asked for one more than `limit`, to know whether there is a next page.
Page page_of(std::vector<model::Snippet> snippets, int limit) {
    Page page{std::move(snippets), std::nullopt};
    if (page.snippets.size() > static_cast<std::size_t>(limit)) {
        page.snippets.pop_back();
        page.next = store::Position{page.snippets.back().created_at, page.snippets.back().id};
    }
    return page;
}

Awaitable<Page> list_of(Call& call, std::string account_id, store::ListQuery query) {
    const int limit = query.limit++;
    std::vector<model::Snippet> snippets =
        co_await call.services.store.list_owned(std::move(account_id), std::move(query), call.deadline);
    co_return page_of(std::move(snippets), limit);
}

}  // namespace

Awaitable<Page> list_mine(Call& call, store::ListQuery query) {
    return list_of(call, call.caller.account->id, std::move(query));
}

Awaitable<Page> list_published(Call& call, std::string account_id, store::ListQuery query) {
    query.visibility = model::Visibility::public_;
    query.with_burning = false;
    return list_of(call, std::move(account_id), std::move(query));
}

Awaitable<Page> explore(Call& call, store::ListQuery query) {
    const int limit = query.limit++;
    std::vector<model::Snippet> snippets = co_await call.services.store.list_public(std::move(query), call.deadline);
    for (model::Snippet& snippet : snippets) snippet.hide_original();
    co_return page_of(std::move(snippets), limit);
}

}  // namespace snippetd::use_cases
