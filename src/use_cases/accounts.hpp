#pragma once

#include "use_cases/call.hpp"
#include "use_cases/complaints.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

/// What is done to an account. Hashing a password takes tens of milliseconds and may wait for others' hashes, so what
/// follows it has time of its own.
namespace snippetd::use_cases {

inline constexpr std::int64_t kSessionSeconds = 30 * 24 * 3600;

/// As they were sent; the use cases say what is wrong with them.
struct CredentialsInput {
    std::optional<std::string> username, password;
    Complaints complaints;  ///< of whoever took the input apart
};
struct PasswordInput {
    std::optional<std::string> current, next;
    bool revoke_tokens = false;
    Complaints complaints;
};

struct Credentials {
    std::string username;  ///< lower case
    std::string password;
};
/// For a new account the password comes back prepared (`base::opaque_string`), else as it was typed. Else 422.
Result<Credentials> check(CredentialsInput input, bool for_new_account);

/// Where the caller keeps sessions: a browser. What begins takes the place of what it has.
struct SessionHolder {
    auth::SecretKind kind = auth::SecretKind::session;  ///< of those that begin
    std::vector<std::string> hashes;                    ///< of those that it has, as they are stored
};

struct Entered {
    model::Account account;
    std::string session;  ///< the secret of the one that has begun
};

Awaitable<Result<Entered>> sign_up(Call& call, CredentialsInput input, SessionHolder holder);
Awaitable<Result<Entered>> log_in(Call& call, CredentialsInput input, SessionHolder holder);
/// Ends the holder's sessions, here and on all instances.
Awaitable<void> log_out(Call& call, SessionHolder holder);

/// The account with this name and password, or 401. Charged by the name as well: guessing at one account from many
/// addresses is guessing all the same.
Awaitable<Result<store::StoredAccount>> verify(Call& call, Credentials credentials);

struct ChangedPassword {
    std::int64_t tokens_revoked = 0;
    std::int64_t tokens_left = 0;
    std::string session;  ///< the secret of the one that begins; empty for a caller who came without a cookie
};
/// All other sessions end. 403 for a wrong password.
Awaitable<Result<ChangedPassword>> change_password(Call& call, PasswordInput input, auth::SecretKind kind);

/// With all that it has, once `password` has proved that it is meant; else 403. May be repeated when it is cut off.
Awaitable<Result<void>> delete_account(Call& call, std::string password);

}  // namespace snippetd::use_cases
