#include "use_cases/access.hpp"

#include "base/ascii.hpp"
#include "base/secret.hpp"

#include <algorithm>
#include <cctype>

namespace snippetd::use_cases {

store::TokenMaker secret_of(const Caller& caller) {
    using Kind = store::TokenMaker::Kind;
    const Kind kind = caller.secret_kind == auth::SecretKind::token ? Kind::token : Kind::session;
    return {caller.account->id, kind, auth::hash_secret(caller.secret_kind, caller.secret)};
}

Error unauthenticated(const Caller& caller) {
    return error(ErrorKind::unauthenticated, caller.rejected
                                                 ? "The session has ended, or the token is wrong, expired or revoked."
                                                 : "This needs an account.");
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

bool is_listable(const model::Snippet& snippet) {
    return snippet.visibility == model::Visibility::public_ && !snippet.burn_after_reading;
}

bool is_snippet_id(std::string_view id) {
    const auto is_alphanumeric = [](char c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    };
    return id.size() == 12 && std::all_of(id.begin(), id.end(), is_alphanumeric);
}

Awaitable<Result<model::Account>> find_account(Call& call, std::string username) {
    username = base::lower_case(username);
    std::optional<store::StoredAccount> found =
        co_await call.services.store.find_account(std::move(username), call.deadline);
    if (!found) co_return error(ErrorKind::not_found);
    co_return std::move(found->account);
}

Awaitable<Result<model::Snippet>> load_snippet(Call& call, std::string id) {
    if (!is_snippet_id(id)) co_return error(ErrorKind::not_found);
    const store::Loaded found = co_await call.services.store.load_snippet(std::move(id), call.deadline);
    if (found.state == store::Loaded::State::missing) {
        const bool known = !found.gone_for.empty() && call.caller.account && call.caller.account->id == found.gone_for;
        co_return error(known ? ErrorKind::gone : ErrorKind::not_found);
    }
    if (found.state == store::Loaded::State::gone) co_return error(ErrorKind::gone);
    if (found.expired()) {
        const bool hidden = !may_read(call.caller, *found.snippet);
        co_return error(hidden ? ErrorKind::not_found : ErrorKind::gone);
    }
    call.listable = is_listable(*found.snippet);
    co_return *found.snippet;
}

Awaitable<Result<model::Snippet>> load_for_edit(Call& call, std::string id) {
    Result<model::Snippet> snippet = co_await load_snippet(call, std::move(id));
    if (!snippet || may_edit(call.caller, *snippet)) co_return snippet;
    if (!may_read(call.caller, *snippet)) co_return error(ErrorKind::not_found);
    co_return error(ErrorKind::forbidden, "Only the owner may do this.");
}

}  // namespace snippetd::use_cases
