#include "api/revisions.hpp"

#include "api/access.hpp"
#include "api/handlers.hpp"
#include "base/json_text.hpp"
#include "base/numbers.hpp"

#include <fmt/format.h>

namespace snippetd::api {

namespace {

/// Whether the caller may see a version that had this visibility while it was current. What was private then stays
/// between the owner and the service, also when the snippet is public now.
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

void append_revision(std::string& out, const model::Revision& revision, bool with_body) {
    out += fmt::format(R"({{"version":{},"title":)", revision.version);
    base::append_json_string(out, revision.title);
    if (with_body) {
        out += R"(,"body":)";
        base::append_json_string(out, revision.body);
    }
    out += R"(,"language":)";
    base::append_json_string(out, revision.language);
    out += fmt::format(R"(,"created_at":"{}","size":{}}})", base::format_rfc3339(revision.created_at), revision.size);
}

}  // namespace

Awaitable<Result<model::Snippet>> load_visible(Exchange& exchange) {
    Result<model::Snippet> snippet = co_await load_snippet(exchange, exchange.parameters.front());
    if (snippet && !may_see(exchange.caller, *snippet, snippet->visibility)) co_return error(ErrorKind::not_found);
    co_return snippet;
}

Awaitable<std::vector<model::Revision>> list_visible_revisions(Exchange& exchange, const model::Snippet& snippet) {
    std::vector<model::Revision> earlier =
        co_await exchange.services.store.list_revisions(snippet.id, exchange.deadline);
    std::vector<model::Revision> visible;
    visible.push_back(current_revision(snippet));
    visible.front().body.clear();
    for (model::Revision& revision : earlier) {
        // An edit in between has made a revision of what is listed as current already.
        if (revision.version >= snippet.version) continue;
        if (may_see(exchange.caller, snippet, revision.visibility)) visible.push_back(std::move(revision));
    }
    co_return visible;
}

Awaitable<std::optional<model::Revision>> find_visible_revision(Exchange& exchange, const model::Snippet& snippet,
                                                                std::int64_t version) {
    std::optional<model::Revision> revision;
    if (version == snippet.version) {
        revision = current_revision(snippet);
    } else {
        revision = co_await exchange.services.store.find_revision(snippet.id, version, exchange.deadline);
    }
    if (revision && !may_see(exchange.caller, snippet, revision->visibility)) revision.reset();
    co_return revision;
}

Answer list_revisions(Exchange& exchange) {
    Result<model::Snippet> snippet = co_await load_visible(exchange);
    if (!snippet) co_return snippet.error();
    std::string body = R"({"items":[)";
    const std::vector<model::Revision> revisions = co_await list_visible_revisions(exchange, *snippet);
    for (const model::Revision& revision : revisions) {
        if (body.back() != '[') body += ',';
        append_revision(body, revision, false);
    }
    body += "]}";
    co_return http::json_response(200, std::move(body));
}

Answer read_revision(Exchange& exchange) {
    const std::int64_t version = base::parse_number<std::int64_t>(exchange.parameters[1]).value_or(0);
    if (version < 1) co_return error(ErrorKind::not_found);
    Result<model::Snippet> snippet = co_await load_visible(exchange);
    if (!snippet) co_return snippet.error();
    const std::optional<model::Revision> revision = co_await find_visible_revision(exchange, *snippet, version);
    if (!revision) co_return error(ErrorKind::not_found);
    exchange.listable = exchange.listable && revision->visibility == model::Visibility::public_;
    auto work = [&revision] {
        std::string body;
        append_revision(body, *revision, true);
        return body;
    };
    std::string body = co_await exchange.services.texts.by_size(Text::answer, revision->body.size(), std::move(work));
    co_return http::json_response(200, std::move(body));
}

}  // namespace snippetd::api
