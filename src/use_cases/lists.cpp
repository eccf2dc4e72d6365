#include "use_cases/lists.hpp"

#include <utility>

namespace snippetd::use_cases {

store::Position position_of(const model::Snippet& snippet) {
    return {snippet.created_at, snippet.id};
}

namespace {

/// The store was asked for one more than `limit`, to know whether there is a next page.
Page page_of(std::vector<model::Snippet> snippets, int limit) {
    Page page{std::move(snippets), std::nullopt};
    if (page.snippets.size() > static_cast<std::size_t>(limit)) {
        page.snippets.pop_back();
        page.next = position_of(page.snippets.back());
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

Awaitable<Beginnings> beginnings_of(Call& call, const Page& page) {
    std::vector<std::string> ids;
    std::unordered_map<std::string_view, std::int64_t> versions;
    for (const model::Snippet& snippet : page.snippets) {
        if (snippet.burn_after_reading) continue;
        ids.push_back(snippet.id);
        versions.emplace(snippet.id, snippet.version);
    }
    Beginnings by_id;
    if (ids.empty()) co_return by_id;
    std::vector<store::Beginning> found = co_await call.services.store.load_beginnings(std::move(ids), call.deadline);
    for (store::Beginning& one : found) {
        // It may have been made private since, with another text.
        if (one.version != versions.at(one.id)) continue;
        std::string id = one.id;
        by_id.emplace(std::move(id), std::move(one));
    }
    co_return by_id;
}

Awaitable<std::int64_t> count(Call& call, std::string account_id) {
    return call.services.store.count_listed(std::move(account_id), kCountedMax + 1, call.deadline);
}

Awaitable<Page> explore(Call& call, store::ListQuery query) {
    const int limit = query.limit++;
    const bool in_pages = query.order != store::ListOrder::most_viewed;
    std::vector<model::Snippet> snippets = co_await call.services.store.list_public(std::move(query), call.deadline);
    for (model::Snippet& snippet : snippets) snippet.hide_original();
    Page page = page_of(std::move(snippets), limit);
    if (!in_pages) page.next.reset();
    co_return page;
}

}  // namespace snippetd::use_cases
