#include "api/handlers.hpp"
#include "exchange/access.hpp"
#include "exchange/burning.hpp"
#include "exchange/link.hpp"
#include "exchange/page.hpp"

namespace snippetd::api {

using namespace exchange;

Answer read_shared(Exchange& exchange) {
    return read_link(exchange, Representation::json);
}

Answer read_shared_raw(Exchange& exchange) {
    return read_link(exchange, Representation::raw);
}

Answer reveal(Exchange& exchange) {
    const std::string id = exchange.parameters.front();
    use_cases::Condition condition = condition_of(exchange);
    Result<use_cases::Followed> revealed = co_await use_cases::reveal(exchange, id, std::move(condition));
    if (!revealed) co_return revealed.error();
    if (!revealed->burned) co_return see_other("/s/" + id);
    const Representation representation = names_json(exchange.request) ? Representation::json : Representation::raw;
    std::shared_ptr<const cache::Entry> entry = co_await entry_for_one(exchange, std::move(revealed->snippet), true);
    co_return co_await respond_whole(exchange, std::move(entry), representation, cache::Status::miss, false);
}

}  // namespace snippetd::api
