#pragma once

#include "exchange/exchange.hpp"
#include "exchange/route.hpp"

#include <optional>
#include <vector>

/// What a request is charged to: which policies, for whom. A charge answers the error of one that refuses, or nothing,
/// and throws as `use_cases::charge` does.
namespace snippetd::exchange {

/// What a read is charged to: the address that it comes from, by its kind of work, and by what this address has been
/// sent; or as an account's, a token's or a range's own rate says. What is near is free, and exports are not charged
/// here.
std::vector<limiter::Charge> charges_of_read(Exchange& exchange, const Route& route, bool as_page);

/// An export, to the account.
Awaitable<std::optional<Error>> charge_export(Exchange& exchange, const Route& route);

/// A write, to the account and its address: whoever writes with many accounts is one address. Without an account to
/// the address alone.
Awaitable<std::optional<Error>> charge_write(Exchange& exchange);

/// What the row of the route says.
Awaitable<std::optional<Error>> charge_route(Exchange& exchange, Charge charge_for);

/// What a read was sent is known when it is there: whoever asks next pays for it.
void charge_egress(const Exchange& exchange, const http::Response& response);

}  // namespace snippetd::exchange
