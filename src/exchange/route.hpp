#pragma once

#include "exchange/exchange.hpp"

#include <string_view>

/// A row of the table of routes.
namespace snippetd::exchange {

/// Who may come as far as the handler; what the handler may show them is its own affair.
enum class Access {
    anyone,        ///< nobody is asked who they are before the handler asks
    optional,      ///< an account or nobody; a session or token that opens nothing is 401
    account,       ///< 401 without one
    page,          ///< an account or nobody; a session that has ended is nobody
    page_account,  ///< without an account, log-in comes first
};

/// What is charged before the handler runs.
enum class Charge {
    nothing,
    write,   ///< `write` per account, `anonymous` per address without one
    login,   ///< per address; the handler charges the account name as well: for whatever a password is guessed at
    signup,  ///< per address
};

/// What kind of work a route is: which share it has of what is scarce, and which policy it is charged to (`policy_of`
/// in charges.cpp).
using base::Work;

using Answer = Awaitable<Result<http::Response>>;
using Handler = Answer (*)(Exchange& exchange);

/// Makes the page that says why the handler did not run, or could not, with what was filled in: nothing is lost.
using Refusal = Awaitable<http::Response> (*)(Exchange& exchange, Error error);

struct Route {
    http::Method method;
    std::string_view pattern;
    Handler handler;
    Access access;
    Charge charge;
    Work work;
    Refusal refuse = nullptr;                               ///< for forms; else the error's own page or document
    bool (*accepts)(std::string_view parameter) = nullptr;  ///< the path's first parameter; null: all but an empty one
    /// Problem documents have the member `message` as well, which clients of other services show.
    bool message = false;
    /// It answers with a link alone, which people read whose command this is: so they do when something is wrong.
    bool plain = false;
    /// Everybody may read it, and so may scripts of other sites (exposure.hpp).
    bool open = false;
    /// It is about one snippet: the handler weighs the preconditions of a write itself, against that snippet, and
    /// search engines may list what a read answers only when the handler says so (`Exchange::listable`).
    bool of_snippet = false;
    /// Whether its body may be as long as a snippet is; else, where names and passwords go, kBriefBodyBytesMax.
    bool takes_text = false;
    /// Instead of `handler`, for who would rather have a page (`prefers_page`); null: `handler` is for all. A page of
    /// what is else read is rendered.
    Handler page = nullptr;
    /// What it costs of the policy of its kind of work, for whom another route costs 1.
    std::uint32_t cost = 1;
};

inline constexpr std::uint64_t kBriefBodyBytesMax = 8 * 1024;

}  // namespace snippetd::exchange
