#pragma once

#include "base/awaitable.hpp"
#include "base/clock.hpp"
#include "model/account.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace snippetd::store {

using base::Awaitable;
using base::Deadline;
using base::UnixMillis;

struct StoredAccount {
    model::Account account;
    std::string password_hash;
};

/// A new password, by its hash.
struct PasswordChange {
    std::string account_id;
    std::string old_hash;  ///< what the old password was verified against
    std::string new_hash;
    std::string session_hash;  ///< of a session that begins as all others end; empty for none
    base::Milliseconds session_lifetime{};
    bool end_tokens = false;
};

struct PasswordChanged {
    std::int64_t tokens_ended = 0;
    std::int64_t tokens_left = 0;  ///< that have not expired
};

/// By what right a token is made.
struct TokenMaker {
    enum class Kind { session, token, password };
    std::string account_id;
    Kind kind = Kind::session;
    std::string hash;  ///< of the session, of the token, or of the password
};

/// Accounts, and the sessions and tokens that open them. Secrets come in as hashes and are compared as such.
class Accounts {
  public:
    virtual ~Accounts() = default;

    /// False when the username is taken.
    virtual Awaitable<bool> create_account(model::Account account, std::string password_hash, Deadline deadline) = 0;
    virtual Awaitable<std::optional<StoredAccount>> find_account(std::string username, Deadline deadline) = 0;

    // An account is deleted in steps, each of which may be taken again. What its snippets leave in caches is the
    // caller's to invalidate, so they go by their ids and never by the way, with the account.

    /// Ends sessions and tokens of the account, but the one with the hash `kept`, and forgets its idempotency records;
    /// at most `limit` of each kind. True when none is left.
    virtual Awaitable<bool> clear_account(std::string account_id, std::string kept, int limit, Deadline deadline) = 0;
    /// The ids of at most `limit` of its snippets that were created before `end`, also of those that have expired.
    virtual Awaitable<std::vector<std::string>> list_owned_ids(std::string account_id, UnixMillis end, int limit,
                                                               Deadline deadline) = 0;
    /// As `delete_snippet` of each of them that the account owns, all or none.
    virtual Awaitable<void> delete_owned(std::string account_id, std::vector<std::string> ids, Deadline deadline) = 0;
    /// Removes the account and what is left of its sessions, tokens and records. False when it still has snippets, and
    /// nothing has been done; true also when it was gone already. A snippet that is being created for it is either
    /// there before, or never.
    virtual Awaitable<bool> delete_account(std::string account_id, Deadline deadline) = 0;

    /// Sets the password, ends all sessions of the account, and begins another one. Nothing when the account is gone,
    /// or its hash is not `old_hash` any more.
    virtual Awaitable<std::optional<PasswordChanged>> set_password(PasswordChange change, Deadline deadline) = 0;
    /// Another hash of the same password: nothing ends. False as above.
    virtual Awaitable<bool> replace_password_hash(std::string account_id, std::string old_hash, std::string new_hash,
                                                  Deadline deadline) = 0;

    /// `password_hash` is what the password was verified against. False when the account is gone, or that is not its
    /// hash any more: no session begins with a password that has been changed meanwhile.
    virtual Awaitable<bool> create_session(std::string hash, std::string account_id, std::string password_hash,
                                           base::Milliseconds lifetime, Deadline deadline) = 0;
    virtual Awaitable<bool> delete_session(std::string hash, Deadline deadline) = 0;
    /// The account of a session that has not expired.
    virtual Awaitable<std::optional<model::Bearer>> find_session(std::string hash, Deadline deadline) = 0;

    /// The token as it is stored: one that a token makes expires with it at the latest, and is gone with it. Nothing
    /// when the account is gone, or what makes the token is not good (any more).
    virtual Awaitable<std::optional<model::ApiToken>> create_token(model::ApiToken token, TokenMaker maker,
                                                                   std::string hash, Deadline deadline) = 0;
    virtual Awaitable<std::vector<model::ApiToken>> list_tokens(std::string account_id, Deadline deadline) = 0;
    /// With all that it has made. False when the account has no such token.
    virtual Awaitable<bool> delete_token(std::string account_id, std::string token_id, Deadline deadline) = 0;
    virtual Awaitable<void> delete_tokens(std::string account_id, Deadline deadline) = 0;
    /// The account of a token that has not expired.
    virtual Awaitable<std::optional<model::Bearer>> find_token(std::string hash, Deadline deadline) = 0;
};

}  // namespace snippetd::store
