#include "api/access.hpp"

#include "api/exposure.hpp"
#include "base/secret.hpp"
#include "http/conditions.hpp"

#include <algorithm>
#include <cctype>

#include <fmt/format.h>

namespace snippetd::api {

namespace {

/// What `Authorization` says in a scheme of this service; nothing when it is another one's: what asks for a password
/// before this service is reached (RFC 7617) has the browser send it along with everything.
std::optional<std::string_view> bearer_token(const http::Request& request) {
    std::string_view value = request.field(http::Field::authorization);
    // `token` is what GitHub's clients say.
    const std::string_view sent = value.substr(0, value.find_first_of(" \t"));
    for (const std::string_view scheme : {"bearer", "token"}) {
        const bool matches = std::equal(scheme.begin(), scheme.end(), sent.begin(), sent.end(), [](char a, char b) {
            return a == std::tolower(static_cast<unsigned char>(b));
        });
        if (!matches) continue;
        value.remove_prefix(scheme.size());
        while (!value.empty() && value.front() == ' ') value.remove_prefix(1);
        return value;
    }
    return std::nullopt;
}

}  // namespace

Awaitable<void> identify(Exchange& exchange) {
    Caller& caller = exchange.caller;
    const http::Request& request = exchange.request;
    auth::Identities& identities = exchange.services.identities;
    caller.edit_token = request.field(http::Field::edit_token);
    caller.session = find_session_cookie(request);
    const std::optional<std::string_view> bearer = bearer_token(request);
    if (bearer && bearer->starts_with(auth::kEditTokenPrefix)) {
        caller.edit_token = *bearer;
    } else if (bearer) {
        // Whoever sends this header means it: a token that opens nothing does not fall back to the cookie.
        if (bearer->starts_with(auth::kTokenPrefix)) {
            caller.account = co_await identities.find(auth::SecretKind::token, *bearer, exchange.deadline);
        }
        caller.rejected = !caller.account;
        co_return;
    }
    if (caller.edit_token.empty()) {
        caller.edit_token = http::find_cookie(request, "edit");
        caller.by_cookie = !caller.edit_token.empty();
    }
    if (caller.session.secret.empty()) co_return;
    caller.account = co_await identities.find(caller.session.kind, caller.session.secret, exchange.deadline);
    caller.by_cookie = caller.by_cookie || caller.account.has_value();
    caller.rejected = !caller.account;
}

store::TokenMaker secret_of(const Exchange& exchange) {
    const Caller& caller = exchange.caller;
    using Kind = store::TokenMaker::Kind;
    if (caller.by_cookie) {
        return {caller.account->id, Kind::session, auth::hash_secret(caller.session.kind, caller.session.secret)};
    }
    return {caller.account->id, Kind::token,
            auth::hash_secret(auth::SecretKind::token, bearer_token(exchange.request).value_or(""))};
}

Error unauthenticated(const Caller& caller) {
    return error(ErrorKind::unauthenticated,
                 caller.rejected ? "The session or token is not valid (any more)." : "This needs an account.");
}

std::optional<Error> refuse_nobody(const Caller& caller) {
    if (!caller.account && caller.edit_token.empty()) return unauthenticated(caller);
    return std::nullopt;
}

bool owns(const Caller& caller, const model::Snippet& snippet) {
    return caller.account && !snippet.owner_id.empty() && caller.account->id == snippet.owner_id;
}

bool may_edit(const Caller& caller, const model::Snippet& snippet) {
    if (owns(caller, snippet)) return true;
    if (snippet.edit_token_hash.empty() || caller.edit_token.empty()) return false;
    return base::equal_in_constant_time(auth::hash_secret(auth::SecretKind::edit, caller.edit_token),
                                        snippet.edit_token_hash);
}

bool may_read(const Caller& caller, const model::Snippet& snippet) {
    return snippet.visibility != model::Visibility::private_ || may_edit(caller, snippet);
}

bool is_snippet_id(std::string_view id) {
    return id.size() == 12 &&
           std::all_of(id.begin(), id.end(), [](unsigned char c) { return std::isalnum(c) && c < 0x80; });
}

Awaitable<Result<model::Account>> find_account(Exchange& exchange, std::string username) {
    std::transform(username.begin(), username.end(), username.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    std::optional<store::StoredAccount> found =
        co_await exchange.services.store.find_account(std::move(username), exchange.deadline);
    if (!found) co_return error(ErrorKind::not_found);
    co_return std::move(found->account);
}

Awaitable<Result<model::Snippet>> load_snippet(Exchange& exchange, std::string id) {
    if (!is_snippet_id(id)) co_return error(ErrorKind::not_found);
    const store::Loaded found = co_await exchange.services.store.load_snippet(std::move(id), exchange.deadline);
    if (found.state == store::Loaded::State::missing) {
        const bool known =
            !found.gone_for.empty() && exchange.caller.account && exchange.caller.account->id == found.gone_for;
        co_return error(known ? ErrorKind::gone : ErrorKind::not_found);
    }
    if (found.state == store::Loaded::State::gone) co_return error(ErrorKind::gone);
    if (found.expired()) {
        const bool hidden = !may_read(exchange.caller, *found.snippet);
        co_return error(hidden ? ErrorKind::not_found : ErrorKind::gone);
    }
    exchange.listable = is_listable(*found.snippet);
    co_return *found.snippet;
}

std::optional<Error> refuse_stale(const Exchange& exchange, const model::Snippet& snippet) {
    if (!http::has_preconditions(exchange.request)) return std::nullopt;
    const std::string etag = fmt::format("\"v{}\"", snippet.version);
    http::Validators current;
    current.etag = etag;
    current.any_representation = true;
    current.modified_at = snippet.updated_at;
    if (http::weigh_preconditions(exchange.request, current) != http::Precondition::failed) return std::nullopt;
    return error(ErrorKind::precondition_failed);
}

Awaitable<Result<model::Snippet>> load_for_edit(Exchange& exchange, std::string id) {
    Result<model::Snippet> snippet = co_await load_snippet(exchange, std::move(id));
    if (!snippet || may_edit(exchange.caller, *snippet)) co_return snippet;
    if (!may_read(exchange.caller, *snippet)) co_return error(ErrorKind::not_found);
    co_return error(ErrorKind::forbidden, "Only the owner may do this.");
}

}  // namespace snippetd::api
