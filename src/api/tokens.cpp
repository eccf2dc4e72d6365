#include "api/access.hpp"
#include "api/handlers.hpp"
#include "api/input.hpp"
#include "base/json_text.hpp"
#include "base/secret.hpp"
#include "base/utf8.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

namespace snippetd::api {

namespace {

constexpr std::size_t kTokenIdCharacters = 12;
constexpr std::size_t kNameCharactersMax = 100;
constexpr std::size_t kTokensMax = 100;  // of one account
constexpr base::Milliseconds kStoreTimeout{750};
constexpr std::int64_t kExpiresInMax = 10LL * 365 * 24 * 3600;

std::string token_json(const model::ApiToken& token, std::string_view secret) {
    std::string out = fmt::format(R"({{"id":"{}","name":)", token.id);
    base::append_json_string(out, token.name);
    if (!secret.empty()) out += fmt::format(R"(,"token":"{}")", secret);
    out += fmt::format(R"(,"created_at":"{}","expires_at":)", base::format_rfc3339(token.created_at));
    out += token.expires_at ? fmt::format("\"{}\"}}", base::format_rfc3339(*token.expires_at)) : "null}";
    return out;
}

Result<model::ApiToken> read_token_input(const http::Request& request, base::UnixMillis now) {
    Result<boost::json::object> object = parse_object(request);
    if (!object) return object.error();
    Members members{*object};
    model::ApiToken token;
    token.name = members.text("name").value_or("");
    const auto expires_in_s = members.integer_or_null("expires_in", 1, kExpiresInMax);
    const std::size_t length = base::count_code_points(token.name).value_or(0);
    if (!object->contains("name")) {
        members.complain("name", "is required");
    } else if (length < 1 || length > kNameCharactersMax || base::has_control_characters(token.name)) {
        members.complain("name", "has 1 to 100 characters, without control characters");
    }
    if (auto wrong = members.finish()) return *std::move(wrong);
    token.id = base::random_alphanumeric(kTokenIdCharacters);
    token.created_at = now;
    if (const auto seconds = expires_in_s.value_or(std::nullopt)) token.expires_at = token.created_at + *seconds * 1000;
    return token;
}

}  // namespace

Answer make_token(Exchange& exchange, store::TokenMaker maker) {
    // Not the exchange's: a password that was verified before has taken its time.
    const base::Deadline deadline = base::deadline_in(kStoreTimeout);
    const base::UnixMillis now = co_await exchange.services.store.now(deadline);
    Result<model::ApiToken> token = read_token_input(exchange.request, now);
    if (!token) co_return token.error();
    std::vector<model::ApiToken> others = co_await exchange.services.store.list_tokens(maker.account_id, deadline);
    if (others.size() >= kTokensMax) co_return error(ErrorKind::conflict, "An account may have 100 tokens.");
    const std::string secret = base::random_secret(auth::kTokenPrefix);
    const std::optional<model::ApiToken> created = co_await exchange.services.store.create_token(
        *token, std::move(maker), auth::hash_secret(auth::SecretKind::token, secret), deadline);
    if (!created) {
        exchange.caller.rejected = true;
        co_return unauthenticated(exchange.caller);
    }
    co_return http::json_response(201, token_json(*created, secret));
}

Answer create_token(Exchange& exchange) {
    store::TokenMaker maker = secret_of(exchange);
    co_return co_await make_token(exchange, std::move(maker));
}

Answer list_tokens(Exchange& exchange) {
    std::vector<model::ApiToken> tokens =
        co_await exchange.services.store.list_tokens(exchange.caller.account->id, exchange.deadline);
    std::string body = R"({"items":[)";
    for (const model::ApiToken& token : tokens) {
        if (body.back() != '[') body += ',';
        body += token_json(token, {});
    }
    body += "]}";
    co_return http::json_response(200, std::move(body));
}

Answer delete_token(Exchange& exchange) {
    const std::string account_id = exchange.caller.account->id;
    const bool deleted =
        co_await exchange.services.store.delete_token(account_id, exchange.parameters.front(), exchange.deadline);
    if (!deleted) co_return error(ErrorKind::not_found);
    co_await exchange.services.identities.forget_account(account_id);
    http::Response response;
    response.status = 204;
    co_return response;
}

}  // namespace snippetd::api
