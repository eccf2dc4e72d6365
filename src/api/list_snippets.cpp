#include "api/handlers.hpp"
#include "base/json_text.hpp"
#include "exchange/access.hpp"
#include "exchange/input.hpp"
#include "exchange/snippet_json.hpp"
#include "use_cases/lists.hpp"

namespace snippetd::api {

using namespace exchange;

namespace {

http::Response shown(const Exchange& exchange, const use_cases::Page& page) {
    const std::string base = exchange.base_url();
    std::string body = R"({"items":[)";
    for (const model::Snippet& snippet : page.snippets) {
        if (body.back() != '[') body += ',';
        body += snippet_json(snippet, base, Body::left_out);
    }
    body += R"(],"next_cursor":)";
    if (page.next) {
        base::append_json_string(body, make_cursor(*page.next));
    } else {
        body += "null";
    }
    body += '}';
    return http::json_response(200, std::move(body));
}

}  // namespace

Answer list_snippets(Exchange& exchange) {
    Result<store::ListQuery> query = read_list_query(exchange.request.query, ListOf::caller);
    if (!query) co_return query.error();
    const use_cases::Page page = co_await use_cases::list_mine(exchange, *std::move(query));
    co_return shown(exchange, page);
}

Answer list_snippets_of(Exchange& exchange) {
    Result<model::Account> account = co_await find_account(exchange, exchange.parameters.front());
    if (!account) co_return account.error();
    Result<store::ListQuery> query = read_list_query(exchange.request.query, ListOf::account);
    if (!query) co_return query.error();
    use_cases::Page page = co_await use_cases::list_published(exchange, account->id, *std::move(query));
    for (model::Snippet& snippet : page.snippets) snippet.hide_original();
    co_return shown(exchange, page);
}

Answer explore(Exchange& exchange) {
    Result<store::ListQuery> query = read_list_query(exchange.request.query, ListOf::everybody);
    if (!query) co_return query.error();
    const use_cases::Page page = co_await use_cases::explore(exchange, *std::move(query));
    co_return shown(exchange, page);
}

}  // namespace snippetd::api
