#include "use_cases/revisions.hpp"

#include "use_cases/access.hpp"

#include <algorithm>
#include <optional>
#include <utility>

namespace snippetd::use_cases {

namespace {

/// Whether the caller may see a version that had this visibility while it was current.
bool may_see(const Caller& caller, const model::Snippet& snippet, model::Visibility visibility_then) {
    if (may_edit(caller, snippet)) return true;
    return !snippet.burn_after_reading && snippet.visibility != model::Visibility::private_ &&
           visibility_then != model::Visibility::private_;
}

model::Revision current_revision(const model::Snippet& snippet) {
    return {snippet.version,
            snippet.title,
            snippet.body,
            snippet.language,
            snippet.visibility,
            snippet.updated_at,
            static_cast<std::int64_t>(snippet.body.size())};
}

Awaitable<Result<model::Snippet>> load_visible(Call& call, std::string id) {
    Result<model::Snippet> snippet = co_await load_snippet(call, std::move(id));
    if (snippet && !may_see(call.caller, *snippet, snippet->visibility)) co_return error(ErrorKind::not_found);
    co_return snippet;
}

}  // namespace

Awaitable<Result<Revisions>> list_revisions(Call& call, std::string id, RevisionsWanted wanted) {
    Result<model::Snippet> snippet = co_await load_visible(call, std::move(id));
    if (!snippet) co_return snippet.error();
    const std::int64_t before = wanted.before.value_or(store::kAfterAllVersions);
    Revisions revisions;
    if (snippet->version < before) {
        revisions.items.push_back(current_revision(*snippet));
        revisions.items.front().body.clear();
    }
    const int left = std::max(0, wanted.limit - static_cast<int>(revisions.items.size()));
    std::vector<model::Revision> earlier =
        co_await call.services.store.list_revisions(snippet->id, before, left + 1, call.deadline);
    if (earlier.size() > static_cast<std::size_t>(left)) {
        earlier.pop_back();
        revisions.next_before = earlier.empty() ? snippet->version : earlier.back().version;
    }
    for (model::Revision& revision : earlier) {
        // An edit in between has made a revision of what is listed as current already.
        if (revision.version >= snippet->version) continue;
        if (may_see(call.caller, *snippet, revision.visibility)) revisions.items.push_back(std::move(revision));
    }
    revisions.snippet = *std::move(snippet);
    co_return revisions;
}

Awaitable<Result<model::Revision>> read_revision(Call& call, std::string id, std::int64_t version) {
    const Result<model::Snippet> snippet = co_await load_visible(call, std::move(id));
    if (!snippet) co_return snippet.error();
    co_return co_await read_revision(call, *snippet, version);
}

Awaitable<Result<model::Revision>> read_revision(Call& call, const model::Snippet& snippet, std::int64_t version) {
    std::optional<model::Revision> revision;
    if (version == snippet.version) {
        revision = current_revision(snippet);
    } else {
        revision = co_await call.services.store.find_revision(snippet.id, version, call.deadline);
    }
    if (!revision || !may_see(call.caller, snippet, revision->visibility)) co_return error(ErrorKind::not_found);
    call.listable = call.listable && revision->visibility == model::Visibility::public_;
    co_return *std::move(revision);
}

}  // namespace snippetd::use_cases
