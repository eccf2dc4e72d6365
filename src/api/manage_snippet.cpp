#include "api/access.hpp"
#include "api/handlers.hpp"
#include "api/input.hpp"
#include "api/snippet_json.hpp"
#include "http/conditions.hpp"
#include "model/languages.hpp"

#include <boost/json.hpp>

namespace snippetd::api {

namespace {

// An edit that loses against another one is tried again upon the new version; beyond this many there is no end in
// sight.
constexpr int kEditAttemptsMax = 8;

Awaitable<http::Response> shown(Exchange& exchange, const model::Snippet& snippet) {
    const std::string base = exchange.base_url();
    auto work = [&] { return http::json_response(200, snippet_json(snippet, base, Body::shown)); };
    http::Response response =
        co_await exchange.services.texts.by_size(Text::answer, snippet.body.size(), std::move(work));
    response.add("ETag", json_etag(snippet, base));
    co_return response;
}

/// `snippet` with what the input changes. False when that is nothing.
bool apply(const SnippetInput& input, model::Snippet& snippet, base::UnixMillis now) {
    bool changed = false;
    const auto set = [&changed](auto& target, const auto& value) {
        if (!value || target == *value) return;
        target = *value;
        changed = true;
    };
    set(snippet.body, input.body);
    set(snippet.title, input.title);
    set(snippet.language, input.language);
    if (input.guesses_language) {
        set(snippet.language, std::optional{std::string{model::guess_language(snippet.title, snippet.body)}});
    }
    set(snippet.visibility, input.visibility);
    set(snippet.tags, input.tags);
    if (input.expires_in_s) {
        const std::optional<std::int64_t> seconds = *input.expires_in_s;
        const std::optional<base::UnixMillis> expires_at =
            seconds ? std::optional<base::UnixMillis>{now + *seconds * 1000} : std::nullopt;
        if (snippet.expires_at != expires_at) changed = true;
        snippet.expires_at = expires_at;
    }
    return changed;
}

/// After the commit, before the answer: from here on nobody on this instance sees a version below `floor`, and the
/// other instances have been told. A write whose outcome is not known is taken for committed. False when it did not
/// apply.
template <class Write>
Awaitable<bool> commit_and_invalidate(Exchange& exchange, std::string id, std::int64_t floor, const Write& write) {
    bool written = false;
    std::exception_ptr unknown;
    try {
        written = co_await write();
    } catch (const base::Unavailable&) {
        unknown = std::current_exception();
    }
    if (written || unknown) co_await exchange.services.cache.invalidate(std::move(id), floor);
    if (unknown) std::rethrow_exception(unknown);
    co_return written;
}

}  // namespace

Answer read_snippet(Exchange& exchange) {
    if (std::optional<Error> refused = refuse_nobody(exchange.caller)) co_return *std::move(refused);
    Result<model::Snippet> snippet = co_await load_for_edit(exchange, exchange.parameters.front());
    if (!snippet) co_return snippet.error();
    http::Response response = co_await shown(exchange, *snippet);
    response.add("Last-Modified", base::format_http_date(snippet->updated_at));
    co_return response;
}

Answer edit_snippet(Exchange& exchange) {
    if (std::optional<Error> refused = refuse_nobody(exchange.caller)) co_return *std::move(refused);
    Result<SnippetInput> input = co_await take_snippet_input(exchange, false);
    if (!input) co_return input.error();

    for (int attempt = 0; attempt < kEditAttemptsMax; ++attempt) {
        Result<model::Snippet> snippet = co_await load_for_edit(exchange, exchange.parameters.front());
        if (!snippet) co_return snippet.error();
        if (std::optional<Error> stale = refuse_stale(exchange, *snippet)) co_return *std::move(stale);
        if (input->visibility == model::Visibility::private_ && snippet->owner_id.empty()) {
            co_return invalid_field("visibility", "private needs an account: nobody else could read it");
        }
        const base::UnixMillis now = co_await exchange.services.store.now(exchange.deadline);
        if (!apply(*input, *snippet, now)) co_return co_await shown(exchange, *snippet);
        snippet->updated_at = std::max(now, snippet->updated_at + 1);
        const auto update = [&] { return exchange.services.store.update_snippet(*snippet, exchange.deadline); };
        if (!co_await commit_and_invalidate(exchange, snippet->id, snippet->version + 1, update)) continue;
        ++snippet->version;
        co_return co_await shown(exchange, *snippet);
    }
    co_return error(ErrorKind::conflict, "Others are editing this snippet right now; try again.");
}

Answer delete_snippet(Exchange& exchange) {
    if (std::optional<Error> refused = refuse_nobody(exchange.caller)) co_return *std::move(refused);
    Result<model::Snippet> snippet = co_await load_for_edit(exchange, exchange.parameters.front());
    if (!snippet) co_return snippet.error();
    if (std::optional<Error> stale = refuse_stale(exchange, *snippet)) co_return *std::move(stale);
    // With a precondition, an edit that comes in between must not be deleted along.
    const bool conditional = http::has_preconditions(exchange.request);
    const std::optional<std::int64_t> version = conditional ? std::optional{snippet->version} : std::nullopt;
    const auto remove = [&] { return exchange.services.store.delete_snippet(snippet->id, version, exchange.deadline); };
    const bool deleted = co_await commit_and_invalidate(exchange, snippet->id, model::kDeletedFloor, remove);
    if (!deleted) co_return error(conditional ? ErrorKind::precondition_failed : ErrorKind::not_found);
    http::Response response;
    response.status = 204;
    co_return response;
}

}  // namespace snippetd::api
