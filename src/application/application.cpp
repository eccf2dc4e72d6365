#include "application/application.hpp"

#include "application/hot_read.hpp"
#include "base/ascii.hpp"
#include "base/log.hpp"
#include "base/turn.hpp"
#include "exchange/access.hpp"
#include "exchange/charges.hpp"
#include "exchange/exposure.hpp"
#include "exchange/input.hpp"
#include "exchange/page.hpp"
#include "http/client_address.hpp"
#include "http/conditions.hpp"
#include "http/dates.hpp"
#include "http/place.hpp"
#include "use_cases/charge.hpp"

#include <algorithm>
#include <cctype>
#include <iterator>

namespace snippetd::application {

using namespace exchange;

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

bool is_page(const Route& route) {
    return route.access == Access::page || route.access == Access::page_account;
}

/// Whether there is a page at the same path, which a form that was sent without an account can be sent from again.
bool has_page(const Route& route) {
    const auto& all = routes();
    return std::any_of(all.begin(), all.end(), [&route](const Route& other) {
        return other.method == http::Method::get && other.pattern == route.pattern;
    });
}

/// Whether `Origin` is that of a program: a browser's extension or an app. No site's page can have such a scheme.
bool is_programs(std::string_view origin) {
    const std::string_view scheme = origin.substr(0, origin.find("://"));
    const bool valid = scheme.size() < origin.size() && !scheme.empty() &&
                       std::isalpha(static_cast<unsigned char>(scheme.front())) &&
                       std::all_of(scheme.begin(), scheme.end(),
                                   [](unsigned char c) { return std::isalnum(c) || c == '+' || c == '-' || c == '.'; });
    return valid && !base::equals_without_case(scheme, "http") && !base::equals_without_case(scheme, "https");
}

/// Whether `Origin` (RFC 6454) is this service's own: the public URL's, or that of the host that was asked. `null` is
/// not: any page that hides where it is from says so.
bool is_own(std::string_view origin, const Exchange& exchange) {
    const std::optional<http::Place> place = http::place_of(origin);
    if (!place || !place->rest.empty()) return false;
    if (place->authority == http::normal_authority(exchange.request.field(http::Field::host), place->scheme))
        return true;
    const std::optional<http::Place> own = http::place_of(exchange.services.options.public_url);
    return own && own->scheme == place->scheme && own->authority == place->authority;
}

/// Whether a browser says that another site has made it send this (Fetch Metadata, `Origin`).
bool comes_from_elsewhere(const Exchange& exchange, bool with_cookie) {
    const http::Request& request = exchange.request;
    const std::string_view origin = request.field(http::Field::origin);
    // An extension acts for the person who has installed it; what the browser keeps for sites is not for it to use.
    if (is_programs(origin)) return with_cookie;
    if (request.field(http::Field::sec_fetch_site) == "cross-site") return true;
    return request.has(http::Field::origin) && !is_own(origin, exchange);
}

/// Of a write that is not about one snippet: what it makes is not there yet, what it removes is there and has no
/// validators.
bool is_stale(const Route& route, const http::Request& request) {
    if (is_safe(route.method) || route.of_snippet) return false;
    http::Validators current;
    current.exists = route.method == http::Method::delete_;
    return http::weigh_preconditions(request, current) == http::Precondition::failed;
}

/// Holds a read's preconditions against the answer that it would get: 304, or 412 to be answered instead.
std::optional<Error> weigh_read(const http::Request& request, http::Response& response) {
    const bool reads = request.method == http::Method::get || request.method == http::Method::head;
    if (!reads || response.status != 200 || response.unconditional || !http::has_preconditions(request))
        return std::nullopt;
    http::Validators current;
    current.etag = response.field("ETag");
    if (const auto date = http::parse_http_date(response.field("Last-Modified"), base::unix_now_ms())) {
        current.modified_at = *date * 1000;
    }
    switch (http::weigh_preconditions(request, current)) {
        case http::Precondition::met: break;
        case http::Precondition::failed: return error(ErrorKind::precondition_failed);
        case http::Precondition::not_modified:
            // Without a validator nobody can have it, and an asterisk names nothing.
            if (!current.etag.empty() || current.modified_at) response.become_not_modified();
    }
    return std::nullopt;
}

/// Whether a program says that it is one that goes through the web on its own account, as crawlers do that may be
/// asked to come again.
bool names_itself_robot(std::string_view user_agent) {
    // Most give an address where one can read about them. Without their first letters, which some write large.
    constexpr std::string_view signs[] = {"bot/", "Bot/", "+http", "rawler", "pider"};
    return std::any_of(std::begin(signs), std::end(signs),
                       [user_agent](std::string_view sign) { return user_agent.find(sign) != user_agent.npos; });
}

/// The stages of every request, in their order. Reads of links take a short cut through it: `answer_now`.
Awaitable<Result<http::Response>> run_stages(const Route& route, Exchange& exchange) {
    const bool as_page = is_page(route) || (route.page && prefers_page(exchange.request));
    // A read is charged before anything that costs, and so to its address: who asks is not known yet. It has to be
    // where some of them have rates of their own.
    const bool identified_first =
        exchange.services.options.some_accounts_differ && (route.access != Access::anyone || is_safe(route.method));
    if (identified_first) co_await identify(exchange);
    std::vector<limiter::Charge> read = charges_of_read(exchange, route, as_page);
    if (!read.empty()) {
        std::optional<Error> too_many = co_await use_cases::charge(exchange, std::move(read));
        if (too_many) co_return *std::move(too_many);
    }

    // Who asks, before anything that is counted per account.
    if (!identified_first && route.access != Access::anyone) co_await identify(exchange);

    // A write that another site makes the browser send carries the cookie, so the cookie alone proves nothing; and
    // without one it would publish from a visitor's address what the visitor has never seen. A token in a header no
    // site can make a browser send. Signing in is refused too: being signed in to an attacker's account is a trap.
    const Caller& caller = exchange.caller;
    const bool by_header = !caller.by_cookie && (caller.account || !caller.edit_token.empty());
    const bool with_cookie = caller.by_cookie || route.access == Access::anyone;
    if (!is_safe(route.method) && !by_header && comes_from_elsewhere(exchange, with_cookie)) {
        co_return error(ErrorKind::forbidden, "This request was made by another site.");
    }

    // The limit before everything that costs: a replayed idempotency key must cost a token too, or replays become free
    // database reads, and a guessed secret as well.
    std::optional<Error> limited = co_await charge_route(exchange, route.charge);
    if (limited) co_return *std::move(limited);
    // What the limiter took of the time, in a flood, is not the store's: a write that was charged is worth the wait.
    if (route.charge != Charge::nothing)
        exchange.deadline = base::deadline_in(kRequestTimeout, exchange.deadline.party);

    if (route.access == Access::page_account && !exchange.caller.account) {
        co_return see_other(log_in_path(has_page(route) ? exchange.request.path : "/me"));
    }
    if (!is_page(route) && route.access != Access::anyone && exchange.caller.rejected) {
        co_return unauthenticated(exchange.caller);
    }
    if (route.access == Access::account && !exchange.caller.account) co_return unauthenticated(exchange.caller);

    // Not before: else who has no account could use up what others at the same address have.
    std::optional<Error> too_many_exports = co_await charge_export(exchange, route);
    if (too_many_exports) co_return *std::move(too_many_exports);

    // Last, because what would not go well anyway is not worth weighing (RFC 9110 section 13.2.1).
    if (is_stale(route, exchange.request)) co_return error(ErrorKind::precondition_failed);

    const Handler handler = route.page && prefers_page(exchange.request) ? route.page : route.handler;
    co_return co_await handler(exchange);
}

/// A request that has come in, until this ends.
class Inside {
  public:
    Inside(base::Gate& gate, const base::Party& party)
        : gate_{gate}, party_{party}, let_in_{gate.enter(party, base::steady_now(), base::Turn::began_at())} {}
    ~Inside() {
        if (let_in_) gate_.leave(party_, base::steady_now());
    }
    Inside(const Inside&) = delete;
    Inside& operator=(const Inside&) = delete;

    bool let_in() const { return let_in_; }

  private:
    base::Gate& gate_;
    const base::Party party_;
    const bool let_in_;
};

Error unavailable(const base::Unavailable& away) {
    return {ErrorKind::unavailable, "Try again in a moment.", {}, away.retry_after().count()};
}

/// What a backend that is broken, or a defect, is to the caller.
Error broken(const http::Request& request, std::exception_ptr thrown) {
    try {
        std::rethrow_exception(std::move(thrown));
    } catch (const base::StorageFull& full) {
        log::debug("no room", {{"request_id", request.id}, {"reason", full.what()}});
        return error(ErrorKind::insufficient_storage, "What is here can be read. Whoever runs it has been told.");
    } catch (const base::Unavailable& away) {
        log::debug("unavailable", {{"request_id", request.id}, {"reason", away.what()}});
        return unavailable(away);
    } catch (const std::exception& defect) {
        log::error("a request failed", {{"request_id", request.id}, {"error", defect.what()}});
        return error(ErrorKind::internal, "This is our fault; the request id helps to find it.");
    }
}

/// A page for a browser, words for who reads them from a command, else a problem document.
http::Response said_as_fits(const http::Request& request, const Error& error, const Route* route = nullptr) {
    if (prefers_page(request)) return error_page(request, error);
    if (route && route->plain && is_read_as_it_comes(request)) return http::problem_text(error);
    return http::problem(error, route && route->message);
}

/// What went wrong, in the form that the caller asked for.
Awaitable<http::Response> explain(const Route& route, Exchange& exchange, Error wrong, bool came_in) {
    std::optional<Error> again;
    // To be refused costs the caller nothing, so it may cost little here: a long text is not shown once more. Whoever
    // was let in and met a broken backend gets all of it back.
    const bool let_in = came_in && (wrong.kind == ErrorKind::unavailable ||
                                    wrong.kind == ErrorKind::insufficient_storage || wrong.kind == ErrorKind::internal);
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

Application::Application(Services services, std::shared_ptr<base::QueueMeter> requests)
    : services_{services}, router_{router_rows()}, gate_{std::move(requests)} {}

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
        answer.response.constant_fields = exposure_fields(true, false);  // it was one of the two reads of a link
        return true;
    }
}

http::Response Application::answer_options(const http::Request& request, std::string_view allow) const {
    http::Response response;
    response.status = 204;
    response.add("Allow", allow);
    const std::optional<std::size_t> read = router_.find(http::Method::get, request.path).row;
    if (!read || !routes()[*read].open) return response;
    response.prepared_fields = preflight_fields();
    response.constant_fields = exposure_fields(true, true);
    return response;
}

Awaitable<http::Service::Answer> Application::answer(http::Request& request) {
    Answer answer;
    http::Router::Match match = router_.find(request.method, request.path);
    if (request.method == http::Method::options) {
        if (request.path == "*") match.allow = router_.allowed_anywhere();
        if (!match.allow.empty()) {
            answer.response = answer_options(request, match.allow);
            co_return answer;
        }
    }
    if (!match.row) {
        const bool known_path = !match.allow.empty();
        answer.response =
            said_as_fits(request, error(known_path ? ErrorKind::method_not_allowed : ErrorKind::not_found));
        if (known_path) answer.response.add("Allow", match.allow);
        co_return answer;
    }
    const Route& route = routes()[*match.row];
    answer.route = route.pattern;
    base::Turn::does(route.pattern);
    if (match.malformed) {
        answer.response = said_as_fits(
            request,
            error(ErrorKind::bad_request, "The address is broken: what stands after % in it is not text in UTF-8."),
            &route);
        answer.response.constant_fields = exposure_fields(route.open, !route.of_snippet);
        co_return answer;
    }
    Exchange exchange{request, services_, std::move(match.parameters), base::deadline_in(kRequestTimeout)};
    const bool robot = names_itself_robot(request.field(http::Field::user_agent));
    const base::Party party{base::client_number(http::share_key(request.client)), route.work,
                            robot ? base::Standing::bot : base::Standing::anonymous};
    exchange.deadline.party = party;
    const Inside inside{gate_, party};
    std::optional<Error> wrong;
    // A password that cannot be checked is refused before anything is read, charged or looked up for it.
    const bool let_in =
        inside.let_in() && (route.work != Work::auth || services_.passwords.has_room(exchange.deadline.party));
    if (!let_in) {
        wrong = unavailable(base::Unavailable{"more requests come than can be answered"});
    } else {
        try {
            Result<http::Response> result = co_await run_stages(route, exchange);
            if (result) {
                answer.response = *std::move(result);
                wrong = weigh_read(request, answer.response);
            } else {
                wrong = result.error();
            }
        } catch (...) {
            wrong = broken(request, std::current_exception());
        }
    }
    if (wrong) answer.response = co_await explain(route, exchange, *std::move(wrong), let_in);
    const std::string_view client = exchange.caller.account ? exchange.caller.account->username : exchange.address;
    services_.costs.name(exchange.deadline.party.client, client);
    if (answer.response.status == 401) answer.response.add("WWW-Authenticate", "Bearer");
    charge_egress(exchange, answer.response);
    answer.response.fields += rate_limit_fields(exchange.charged);
    const bool of_account = route.access == Access::account || route.access == Access::page_account;
    const bool listable = !is_safe(route.method) || (!of_account && (!route.of_snippet || exchange.listable));
    answer.response.constant_fields = exposure_fields(route.open, listable);
    co_return answer;
}

}  // namespace snippetd::application
