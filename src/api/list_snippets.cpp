#include "api/access.hpp"
#include "api/handlers.hpp"
#include "api/input.hpp"
#include "api/page.hpp"
#include "api/snippet_json.hpp"
#include "base/json_text.hpp"

namespace snippetd::api {

namespace {

/// A page; the store was asked for one more than `limit`, to know whether there is a next one.
http::Response page(const Exchange& exchange, std::vector<model::Snippet> snippets, int limit) {
    const bool more = snippets.size() > static_cast<std::size_t>(limit);
    if (more) snippets.pop_back();
    const std::string base = exchange.base_url();
    std::string body = R"({"items":[)";
    for (const model::Snippet& snippet : snippets) {
        if (body.back() != '[') body += ',';
        body += snippet_json(snippet, base, Body::left_out);
    }
    body += R"(],"next_cursor":)";
    if (more) {
        base::append_json_string(body, make_cursor(snippets.back()));
    } else {
        body += "null";
    }
    body += '}';
    return http::json_response(200, std::move(body));
}

}  // namespace

Answer list_snippets(Exchange& exchange) {
    Result<store::ListQuery> query = read_list_query(exchange.request.query, true);
    if (!query) co_return query.error();
    const int limit = query->limit++;
    std::vector<model::Snippet> snippets =
        co_await exchange.services.store.list_owned(exchange.caller.account->id, *query, exchange.deadline);
    co_return page(exchange, std::move(snippets), limit);
}

Answer explore(Exchange& exchange) {
    if (prefers_page(exchange.request)) co_return co_await explore_page(exchange);
    Result<store::ListQuery> query = read_list_query(exchange.request.query, false);
    if (!query) co_return query.error();
    const int limit = query->limit++;
    std::vector<model::Snippet> snippets = co_await exchange.services.store.list_public(*query, exchange.deadline);
    for (model::Snippet& snippet : snippets) snippet.hide_original();
    co_return page(exchange, std::move(snippets), limit);
}

}  // namespace snippetd::api
