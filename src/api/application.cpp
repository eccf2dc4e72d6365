#include "api/application.hpp"

#include "api/access.hpp"
#include "api/page.hpp"
#include "api/read_shared.hpp"
#include "base/log.hpp"

namespace snippetd::api {

namespace {

// Late enough for a busy disk, early enough for a 503 within a second.
constexpr base::Milliseconds kRequestTimeout{750};

// Of a form that is refused before it has been looked at.
constexpr std::size_t kShownAgainBytesMax = 64 * 1024;

std::vector<http::Router::Row> router_rows() {
    std::vector<http::Router::Row> rows;
    for (const Route& route : routes()) rows.push_back({route.method, route.pattern, route.accepts});
    return rows;
}

bool is_safe(http::Method method) {
    return method == http::Method::get || method == http::Method::head || method == http::Method::options;
}

/// Whether a browser says that another site has made it send this (Fetch Metadata; RFC 6454 for Origin).
bool comes_from_elsewhere(const Exchange& exchange) {
    const http::Request& request = exchange.request;
    if (request.field(http::Field::sec_fetch_site) == "cross-site") return true;
    if (!request.has(http::Field::origin)) return false;
    const std::string_view origin = request.field(http::Field::origin);
    if (origin == exchange.services.options.public_url) return false;
    const std::size_t scheme = origin.find("://");
    return scheme == origin.npos || origin.substr(scheme + 3) != request.field(http::Field::host);
}

Awaitable<std::optional<Error>> charge_route(Exchange& exchange, Charge charge_for) {
    std::string policy, client = address_key(exchange.request.client);
    switch (charge_for) {
        case Charge::nothing: co_return std::nullopt;
        case Charge::login: policy = "login"; break;
        case Charge::signup: policy = "signup"; break;
        case Charge::write:
            policy = exchange.caller.account ? "write" : "anonymous";
            if (exchange.caller.account) client = exchange.caller.account->id;
            break;
    }
    co_return co_await charge(exchange, policy, std::move(client));
}

/// The stages of every request, in their order. Reads of links take a short cut through it: `answer_now`.
Awaitable<Result<http::Response>> run_stages(const Route& route, Exchange& exchange) {
    // Who asks, before anything that is counted per account.
    if (route.access != Access::anyone) co_await identify(exchange);

    // A write that another site makes the browser send carries the cookie, so the cookie alone proves nothing. Signing
    // in is refused too: being signed in to an attacker's account is a trap of its own.
    const bool trusts_cookie = exchange.caller.by_cookie || route.access == Access::anyone;
    if (!is_safe(route.method) && trusts_cookie && comes_from_elsewhere(exchange)) {
        co_return error(ErrorKind::forbidden, "This request was made by another site.");
    }

    // The limit before everything that costs: a replayed idempotency key must cost a token too, or replays become free
    // database reads, and a guessed secret as well.
    std::optional<Error> limited = co_await charge_route(exchange, route.charge);
    if (limited) co_return *std::move(limited);

    const bool is_page = route.access == Access::page || route.access == Access::page_account;
    if (route.access == Access::page_account && !exchange.caller.account) {
        co_return see_other("/login?next=" + std::string{is_safe(route.method) ? exchange.request.path : "/me"});
    }
    if (!is_page && route.access != Access::anyone && exchange.caller.rejected) {
        co_return unauthenticated(exchange.caller);
    }
    if (route.access == Access::account && !exchange.caller.account) co_return unauthenticated(exchange.caller);

    co_return co_await route.handler(exchange);
}

/// What a backend that is broken, or a defect, is to the caller.
Error broken(const http::Request& request, std::exception_ptr thrown) {
    try {
        std::rethrow_exception(std::move(thrown));
    } catch (const base::Unavailable& away) {
        log::debug("unavailable", {{"request_id", request.id}, {"reason", away.what()}});
        return {ErrorKind::unavailable, "Try again in a moment.", {}, away.retry_after().count()};
    } catch (const std::exception& defect) {
        log::error("a request failed", {{"request_id", request.id}, {"error", defect.what()}});
        return error(ErrorKind::internal, "This is our fault; the request id helps to find it.");
    }
}

/// A page for a browser, else a problem document.
http::Response said_as_fits(const http::Request& request, const Error& error, const Route* route = nullptr) {
    if (prefers_page(request)) return error_page(request, error);
    return http::problem(error, route && route->message);
}

/// What went wrong, in the form that the caller asked for.
Awaitable<http::Response> explain(const Route& route, Exchange& exchange, Error wrong) {
    std::optional<Error> again;
    // To be refused costs the caller nothing, so it may cost little here: a long text is not shown once more. Whoever
    // was let in and met a broken backend gets all of it back.
    const bool let_in = wrong.kind == ErrorKind::unavailable || wrong.kind == ErrorKind::internal;
    const bool shown_again = let_in || exchange.request.body.size() <= kShownAgainBytesMax;
    if (route.refuse && !shown_again) {
        wrong.detail += wrong.detail.empty() ? "" : " ";
        wrong.detail += "What you have written is too long to be shown here once more. Go back: your browser has it.";
    }
    if (route.refuse && shown_again && prefers_page(exchange.request)) {
        try {
            co_return co_await route.refuse(exchange, wrong);
        } catch (...) {
            again = broken(exchange.request, std::current_exception());
        }
    }
    co_return said_as_fits(exchange.request, again ? *again : wrong, &route);
}

}  // namespace

Application::Application(Services services) : services_{services}, router_{router_rows()} {}

std::uint64_t Application::body_bytes_max(const http::Request& request) const {
    const http::Router::Match match = router_.find(request.method, request.path);
    // What leads nowhere is told so after it has been read, like anything else.
    const bool brief = match.row && !routes()[*match.row].takes_text;
    return brief ? kBriefBodyBytesMax : UINT64_MAX;
}

bool Application::answer_now(const http::Request& request, Answer& answer) {
    try {
        return answer_hot_read(services_, request, answer);
    } catch (...) {
        answer.response = said_as_fits(request, broken(request, std::current_exception()));
        return true;
    }
}

Awaitable<http::Service::Answer> Application::answer(http::Request& request) {
    Answer answer;
    http::Router::Match match = router_.find(request.method, request.path);
    if (!match.row) {
        const bool known_path = !match.allow.empty();
        answer.response =
            said_as_fits(request, error(known_path ? ErrorKind::method_not_allowed : ErrorKind::not_found));
        if (known_path) answer.response.add("Allow", match.allow);
        co_return answer;
    }
    const Route& route = routes()[*match.row];
    answer.route = route.pattern;
    if (match.malformed) {
        answer.response =
            said_as_fits(request, error(ErrorKind::bad_request, "The path is not percent-encoded UTF-8."), &route);
        co_return answer;
    }
    Exchange exchange{request, services_, std::move(match.parameters), base::deadline_in(kRequestTimeout), {},
                      {},      UINT32_MAX};
    std::optional<Error> wrong;
    try {
        Result<http::Response> result = co_await run_stages(route, exchange);
        if (result) {
            answer.response = *std::move(result);
        } else {
            wrong = result.error();
        }
    } catch (...) {
        wrong = broken(request, std::current_exception());
    }
    if (wrong) answer.response = co_await explain(route, exchange, *std::move(wrong));
    if (answer.response.status == 401) answer.response.add("WWW-Authenticate", "Bearer");
    answer.response.fields += exchange.rate_limit_fields;
    co_return answer;
}

}  // namespace snippetd::api
