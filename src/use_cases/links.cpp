#include "use_cases/links.hpp"

#include "base/secret.hpp"

#include <optional>
#include <utility>

namespace snippetd::use_cases {

namespace {

constexpr std::size_t kBatchIdLength = 20;

/// The same as `absence`, for who asks: the caches do not know of private snippets that are gone, and their owners may.
Awaitable<Error> explain_absence(Call& call, cache::Entry::Kind kind, std::string id, const Visit& visit) {
    if (kind != cache::Entry::Kind::missing) co_return absence(kind);
    co_await visit.identify();
    if (!call.caller.account) co_return absence(kind);
    const Result<model::Snippet> found = co_await load_snippet(call, std::move(id));
    // It can only have been made since the cache was asked, and is found at the next try.
    if (found) co_return absence(kind);
    co_return found.error();
}

/// Of all who come this far, on any instance, the store lets one through.
Awaitable<Result<std::shared_ptr<const model::Snippet>>> burn(Call& call, std::string id) {
    std::optional<model::Snippet> burned = co_await call.services.store.burn_snippet(std::move(id), call.deadline);
    if (!burned) co_return error(ErrorKind::gone);
    co_return std::make_shared<const model::Snippet>(*std::move(burned));
}

/// What no cache has: it is private, or burns.
Awaitable<Result<Followed>> follow_uncached(Call& call, cache::Fill fill, const Visit& visit) {
    co_await visit.identify();
    Followed followed;
    followed.snippet = std::move(fill.snippet);
    const model::Snippet& snippet = *followed.snippet;
    if (!may_read(call.caller, snippet)) co_return error(ErrorKind::not_found);
    if (fill.snippet_expired) co_return error(ErrorKind::gone);
    if (!snippet.burn_after_reading) co_return followed;
    if (visit.has_it && !visit.has_it(snippet)) co_return error(ErrorKind::not_found);
    followed.unasked = !visit.burns;
    followed.burned = visit.burns;
    if (!visit.burns || visit.only_looks) co_return followed;
    if (visit.condition && !visit.condition(snippet)) co_return error(ErrorKind::precondition_failed);
    Result<std::shared_ptr<const model::Snippet>> burned = co_await burn(call, snippet.id);
    if (!burned) co_return burned.error();
    followed.snippet = *std::move(burned);
    co_return followed;
}

Followed shared_by(cache::Read read) {
    Followed followed;
    followed.entry = std::move(read.fill.entry);
    followed.snippet = followed.entry->snippet;
    followed.status = read.status;
    return followed;
}

}  // namespace

Error absence(cache::Entry::Kind kind) {
    return error(kind == cache::Entry::Kind::gone ? ErrorKind::gone : ErrorKind::not_found);
}

Awaitable<void> count_view(Call& call, std::string id) {
    switch (call.services.options.views) {
        case ViewsMode::off: co_return;
        case ViewsMode::async: call.services.views.record(id); co_return;
        case ViewsMode::sync: break;
    }
    model::NumbersById one{{std::move(id), 1}};
    co_await call.services.store.apply_views(base::random_alphanumeric(kBatchIdLength), std::move(one), call.deadline);
    call.services.views.note_applied();
}

Awaitable<Result<Followed>> follow_link(Call& call, std::string id, Visit visit) {
    if (!is_snippet_id(id)) co_return error(ErrorKind::not_found);
    cache::Read read = co_await call.services.cache.read(id, call.deadline);
    Followed followed;
    if (!read.fill.entry) {
        Result<Followed> uncached = co_await follow_uncached(call, std::move(read.fill), visit);
        if (!uncached || uncached->unasked) co_return uncached;
        followed = *std::move(uncached);
        followed.status = read.status;
    } else if (read.fill.entry->kind != cache::Entry::Kind::snippet) {
        co_return co_await explain_absence(call, read.fill.entry->kind, std::move(id), visit);
    } else {
        followed = shared_by(std::move(read));
    }
    call.listable = is_listable(*followed.snippet);
    if (visit.only_looks) co_return followed;
    try {
        co_await count_view(call, std::move(id));
    } catch (const base::Unavailable&) {
        if (!followed.burned) throw;  // else this is the only copy
    }
    co_return followed;
}

Awaitable<Result<Followed>> read_as_anybody(Call& call, std::string id) {
    if (!is_snippet_id(id)) co_return error(ErrorKind::not_found);
    cache::Read read = co_await call.services.cache.read(std::move(id), call.deadline);
    if (!read.fill.entry) co_return error(ErrorKind::not_found);
    if (read.fill.entry->kind != cache::Entry::Kind::snippet) co_return absence(read.fill.entry->kind);
    call.listable = is_listable(*read.fill.entry->snippet);
    co_return shared_by(std::move(read));
}

Awaitable<Result<Followed>> reveal(Call& call, std::string id, Condition condition) {
    Result<model::Snippet> snippet = co_await load_snippet(call, id);
    if (!snippet) co_return snippet.error();
    if (!may_read(call.caller, *snippet)) co_return error(ErrorKind::not_found);
    if (condition && !condition(*snippet)) co_return error(ErrorKind::precondition_failed);
    Followed followed;
    followed.burned = snippet->burn_after_reading;
    if (!followed.burned) {
        followed.snippet = std::make_shared<const model::Snippet>(*std::move(snippet));
        co_return followed;
    }
    Result<std::shared_ptr<const model::Snippet>> burned = co_await burn(call, std::move(id));
    if (!burned) co_return burned.error();
    followed.snippet = *std::move(burned);
    co_return followed;
}

}  // namespace snippetd::use_cases
