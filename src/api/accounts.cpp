#include "api/account_json.hpp"
#include "api/handlers.hpp"
#include "base/secret.hpp"
#include "base/utf8.hpp"
#include "exchange/input.hpp"
#include "exchange/session_cookie.hpp"
#include "http/lists.hpp"

#include <utility>

#include <boost/json.hpp>

namespace snippetd::api {

using namespace exchange;

namespace {

using use_cases::Entered;

http::Response signed_in(const Exchange& exchange, unsigned status, const Entered& entered) {
    http::Response response = http::json_response(status, boost::json::serialize(account_json(entered.account)));
    add_session_cookie(response, exchange.request, entered.session);
    return response;
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
std::optional<use_cases::Credentials> basic_credentials(const http::Request& request) {
    const auto sent = http::credentials_of(request.field(http::Field::authorization), "basic");
    if (!sent) return std::nullopt;
    const std::optional<std::string> text = base::from_base64(*sent);
    const std::size_t colon = text ? text->find(':') : std::string::npos;
    if (colon == std::string::npos || !base::count_code_points(*text)) return std::nullopt;
    use_cases::CredentialsInput input;
    input.username = text->substr(0, colon);
    input.password = text->substr(colon + 1);
    const Result<use_cases::Credentials> credentials = use_cases::check(std::move(input), false);
    return credentials ? std::optional{*credentials} : std::nullopt;
}

}  // namespace

Answer sign_up(Exchange& exchange) {
    const Result<boost::json::object> object = parse_object(exchange.request);
    if (!object) co_return object.error();
    use_cases::CredentialsInput input = read_credentials(*object);
    use_cases::SessionHolder holder = session_holder(exchange.request);
    const Result<Entered> entered = co_await use_cases::sign_up(exchange, std::move(input), std::move(holder));
    if (!entered) co_return entered.error();
    co_return signed_in(exchange, 201, *entered);
}

Answer log_in(Exchange& exchange) {
    const Result<boost::json::object> object = parse_object(exchange.request);
    if (!object) co_return object.error();
    use_cases::CredentialsInput input = read_credentials(*object);
    use_cases::SessionHolder holder = session_holder(exchange.request);
    const Result<Entered> entered = co_await use_cases::log_in(exchange, std::move(input), std::move(holder));
    if (!entered) co_return entered.error();
    co_return signed_in(exchange, 200, *entered);
}

Answer authorize(Exchange& exchange) {
    Result<boost::json::object> object = parse_object(exchange.request);
    if (!object) co_return object.error();
    Members members{*object};
    const std::string note = token_name(members.text("note", true).value_or(""));
    members.text("note_url", true);
    members.texts("scopes");  // all of a token's, whatever is asked for
    if (auto wrong = members.finish()) co_return *std::move(wrong);
    std::optional<use_cases::Credentials> credentials = basic_credentials(exchange.request);
    if (!credentials) co_return error(ErrorKind::unauthenticated, "The username or the password is missing or wrong.");
    const Result<store::StoredAccount> verified = co_await use_cases::verify(exchange, *std::move(credentials));
    if (!verified) co_return verified.error();
    use_cases::TokenInput input;
    input.name = note;
    const Result<use_cases::NewToken> made =
        co_await use_cases::create_token_by_password(exchange, *verified, std::move(input));
    if (!made) co_return made.error();
    co_return http::json_response(201, boost::json::serialize(token_json(made->token, made->secret, note)));
}

Answer log_out(Exchange& exchange) {
    use_cases::SessionHolder holder = session_holder(exchange.request);
    co_await use_cases::log_out(exchange, std::move(holder));
    http::Response response;
    response.status = 204;
    remove_session_cookies(response, exchange.request);
    co_return response;
}

Answer who_am_i(Exchange& exchange) {
    co_return http::json_response(200, boost::json::serialize(account_json(*exchange.caller.account)));
}

Answer change_password(Exchange& exchange) {
    const Result<boost::json::object> object = parse_object(exchange.request);
    if (!object) co_return object.error();
    use_cases::PasswordInput input = read_new_password(*object);
    const auth::SecretKind kind = session_holder(exchange.request).kind;
    const Result<use_cases::ChangedPassword> changed =
        co_await use_cases::change_password(exchange, std::move(input), kind);
    if (!changed) co_return changed.error();
    const boost::json::object body{{"tokens_revoked", changed->tokens_revoked},
                                   {"tokens_remaining", changed->tokens_left}};
    http::Response response = http::json_response(200, boost::json::serialize(body));
    if (!changed->session.empty()) add_session_cookie(response, exchange.request, changed->session);
    co_return response;
}

Answer delete_account(Exchange& exchange) {
    const Result<boost::json::object> object = parse_object(exchange.request);
    if (!object) co_return object.error();
    Result<std::string> password = read_password(*object);
    if (!password) co_return password.error();
    const Result<void> deleted = co_await use_cases::delete_account(exchange, *std::move(password));
    if (!deleted) co_return deleted.error();
    http::Response response;
    response.status = 204;
    remove_session_cookies(response, exchange.request);
    co_return response;
}

}  // namespace snippetd::api
