#include "use_cases/tokens.hpp"

#include "base/secret.hpp"
#include "base/utf8.hpp"
#include "use_cases/access.hpp"

#include <utility>

namespace snippetd::use_cases {

namespace {

constexpr std::size_t kTokenIdCharacters = 12;
constexpr std::size_t kNameCharactersMax = 100;
constexpr std::size_t kTokensMax = 100;  // of one account
constexpr base::Milliseconds kStoreTimeout{750};

std::optional<Error> check(TokenInput& input) {
    Complaints& complaints = input.complaints;
    if (!input.name) {
        complaints.add("name", "is required");
        return complaints.to_error();
    }
    const std::optional<std::size_t> length = base::count_code_points(*input.name);
    if (!length) {
        complaints.add("name", "is not text in UTF-8");
    } else if (*length < 1 || *length > kNameCharactersMax || base::has_control_characters(*input.name)) {
        complaints.add("name", "has 1 to 100 characters, without control characters");
    }
    if (input.expires_in_s && (*input.expires_in_s < 1 || *input.expires_in_s > kTokenSecondsMax)) {
        complaints.add("expires_in", lifetime_fault(kTokenSecondsMax));
    }
    return complaints.to_error();
}

Awaitable<Result<NewToken>> make(Call& call, store::TokenMaker maker, TokenInput input) {
    if (std::optional<Error> wrong = check(input)) co_return *std::move(wrong);
    // Not the call's: a password that was verified before has taken its time.
    const base::Deadline deadline = base::deadline_in(kStoreTimeout, call.deadline.party);
    model::ApiToken token;
    token.name = *std::move(input.name);
    token.id = base::random_alphanumeric(kTokenIdCharacters);
    token.created_at = co_await call.services.store.now(deadline);
    if (input.expires_in_s) token.expires_at = token.created_at + *input.expires_in_s * 1000;
    const std::vector<model::ApiToken> others = co_await call.services.store.list_tokens(maker.account_id, deadline);
    if (others.size() >= kTokensMax) co_return error(ErrorKind::conflict, "An account may have 100 tokens.");
    std::string secret = base::random_secret(auth::kTokenPrefix);
    const std::optional<model::ApiToken> created = co_await call.services.store.create_token(
        std::move(token), std::move(maker), auth::hash_secret(auth::SecretKind::token, secret), deadline);
    if (!created) {
        call.caller.rejected = true;
        co_return unauthenticated(call.caller);
    }
    co_return NewToken{*created, std::move(secret)};
}

}  // namespace

Awaitable<Result<NewToken>> create_token(Call& call, TokenInput input) {
    store::TokenMaker maker = secret_of(call.caller);
    co_return co_await make(call, std::move(maker), std::move(input));
}

Awaitable<Result<NewToken>> create_token_by_password(Call& call, const store::StoredAccount& verified,
                                                     TokenInput input) {
    store::TokenMaker maker{verified.account.id, store::TokenMaker::Kind::password, verified.password_hash};
    co_return co_await make(call, std::move(maker), std::move(input));
}

Awaitable<std::vector<model::ApiToken>> list_tokens(Call& call) {
    co_return co_await call.services.store.list_tokens(call.caller.account->id, call.deadline);
}

Awaitable<Result<void>> delete_token(Call& call, std::string id) {
    const std::string account_id = call.caller.account->id;
    const bool deleted = co_await call.services.store.delete_token(account_id, std::move(id), call.deadline);
    if (!deleted) co_return error(ErrorKind::not_found);
    co_await call.services.identities.forget_account(account_id);
    co_return Result<void>{};
}

Awaitable<void> delete_tokens(Call& call) {
    const std::string account_id = call.caller.account->id;
    co_await call.services.store.delete_tokens(account_id, call.deadline);
    co_await call.services.identities.forget_account(account_id);
}

}  // namespace snippetd::use_cases
