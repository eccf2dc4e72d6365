#pragma once

#include "api/exchange.hpp"

#include <span>
#include <string_view>

namespace snippetd::api {

/// Who may come as far as the handler; what the handler may show them is its own affair.
enum class Access {
    anyone,    ///< nobody is asked who they are before the handler asks
    optional,  ///< an account or nobody; a session or token that opens nothing is 401
    account,   ///< 401 without one
};

/// What is charged before the handler runs.
enum class Charge {
    nothing,
    write,   ///< `write` per account, `anonymous` per address without one
    login,   ///< per address; the handler charges the account name as well: for whatever a password is guessed at
    signup,  ///< per address
};

using Handler = Awaitable<Result<http::Response>> (*)(Exchange& exchange);

struct Route {
    http::Method method;
    std::string_view pattern;
    Handler handler;
    Access access;
    Charge charge;
};

/// The one table of routes, in the order in which they are tried.
std::span<const Route> routes();

}  // namespace snippetd::api
