#include "exchange/access.hpp"

#include "exchange/session_cookie.hpp"
#include "http/conditions.hpp"
#include "http/entity_tag.hpp"
#include "http/lists.hpp"

#include <fmt/format.h>

namespace snippetd::exchange {

namespace {

/// What `Authorization` says in a scheme of this service; nothing when it is another one's: what asks for a password
/// before this service is reached (RFC 7617) has the browser send it along with everything.
std::optional<std::string_view> bearer_token(const http::Request& request) {
    const std::string_view authorization = request.field(http::Field::authorization);
    // `token` is what GitHub's clients say.
    for (const std::string_view scheme : {"bearer", "token"}) {
        if (const auto token = http::credentials_of(authorization, scheme)) return token;
    }
    return std::nullopt;
}

/// From here on it is the account's turn that is taken, wherever it comes from.
void note_party(Exchange& exchange) {
    if (!exchange.caller.account) return;
    exchange.deadline.party.client = base::client_number(exchange.caller.account->id);
    exchange.deadline.party.standing = base::Standing::account;
}

}  // namespace

Awaitable<void> identify(Exchange& exchange) {
    Caller& caller = exchange.caller;
    const http::Request& request = exchange.request;
    auth::Identities& identities = exchange.services.identities;
    caller.edit_token = request.field(http::Field::edit_token);
    const SessionCookie session = find_session_cookie(request);
    const std::optional<std::string_view> bearer = bearer_token(request);
    if (bearer && bearer->starts_with(auth::kEditTokenPrefix)) {
        caller.edit_token = *bearer;
    } else if (bearer) {
        // Whoever sends this header means it: a token that opens nothing does not fall back to the cookie.
        if (bearer->starts_with(auth::kTokenPrefix)) {
            caller.secret = *bearer;
            caller.secret_kind = auth::SecretKind::token;
            std::optional<model::Bearer> found =
                co_await identities.find(caller.secret_kind, caller.secret, exchange.deadline);
            if (found) caller.token_id = std::move(found->token_id);
            caller.account = std::move(found);
        }
        caller.rejected = !caller.account;
        note_party(exchange);
        co_return;
    }
    if (caller.edit_token.empty()) {
        caller.edit_token = http::find_cookie(request, "edit");
        caller.by_cookie = !caller.edit_token.empty();
    }
    if (session.secret.empty()) co_return;
    caller.secret = session.secret;
    caller.secret_kind = session.kind;
    caller.account = co_await identities.find(caller.secret_kind, caller.secret, exchange.deadline);
    caller.by_cookie = caller.by_cookie || caller.account.has_value();
    caller.rejected = !caller.account;
    note_party(exchange);
}

namespace {

bool holds(const http::Request& request, const model::Snippet& snippet) {
    const std::string etag = http::strong_entity_tag(fmt::format("v{}", snippet.version));
    http::Validators current;
    current.etag = etag;
    current.any_representation = true;
    current.modified_at = snippet.updated_at;
    return http::weigh_preconditions(request, current) != http::Precondition::failed;
}

}  // namespace

Condition condition_of(const Exchange& exchange) {
    if (!http::has_preconditions(exchange.request)) return {};
    return [&request = exchange.request](const model::Snippet& snippet) { return holds(request, snippet); };
}

std::optional<Error> refuse_stale(const Exchange& exchange, const model::Snippet& snippet) {
    const Condition condition = condition_of(exchange);
    if (!condition || condition(snippet)) return std::nullopt;
    return error(ErrorKind::precondition_failed);
}

}  // namespace snippetd::exchange
