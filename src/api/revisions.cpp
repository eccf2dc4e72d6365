#include "use_cases/revisions.hpp"

#include "api/handlers.hpp"
#include "base/numbers.hpp"
#include "exchange/input.hpp"
#include "exchange/snippet_json.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

namespace snippetd::api {

using namespace exchange;

namespace {

constexpr int kRevisionsListedMax = 1000;

boost::json::object revision_json(const model::Revision& revision, Body body) {
    boost::json::object out{{"version", revision.version}, {"title", revision.title}};
    if (body == Body::shown) out["body"] = revision.body;
    out["language"] = revision.language;
    out["created_at"] = base::format_rfc3339(revision.created_at);
    out["size"] = revision.size;
    return out;
}

}  // namespace

Answer list_revisions(Exchange& exchange) {
    const Result<VersionsQuery> query = read_versions_query(exchange.request.query, kRevisionsListedMax);
    if (!query) co_return query.error();
    const use_cases::RevisionsWanted wanted{query->before, query->limit};
    const Result<use_cases::Revisions> revisions =
        co_await use_cases::list_revisions(exchange, exchange.parameters.front(), wanted);
    if (!revisions) co_return revisions.error();
    boost::json::array items;
    for (const model::Revision& revision : revisions->items) items.push_back(revision_json(revision, Body::left_out));
    const boost::json::object body{{"items", std::move(items)}};
    http::Response response = http::json_response(200, boost::json::serialize(body));
    if (revisions->next_before) {
        response.add("Link",
                     fmt::format("<{}/snippets/{}/revisions?limit={}&before={}>; rel=\"next\"", exchange.base_url(),
                                 revisions->snippet.id, query->limit, *revisions->next_before));
    }
    co_return response;
}

Answer read_revision(Exchange& exchange) {
    const std::int64_t version = base::parse_number<std::int64_t>(exchange.parameters[1]).value_or(0);
    if (version < 1) co_return error(ErrorKind::not_found);
    const Result<model::Revision> revision =
        co_await use_cases::read_revision(exchange, exchange.parameters.front(), version);
    if (!revision) co_return revision.error();
    auto work = [&revision] { return boost::json::serialize(revision_json(*revision, Body::shown)); };
    std::string body = co_await exchange.services.texts.by_size(Text::answer, revision->body.size(),
                                                                exchange.deadline.party, std::move(work));
    co_return http::json_response(200, std::move(body));
}

}  // namespace snippetd::api
