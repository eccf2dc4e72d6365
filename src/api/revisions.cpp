#include "use_cases/revisions.hpp"

#include "api/handlers.hpp"
#include "base/json_text.hpp"
#include "base/numbers.hpp"

#include <fmt/format.h>

namespace snippetd::api {

using namespace exchange;

namespace {

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

Answer list_revisions(Exchange& exchange) {
    const Result<use_cases::Revisions> revisions =
        co_await use_cases::list_revisions(exchange, exchange.parameters.front());
    if (!revisions) co_return revisions.error();
    std::string body = R"({"items":[)";
    for (const model::Revision& revision : revisions->items) {
        if (body.back() != '[') body += ',';
        append_revision(body, revision, false);
    }
    body += "]}";
    co_return http::json_response(200, std::move(body));
}

Answer read_revision(Exchange& exchange) {
    const std::int64_t version = base::parse_number<std::int64_t>(exchange.parameters[1]).value_or(0);
    if (version < 1) co_return error(ErrorKind::not_found);
    const Result<model::Revision> revision =
        co_await use_cases::read_revision(exchange, exchange.parameters.front(), version);
    if (!revision) co_return revision.error();
    auto work = [&revision] {
        std::string body;
        append_revision(body, *revision, true);
        return body;
    };
    std::string body = co_await exchange.services.texts.by_size(Text::answer, revision->body.size(), std::move(work));
    co_return http::json_response(200, std::move(body));
}

}  // namespace snippetd::api
