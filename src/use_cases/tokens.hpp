#pragma once

#include "model/account.hpp"
#include "use_cases/accounts.hpp"
#include "use_cases/call.hpp"
#include "use_cases/complaints.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

/// Tokens, which open an account to programs. The caller has one.
namespace snippetd::use_cases {

inline constexpr std::int64_t kTokenSecondsMax = 10LL * 365 * 24 * 3600;

/// As it was sent; `create_token` says what is wrong with it.
struct TokenInput {
    std::optional<std::string> name;
    std::optional<std::int64_t> expires_in_s;  ///< absent: never
    Complaints complaints;                     ///< of whoever took the input apart
};

struct NewToken {
    model::ApiToken token;
    std::string secret;  ///< told once
};

Awaitable<Result<NewToken>> create_token(Call& call, TokenInput input);
/// For whoever has proved to have the password rather than come with a session or token.
Awaitable<Result<NewToken>> create_token_by_password(Call& call, const store::StoredAccount& verified,
                                                     TokenInput input);
Awaitable<std::vector<model::ApiToken>> list_tokens(Call& call);
/// With all that it has made.
Awaitable<Result<void>> delete_token(Call& call, std::string id);
Awaitable<void> delete_tokens(Call& call);

}  // namespace snippetd::use_cases
