#include "use_cases/export.hpp"

namespace snippetd::use_cases {

namespace {

constexpr int kListedAtOnce = 100, kVersionsAtOnce = 1000;
// For each call of the store.
constexpr base::Milliseconds kStepTimeout{4'000};

std::size_t body_bytes(const AccountExport::Item& item) {
    if (const auto* snippet = std::get_if<model::Snippet>(&item)) return snippet->body.size();
    return std::get<AccountExport::OldVersion>(item).revision.body.size();
}

}  // namespace

Awaitable<std::vector<AccountExport::Item>> AccountExport::next() {
    std::vector<Item> items;
    std::size_t bytes = 0;
    while (bytes < kBytesAtOnce && !cancelled_) {
        std::optional<Item> item;
        if (!old_versions_.empty()) {
            item = co_await read_old_version();
        } else {
            co_await list();
            if (listed_.empty()) break;
            item = co_await read_listed();
        }
        if (!item) continue;
        bytes += body_bytes(*item) + kOverhead;
        items.push_back(*std::move(item));
    }
    co_return items;
}

Awaitable<void> AccountExport::list() {
    if (!listed_.empty() || all_listed_) co_return;
    store::ListQuery query;
    query.limit = kListedAtOnce;
    query.after = last_;
    std::vector<model::Snippet> page =
        co_await store_.list_owned(account_.id, query, base::deadline_in(kStepTimeout, party_));
    all_listed_ = page.size() < kListedAtOnce;
    for (model::Snippet& snippet : page) listed_.push_back({snippet.created_at, std::move(snippet.id)});
    if (!listed_.empty()) last_ = listed_.back();
}

Awaitable<std::optional<AccountExport::Item>> AccountExport::read_listed() {
    std::string id = std::move(listed_.front().id);
    listed_.pop_front();
    const store::Loaded loaded = co_await store_.load_snippet(std::move(id), base::deadline_in(kStepTimeout, party_));
    if (!loaded.snippet || loaded.expired()) co_return std::nullopt;
    const model::Snippet& snippet = *loaded.snippet;
    if (snippet.version > 1) co_await list_old_versions(snippet.id, snippet.version);
    co_return snippet;
}

Awaitable<void> AccountExport::list_old_versions(std::string id, std::int64_t before) {
    const std::vector<model::Revision> revisions =
        co_await store_.list_revisions(id, before, kVersionsAtOnce, base::deadline_in(kStepTimeout, party_));
    for (const model::Revision& revision : revisions) old_versions_.emplace_back(id, revision.version);
}

Awaitable<std::optional<AccountExport::Item>> AccountExport::read_old_version() {
    const auto [id, version] = std::move(old_versions_.front());
    old_versions_.pop_front();
    if (old_versions_.empty()) co_await list_old_versions(id, version);
    std::optional<model::Revision> revision =
        co_await store_.find_revision(id, version, base::deadline_in(kStepTimeout, party_));
    if (!revision) co_return std::nullopt;
    co_return OldVersion{id, *std::move(revision)};
}

}  // namespace snippetd::use_cases
