#include "api/access.hpp"
#include "api/handlers.hpp"
#include "api/input.hpp"
#include "api/page.hpp"
#include "api/session_cookie.hpp"
#include "base/json_text.hpp"
#include "base/precis.hpp"
#include "base/secret.hpp"
#include "base/utf8.hpp"

#include <algorithm>
#include <cctype>
#include <limits>

#include <boost/json.hpp>
#include <fmt/format.h>

namespace snippetd::api {

namespace {

constexpr std::size_t kAccountIdCharacters = 12;
// Hashing takes tens of milliseconds and may wait for others' hashes, so signing in has more time than other requests.
constexpr base::Milliseconds kStoreTimeout{750};
// Deleting an account takes as long as it has snippets. What is not done in this time a repeated request goes on with.
constexpr base::Milliseconds kDeletionTimeout{30'000};
constexpr base::Milliseconds kDeletionStepTimeout{4'000};
constexpr int kSnippetsAtOnceMax = 50;   // each with all its revisions
constexpr int kSecretsAtOnceMax = 1000;  // sessions and the like
constexpr base::UnixMillis kEver = std::numeric_limits<base::UnixMillis>::max();

std::string account_json(const model::Account& account) {
    return fmt::format(R"({{"id":"{}","username":"{}","created_at":"{}"}})", account.id, account.username,
                       base::format_rfc3339(account.created_at));
}

Error wrong_credentials() {
    return error(ErrorKind::unauthenticated, "The username or the password is wrong.");
}

/// Ends what the request's cookies name, here and on all instances.
Awaitable<void> end_sessions_of_cookies(Exchange& exchange, base::Deadline deadline) {
    for (const std::string& hash : session_hashes(exchange.request)) {
        co_await exchange.services.store.delete_session(hash, deadline);
        co_await exchange.services.identities.forget(hash);
    }
}

/// Starts a session in the place of the one that the browser had, and answers with the account and the cookie; 401 when
/// the password has been changed, or the account deleted, since it was verified.
Answer signed_in(Exchange& exchange, unsigned status, const store::StoredAccount& verified) {
    const model::Account& account = verified.account;
    const std::string secret = base::random_secret();
    const base::Deadline deadline = base::deadline_in(kStoreTimeout);
    const base::Milliseconds lifetime = std::chrono::seconds{kSessionSeconds};
    const bool begun = co_await exchange.services.store.create_session(
        new_session_hash(exchange.request, secret), account.id, verified.password_hash, lifetime, deadline);
    if (!begun) co_return wrong_credentials();
    co_await end_sessions_of_cookies(exchange, deadline);
    http::Response response = http::json_response(status, account_json(account));
    add_session_cookie(response, exchange.request, secret);
    co_return response;
}

Result<Credentials> credentials_of(const http::Request& request, bool for_new_account) {
    Result<boost::json::object> object = parse_object(request);
    if (!object) return object.error();
    return read_credentials(*object, for_new_account);
}

/// The caller's account as it is stored, once `password` has proved to be its password; else 403. Guessing here is
/// guessing at the account all the same, so it is charged as signing in is.
Awaitable<Result<store::StoredAccount>> verify_caller(Exchange& exchange, std::string password) {
    const model::Account& caller = *exchange.caller.account;
    std::optional<Error> limited = co_await charge(exchange, "login", "name:" + caller.username);
    if (limited) co_return *std::move(limited);
    std::optional<store::StoredAccount> found =
        co_await exchange.services.store.find_account(caller.username, exchange.deadline);
    // Deleted since the caller was identified; the name may be somebody else's by now.
    if (!found || found->account.id != caller.id) {
        exchange.caller.rejected = true;
        co_return unauthenticated(exchange.caller);
    }
    const auth::Passwords::Match match =
        co_await exchange.services.passwords.verify(found->password_hash, std::move(password));
    if (match == auth::Passwords::Match::none) {
        co_return error(ErrorKind::forbidden, "The current password is wrong.");
    }
    co_return *std::move(found);
}

/// As delete_snippet does it: after the commit, and also when its outcome is not known, nobody on this instance sees
/// them any more, and the other instances have been told.
Awaitable<void> delete_batch(Exchange& exchange, const std::string& account_id, std::vector<std::string> ids) {
    std::exception_ptr unknown;
    try {
        co_await exchange.services.store.delete_owned(account_id, ids, base::deadline_in(kDeletionStepTimeout));
    } catch (const base::Unavailable&) {
        unknown = std::current_exception();
    }
    for (const std::string& id : ids) {
        co_await exchange.services.cache.invalidate(id, model::kDeletedFloor);
    }
    if (unknown) std::rethrow_exception(unknown);
}

/// Sessions and tokens first, so that nothing new comes in; but not the one that the request came with, so that it can
/// be repeated when it is cut off. Once all is gone that there was, that one ends as well if it creates meanwhile: no
/// deletion keeps up with creates on several instances.
Awaitable<void> delete_everything(Exchange& exchange, const std::string& account_id) {
    store::Store& store = exchange.services.store;
    const base::Deadline deadline = base::deadline_in(kDeletionTimeout);
    std::string kept = secret_of(exchange).hash;
    base::UnixMillis end = co_await store.now(deadline);
    bool cleared = false, deleted = false;
    while (!deleted) {
        if (base::steady_now() >= deadline) throw base::Unavailable{"the account has more than can be deleted at once"};
        const base::Deadline step = base::deadline_in(kDeletionStepTimeout);
        if (!cleared) {
            cleared = co_await store.clear_account(account_id, kept, kSecretsAtOnceMax, step);
            if (cleared) co_await exchange.services.identities.forget_account(account_id);
            continue;
        }
        std::vector<std::string> ids = co_await store.list_owned_ids(account_id, end, kSnippetsAtOnceMax, step);
        if (!ids.empty()) {
            co_await delete_batch(exchange, account_id, std::move(ids));
            continue;
        }
        deleted = co_await store.delete_account(account_id, step);
        if (!deleted) {
            kept.clear();
            cleared = false;
            end = kEver;
        }
    }
}

}  // namespace

Answer sign_up(Exchange& exchange) {
    if (!exchange.services.options.signup) co_return error(ErrorKind::forbidden, "Signing up is closed here.");
    Result<Credentials> credentials = credentials_of(exchange.request, true);
    if (!credentials) co_return credentials.error();
    std::string hash = co_await exchange.services.passwords.hash(credentials->password);
    const base::Deadline deadline = base::deadline_in(kStoreTimeout);
    const base::UnixMillis now = co_await exchange.services.store.now(deadline);
    model::Account account{base::random_alphanumeric(kAccountIdCharacters), credentials->username, now};
    const bool created = co_await exchange.services.store.create_account(account, hash, deadline);
    if (!created) co_return error(ErrorKind::conflict, "This username is taken.");
    const store::StoredAccount stored{std::move(account), std::move(hash)};
    co_return co_await signed_in(exchange, 201, stored);
}

namespace {

/// The account with this name and password, or 401.
Awaitable<Result<store::StoredAccount>> verify(Exchange& exchange, Credentials credentials) {
    // Per name as well: guessing at one account from many addresses is guessing all the same.
    std::optional<Error> limited = co_await charge(exchange, "login", "name:" + credentials.username);
    if (limited) co_return *std::move(limited);
    // Twice when another log-in hashes the password anew in between.
    for (int attempt = 0; attempt < 2; ++attempt) {
        std::optional<store::StoredAccount> found =
            co_await exchange.services.store.find_account(credentials.username, base::deadline_in(kStoreTimeout));
        // An unknown name costs what a wrong password costs.
        const std::string hash = found ? found->password_hash : exchange.services.passwords.nobody();
        const auth::Passwords::Match match = co_await exchange.services.passwords.verify(hash, credentials.password);
        if (!found || match == auth::Passwords::Match::none) co_return wrong_credentials();
        const std::optional<std::string> prepared = base::opaque_string(credentials.password);
        if (match == auth::Passwords::Match::full || !prepared) co_return *std::move(found);
        const std::string anew = co_await exchange.services.passwords.hash(*prepared);
        const bool replaced = co_await exchange.services.store.replace_password_hash(found->account.id, hash, anew,
                                                                                     base::deadline_in(kStoreTimeout));
        if (!replaced) continue;
        found->password_hash = anew;
        co_return *std::move(found);
    }
    co_return wrong_credentials();
}

/// A note as a token's name, which has 1 to 100 characters: what is too long is cut, control characters are left out.
std::string token_name(std::string_view note) {
    constexpr std::size_t kBytesMax = 100;
    std::string name;
    for (const char c : note.substr(0, kBytesMax)) {
        if (static_cast<unsigned char>(c) >= 0x20 && c != 0x7F) name += c;
    }
    // Not in the middle of a character.
    while (!name.empty() && !base::count_code_points(name)) name.pop_back();
    return name.empty() || base::has_control_characters(name) ? "gist" : name;
}

/// From `Authorization: Basic` (RFC 7617); nothing when it is none, or no account can have them.
std::optional<Credentials> basic_credentials(const http::Request& request) {
    std::string_view value = request.field(http::Field::authorization);
    constexpr std::string_view kScheme = "basic ";
    const bool is_basic = value.size() > kScheme.size() &&
                          std::equal(kScheme.begin(), kScheme.end(), value.begin(),
                                     [](char a, char b) { return a == std::tolower(static_cast<unsigned char>(b)); });
    if (!is_basic) return std::nullopt;
    value.remove_prefix(std::min(value.find_first_not_of(' ', kScheme.size()), value.size()));
    const std::optional<std::string> text = base::from_base64(value);
    const std::size_t colon = text ? text->find(':') : std::string::npos;
    if (colon == std::string::npos || !base::count_code_points(*text)) return std::nullopt;
    const boost::json::object object{{"username", text->substr(0, colon)}, {"password", text->substr(colon + 1)}};
    const Result<Credentials> credentials = read_credentials(object, false);
    return credentials ? std::optional{*credentials} : std::nullopt;
}

}  // namespace

Answer log_in(Exchange& exchange) {
    Result<Credentials> credentials = credentials_of(exchange.request, false);
    if (!credentials) co_return credentials.error();
    Result<store::StoredAccount> verified = co_await verify(exchange, *std::move(credentials));
    if (!verified) co_return verified.error();
    co_return co_await signed_in(exchange, 200, *verified);
}

Answer authorize(Exchange& exchange) {
    Result<boost::json::object> object = parse_object(exchange.request);
    if (!object) co_return object.error();
    Members members{*object};
    const std::string note = token_name(members.text("note", true).value_or(""));
    members.text("note_url", true);
    members.texts("scopes");  // all of a token's, whatever is asked for
    if (auto wrong = members.finish()) co_return *std::move(wrong);
    std::optional<Credentials> credentials = basic_credentials(exchange.request);
    if (!credentials) co_return error(ErrorKind::unauthenticated, "The username or the password is missing or wrong.");
    Result<store::StoredAccount> verified = co_await verify(exchange, *std::move(credentials));
    if (!verified) co_return verified.error();
    const boost::json::object token{{"name", note}};
    co_await put_json(exchange, token);
    store::TokenMaker maker{verified->account.id, store::TokenMaker::Kind::password, verified->password_hash};
    Result<http::Response> created = co_await make_token(exchange, std::move(maker));
    if (!created) co_return created;
    boost::json::value answer = boost::json::parse(created->body);
    answer.as_object()["note"] = note;
    created->body = boost::json::serialize(answer);
    co_return created;
}

Answer log_out(Exchange& exchange) {
    co_await end_sessions_of_cookies(exchange, exchange.deadline);
    http::Response response;
    response.status = 204;
    remove_session_cookies(response, exchange.request);
    co_return response;
}

Answer who_am_i(Exchange& exchange) {
    co_return http::json_response(200, account_json(*exchange.caller.account));
}

Answer change_password(Exchange& exchange) {
    Result<boost::json::object> object = parse_object(exchange.request);
    if (!object) co_return object.error();
    Result<NewPassword> input = read_new_password(*object);
    if (!input) co_return input.error();
    Result<store::StoredAccount> verified = co_await verify_caller(exchange, std::move(input->current));
    if (!verified) co_return verified.error();
    store::PasswordChange change;
    change.account_id = verified->account.id;
    change.old_hash = verified->password_hash;
    change.new_hash = co_await exchange.services.passwords.hash(std::move(input->next));
    change.end_tokens = input->revoke_tokens;
    // Whoever may have read the cookie has an old one now. A caller with a token has none, and gets none.
    const std::string secret = exchange.caller.by_cookie ? base::random_secret() : std::string{};
    if (!secret.empty()) change.session_hash = new_session_hash(exchange.request, secret);
    change.session_lifetime = std::chrono::seconds{kSessionSeconds};
    std::optional<store::PasswordChanged> changed;
    std::exception_ptr unknown;
    try {
        changed = co_await exchange.services.store.set_password(std::move(change), base::deadline_in(kStoreTimeout));
    } catch (const base::Unavailable&) {
        unknown = std::current_exception();
    }
    // What has an unknown outcome may have ended the sessions, so they are looked up again then, too.
    co_await exchange.services.identities.forget_account(verified->account.id);
    if (unknown) std::rethrow_exception(unknown);
    if (!changed) co_return error(ErrorKind::forbidden, "The password has been changed meanwhile.");
    http::Response response = http::json_response(200, fmt::format(R"({{"tokens_revoked":{},"tokens_remaining":{}}})",
                                                                   changed->tokens_ended, changed->tokens_left));
    if (!secret.empty()) add_session_cookie(response, exchange.request, secret);
    co_return response;
}

Answer delete_account(Exchange& exchange) {
    Result<boost::json::object> object = parse_object(exchange.request);
    if (!object) co_return object.error();
    Result<std::string> password = read_password(*object);
    if (!password) co_return password.error();
    Result<store::StoredAccount> verified = co_await verify_caller(exchange, *std::move(password));
    if (!verified) co_return verified.error();
    const std::string account_id = verified->account.id;
    std::exception_ptr unfinished;
    try {
        co_await delete_everything(exchange, account_id);
    } catch (const base::Unavailable&) {
        unfinished = std::current_exception();
    }
    // Also when it is not finished: any of its steps may have ended sessions and tokens.
    co_await exchange.services.identities.forget_account(account_id);
    if (unfinished) std::rethrow_exception(unfinished);
    http::Response response;
    response.status = 204;
    remove_session_cookies(response, exchange.request);
    co_return response;
}

}  // namespace snippetd::api
