#include "exchange/charges.hpp"

#include "cache/cache.hpp"
#include "exchange/input.hpp"
#include "http/client_address.hpp"
#include "limiter/overrides.hpp"
#include "use_cases/charge.hpp"

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace snippetd::exchange {

namespace {

bool is_write(const Route& route) {
    return route.method != http::Method::get && route.method != http::Method::head &&
           route.method != http::Method::options;
}

/// Whether it is of a link whose text this worker has: no more than a hot read, whatever has been hung on to the link
/// on its way.
bool is_near(const Exchange& exchange, const Route& route) {
    if (route.pattern != "/s/{id}" && route.pattern != "/s/{id}/raw") return false;
    return exchange.services.options.views != ViewsMode::sync &&
           exchange.services.cache.find_near(exchange.parameters.front(), base::steady_now()) != nullptr;
}

/// The name of the policy that a read is charged to, by the kind of its work; empty for none.
std::string_view policy_of(const Route& route, const Exchange& exchange, bool as_page) {
    if (is_write(route) && route.work != Work::read && route.work != Work::render) return {};
    switch (route.work) {
        case Work::hot:
        case Work::operation:
        case Work::auth:
        case Work::bulk: return {};
        case Work::own: return "read";
        case Work::read: return as_page ? "render" : "read";
        case Work::list: return has_filters(exchange.request.query) ? "search" : "list";
        case Work::render: return "render";
    }
    return {};
}

/// What an address is called for a rate of the range `own`: one that is smaller than a subscriber's network tells
/// the addresses in it apart.
std::string address_in(const base::Cidr& own, const boost::asio::ip::address& address) {
    constexpr unsigned kSubscriberBits = 64;  // of IPv6
    const bool is_small = address.is_v6() && own.host_bits() < kSubscriberBits;
    return is_small ? "ip:" + address.to_string() : http::address_key(address);
}

/// A charge of `policy_name` to `client`, or as somebody's own rate says.
limiter::Charge charge_of(const Exchange& exchange, std::string_view policy_name, std::string client,
                          std::uint32_t cost = 1) {
    const use_cases::Options& options = exchange.services.options;
    const Caller& caller = exchange.caller;
    const std::string_view username = caller.account ? std::string_view{caller.account->username} : std::string_view{};
    const limiter::Asking asking{exchange.request.client, username, caller.token_id};
    const limiter::Override* own = limiter::find_override(options.overrides, policy_name, asking);
    if (!own) return {&options.policies.find(policy_name)->second, std::move(client), cost};
    if (!own->who.token_id.empty()) {
        client = "token:" + caller.token_id;
    } else if (!own->who.username.empty()) {
        client = caller.account->id;  // wherever it comes from
    } else if (client.starts_with("ip:")) {
        client = address_in(*own->who.range, exchange.request.client);
    }
    return {&own->policy, std::move(client), cost};
}

bool spares(const limiter::Policy& policy, const Exchange& exchange) {
    return policy.spares_loopback && http::is_loopback(exchange.request.client);
}

/// Charges one alone.
Awaitable<std::optional<Error>> charge_one(Exchange& exchange, limiter::Charge one) {
    if (spares(*one.policy, exchange)) co_return std::nullopt;
    std::vector<limiter::Charge> charges;
    charges.push_back(std::move(one));
    co_return co_await use_cases::charge(exchange, std::move(charges));
}

}  // namespace

std::vector<limiter::Charge> charges_of_read(Exchange& exchange, const Route& route, bool as_page) {
    std::vector<limiter::Charge> charges;
    const std::string_view name = policy_of(route, exchange, as_page);
    if (name.empty() || is_near(exchange, route)) return charges;
    limiter::Charge of_work = charge_of(exchange, name, exchange.address, route.cost);
    if (!spares(*of_work.policy, exchange)) charges.push_back(std::move(of_work));
    limiter::Charge of_bytes = charge_of(exchange, "egress", exchange.address);
    if (spares(*of_bytes.policy, exchange)) return charges;
    exchange.egress = of_bytes;
    charges.push_back(std::move(of_bytes));
    return charges;
}

Awaitable<std::optional<Error>> charge_export(Exchange& exchange, const Route& route) {
    if (route.work != Work::bulk || !exchange.caller.account) co_return std::nullopt;
    limiter::Charge one = charge_of(exchange, "export", exchange.caller.account->id, route.cost);
    co_return co_await charge_one(exchange, std::move(one));
}

Awaitable<std::optional<Error>> charge_write(Exchange& exchange) {
    if (!exchange.caller.account) {
        limiter::Charge one = charge_of(exchange, "anonymous", exchange.address);
        co_return co_await charge_one(exchange, std::move(one));
    }
    std::vector<limiter::Charge> charges;
    charges.push_back(charge_of(exchange, "write", exchange.caller.account->id));
    limiter::Charge of_address = charge_of(exchange, limiter::kAddressPolicyName, exchange.address);
    if (!spares(*of_address.policy, exchange)) charges.push_back(std::move(of_address));
    co_return co_await use_cases::charge(exchange, std::move(charges));
}

Awaitable<std::optional<Error>> charge_route(Exchange& exchange, Charge charge_for) {
    switch (charge_for) {
        case Charge::nothing: break;
        case Charge::login:
        case Charge::signup: {
            const std::string_view policy = charge_for == Charge::login ? "login" : "signup";
            limiter::Charge one = charge_of(exchange, policy, exchange.address);
            co_return co_await charge_one(exchange, std::move(one));
        }
        case Charge::write: co_return co_await charge_write(exchange);
    }
    co_return std::nullopt;
}

void charge_egress(const Exchange& exchange, const http::Response& response) {
    if (!exchange.egress || !exchange.egress->policy->enabled || exchange.request.head() || response.source) return;
    const std::size_t units = response.content_length() / limiter::kEgressUnitBytes;
    if (units == 0) return;
    exchange.services.limiter.owe(*exchange.egress->policy, exchange.egress->client, static_cast<std::uint32_t>(units));
}

}  // namespace snippetd::exchange
