#include "use_cases/accounts.hpp"

#include "base/ascii.hpp"
#include "base/precis.hpp"
#include "base/secret.hpp"
#include "base/utf8.hpp"
#include "use_cases/access.hpp"
#include "use_cases/charge.hpp"

#include <algorithm>
#include <chrono>
#include <exception>
#include <limits>
#include <utility>

namespace snippetd::use_cases {

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

Error wrong_credentials() {
    return error(ErrorKind::unauthenticated, "The username or the password is wrong.");
}

bool has_length(const std::optional<std::string>& password) {
    const std::size_t length = password ? base::count_code_points(*password).value_or(0) : 0;
    return length >= 8 && length <= 256;
}

/// A new one, prepared.
std::string prepare(Complaints& complaints, std::string_view name, const std::string& password) {
    std::optional<std::string> prepared = base::opaque_string(password);
    if (!has_length(prepared)) complaints.add(name, "has 8 to 256 characters, without control characters");
    return std::move(prepared).value_or(std::string{});
}

void require(Complaints& complaints, std::string_view name, const std::optional<std::string>& value) {
    if (!value) complaints.add(name, "is required");
}

Awaitable<void> end_sessions(Call& call, const std::vector<std::string>& hashes, base::Deadline deadline) {
    for (const std::string& hash : hashes) {
        co_await call.services.store.delete_session(hash, deadline);
        co_await call.services.identities.forget(hash);
    }
}

/// Begins a session in the place of those of the holder; 401 when the password has been changed, or the account
/// deleted, since it was verified.
Awaitable<Result<Entered>> begin_session(Call& call, const store::StoredAccount& verified, SessionHolder holder) {
    std::string secret = base::random_secret();
    // The service's own work: a password has been checked, or an account made, which must not have been for nothing.
    const base::Deadline deadline = base::deadline_in(kStoreTimeout);
    const base::Milliseconds lifetime = std::chrono::seconds{kSessionSeconds};
    const bool begun = co_await call.services.store.create_session(
        auth::hash_secret(holder.kind, secret), verified.account.id, verified.password_hash, lifetime, deadline);
    if (!begun) co_return wrong_credentials();
    co_await end_sessions(call, holder.hashes, deadline);
    co_return Entered{verified.account, std::move(secret)};
}

/// The caller's account as it is stored, once `password` has proved to be its password; else 403. Guessing here is
/// guessing at the account all the same, so it is charged as signing in is.
Awaitable<Result<store::StoredAccount>> verify_caller(Call& call, std::string password) {
    const model::Account& caller = *call.caller.account;
    std::optional<Error> limited = co_await charge(call, "login", "name:" + caller.username);
    if (limited) co_return *std::move(limited);
    std::optional<store::StoredAccount> found =
        co_await call.services.store.find_account(caller.username, call.deadline);
    // Deleted since the caller was identified; the name may be somebody else's by now.
    if (!found || found->account.id != caller.id) {
        call.caller.rejected = true;
        co_return unauthenticated(call.caller);
    }
    const auth::Passwords::Match match =
        co_await call.services.passwords.verify(found->password_hash, std::move(password), call.deadline.party);
    if (match == auth::Passwords::Match::none) {
        co_return error(ErrorKind::forbidden, "The current password is wrong.");
    }
    co_return *std::move(found);
}

/// As delete_snippet does it: after the commit, and also when its outcome is not known, nobody on this instance sees
/// them any more, and the other instances have been told.
Awaitable<void> delete_batch(Call& call, const std::string& account_id, std::vector<std::string> ids) {
    std::exception_ptr unknown;
    try {
        co_await call.services.store.delete_owned(account_id, ids,
                                                  base::deadline_in(kDeletionStepTimeout, call.deadline.party));
    } catch (const base::Unavailable&) {
        unknown = std::current_exception();
    }
    for (const std::string& id : ids) {
        co_await call.services.cache.invalidate(id, model::kDeletedFloor);
    }
    if (unknown) std::rethrow_exception(unknown);
}

/// Sessions and tokens first, so that nothing new comes in; but not the one that the request came with, so that it can
/// be repeated when it is cut off. Once all is gone that there was, that one ends as well if it creates meanwhile: no
/// deletion keeps up with creates on several instances.
Awaitable<void> delete_everything(Call& call, const std::string& account_id) {
    store::Store& store = call.services.store;
    const base::Deadline deadline = base::deadline_in(kDeletionTimeout, call.deadline.party);
    std::string kept = secret_of(call.caller).hash;
    base::UnixMillis end = co_await store.now(deadline);
    bool cleared = false, deleted = false;
    while (!deleted) {
        if (base::steady_now() >= deadline) throw base::Unavailable{"the account has more than can be deleted at once"};
        const base::Deadline step = base::deadline_in(kDeletionStepTimeout, call.deadline.party);
        if (!cleared) {
            cleared = co_await store.clear_account(account_id, kept, kSecretsAtOnceMax, step);
            if (cleared) co_await call.services.identities.forget_account(account_id);
            continue;
        }
        std::vector<std::string> ids = co_await store.list_owned_ids(account_id, end, kSnippetsAtOnceMax, step);
        if (!ids.empty()) {
            co_await delete_batch(call, account_id, std::move(ids));
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

Result<Credentials> check(CredentialsInput input, bool for_new_account) {
    Complaints& complaints = input.complaints;
    Credentials credentials;
    require(complaints, "username", input.username);
    require(complaints, "password", input.password);
    if (input.username) {
        credentials.username = base::lower_case(*input.username);
        if (!model::is_username(credentials.username))
            complaints.add("username", "has 2 to 32 characters of a-z 0-9 _ -");
    }
    if (input.password && for_new_account) {
        credentials.password = prepare(complaints, "password", *input.password);
    } else if (input.password) {
        // Before passwords were prepared their length was counted as they were typed.
        if (!has_length(input.password) && !has_length(base::opaque_string(*input.password))) {
            complaints.add("password", "has 8 to 256 characters");
        }
        credentials.password = *std::move(input.password);
    }
    if (std::optional<Error> wrong = complaints.to_error()) return *std::move(wrong);
    return credentials;
}

Awaitable<Result<Entered>> sign_up(Call& call, CredentialsInput input, SessionHolder holder) {
    if (!call.services.options.signup) co_return error(ErrorKind::forbidden, "Signing up is closed here.");
    Result<Credentials> credentials = check(std::move(input), true);
    if (!credentials) co_return credentials.error();
    std::string hash = co_await call.services.passwords.hash(credentials->password, call.deadline.party);
    const base::Deadline deadline = base::deadline_in(kStoreTimeout, call.deadline.party);
    const base::UnixMillis now = co_await call.services.store.now(deadline);
    model::Account account{base::random_alphanumeric(kAccountIdCharacters), credentials->username, now};
    const bool created = co_await call.services.store.create_account(account, hash, deadline);
    if (!created) co_return error(ErrorKind::conflict, "This username is taken.");
    const store::StoredAccount stored{std::move(account), std::move(hash)};
    co_return co_await begin_session(call, stored, std::move(holder));
}

Awaitable<Result<store::StoredAccount>> verify(Call& call, Credentials credentials) {
    std::optional<Error> limited = co_await charge(call, "login", "name:" + credentials.username);
    if (limited) co_return *std::move(limited);
    // Twice when another log-in hashes the password anew in between.
    for (int attempt = 0; attempt < 2; ++attempt) {
        std::optional<store::StoredAccount> found = co_await call.services.store.find_account(
            credentials.username, base::deadline_in(kStoreTimeout, call.deadline.party));
        // An unknown name costs what a wrong password costs.
        const std::string hash = found ? found->password_hash : call.services.passwords.nobody();
        const auth::Passwords::Match match =
            co_await call.services.passwords.verify(hash, credentials.password, call.deadline.party);
        if (!found || match == auth::Passwords::Match::none) co_return wrong_credentials();
        const std::optional<std::string> prepared = base::opaque_string(credentials.password);
        if (match == auth::Passwords::Match::full || !prepared) co_return *std::move(found);
        const std::string anew = co_await call.services.passwords.hash(*prepared, call.deadline.party);
        const bool replaced = co_await call.services.store.replace_password_hash(
            found->account.id, hash, anew, base::deadline_in(kStoreTimeout, call.deadline.party));
        if (!replaced) continue;
        found->password_hash = anew;
        co_return *std::move(found);
    }
    co_return wrong_credentials();
}

Awaitable<Result<Entered>> log_in(Call& call, CredentialsInput input, SessionHolder holder) {
    Result<Credentials> credentials = check(std::move(input), false);
    if (!credentials) co_return credentials.error();
    Result<store::StoredAccount> verified = co_await verify(call, *std::move(credentials));
    if (!verified) co_return verified.error();
    co_return co_await begin_session(call, *verified, std::move(holder));
}

Awaitable<void> log_out(Call& call, SessionHolder holder) {
    co_await end_sessions(call, holder.hashes, call.deadline);
}

Awaitable<Result<ChangedPassword>> change_password(Call& call, PasswordInput input, auth::SecretKind kind) {
    require(input.complaints, "current", input.current);
    require(input.complaints, "new", input.next);
    std::string next = input.next ? prepare(input.complaints, "new", *input.next) : std::string{};
    if (std::optional<Error> wrong = input.complaints.to_error()) co_return *std::move(wrong);
    Result<store::StoredAccount> verified = co_await verify_caller(call, *std::move(input.current));
    if (!verified) co_return verified.error();
    store::PasswordChange change;
    change.account_id = verified->account.id;
    change.old_hash = verified->password_hash;
    change.new_hash = co_await call.services.passwords.hash(std::move(next), call.deadline.party);
    change.end_tokens = input.revoke_tokens;
    // Whoever may have read the cookie has an old one now. A caller with a token has none, and gets none.
    ChangedPassword answer;
    if (call.caller.by_cookie) answer.session = base::random_secret();
    if (!answer.session.empty()) change.session_hash = auth::hash_secret(kind, answer.session);
    change.session_lifetime = std::chrono::seconds{kSessionSeconds};
    std::optional<store::PasswordChanged> changed;
    std::exception_ptr unknown;
    try {
        changed = co_await call.services.store.set_password(std::move(change),
                                                            base::deadline_in(kStoreTimeout, call.deadline.party));
    } catch (const base::Unavailable&) {
        unknown = std::current_exception();
    }
    // What has an unknown outcome may have ended the sessions, so they are looked up again then, too.
    co_await call.services.identities.forget_account(verified->account.id);
    if (unknown) std::rethrow_exception(unknown);
    if (!changed) co_return error(ErrorKind::forbidden, "The password has been changed meanwhile.");
    answer.tokens_revoked = changed->tokens_ended;
    answer.tokens_left = changed->tokens_left;
    co_return answer;
}

Awaitable<Result<void>> delete_account(Call& call, std::string password) {
    Result<store::StoredAccount> verified = co_await verify_caller(call, std::move(password));
    if (!verified) co_return verified.error();
    const std::string account_id = verified->account.id;
    std::exception_ptr unfinished;
    try {
        co_await delete_everything(call, account_id);
    } catch (const base::Unavailable&) {
        unfinished = std::current_exception();
    }
    // Also when it is not finished: any of its steps may have ended sessions and tokens.
    co_await call.services.identities.forget_account(account_id);
    if (unfinished) std::rethrow_exception(unfinished);
    co_return Result<void>{};
}

}  // namespace snippetd::use_cases
