#include "exchange/input.hpp"
#include "exchange/page.hpp"
#include "exchange/session_cookie.hpp"
#include "pages/template.hpp"
#include "pages/text.hpp"
#include "ui/handlers.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace snippetd::ui {

using namespace exchange;

namespace {

constexpr std::int64_t kAccountCookieSeconds = 30 * 24 * 3600;

/// What went wrong, in one sentence or two.
std::string sentence_of(const Error& error) {
    std::string text = told_to_people(error);
    if (!error.fields.empty()) text.clear();
    for (const auto& [name, why] : error.fields) {
        if (!text.empty()) text += ' ';
        std::string_view shown = name == "username" ? std::string_view{"name"} : name;
        if (name == "expires" || name == "expires_in") shown = "expiry";
        text += fmt::format("The {} {}.", shown, why);
    }
    return text.empty() ? fmt::format("{}.", heading_of(error.kind)) : text;
}

/// Tells scripts, and nobody else, whose browser this is: pages are the same for everybody.
void add_account_cookie(http::Response& response, const Exchange& exchange, std::string_view name) {
    response.add("Set-Cookie",
                 fmt::format("account={}; SameSite=Lax; Path=/; Max-Age={}{}", name,
                             name.empty() ? 0 : kAccountCookieSeconds, exchange.request.secure ? "; Secure" : ""));
}

enum class Entrance { log_in, sign_up };

Awaitable<http::Response> show_entrance(Exchange& exchange, Entrance entrance, std::string_view next,
                                        std::string_view username, const Error* error) {
    const bool logs_in = entrance == Entrance::log_in;
    pages::Fields fields;
    fields.show(logs_in ? "LOGIN" : "SIGNUP");
    fields.set("ACTION", logs_in ? "/login" : "/signup");
    fields.set("NEXT", next);
    fields.set("NEXT_QUERY", next_query(next));
    fields.set("F_USERNAME", username);
    if (error) {
        fields.add("ERROR", "ERROR_DETAIL", sentence_of(*error));
        if (error->retry_after_s > 0) fields.add("RETRY", "RETRY_AFTER", std::to_string(error->retry_after_s));
    }
    pages::Layout layout = unlisted_layout("login", logs_in ? "Log in" : "Create an account", "error.js");
    const unsigned status = error ? base::describe(error->kind).status : 200;
    return show_page(exchange, status, std::move(layout), pages::render("login", fields),
                     error ? error->retry_after_s : 0);
}

std::string next_of(const Exchange& exchange) {
    return local_path(http::find_parameter(exchange.request.query, "next").value);
}

Answer enter(Exchange& exchange, Entrance entrance) {
    Result<http::Form> form = read_form(exchange);
    if (!form) co_return form.error();
    const std::string username{form->value("username")};
    const std::string next = local_path(form->value("next"));
    use_cases::CredentialsInput input;
    input.username = username;
    input.password = form->value("password");
    use_cases::SessionHolder holder = session_holder(exchange.request);
    Result<use_cases::Entered> entered = error(ErrorKind::internal);
    if (entrance == Entrance::log_in) {
        entered = co_await use_cases::log_in(exchange, std::move(input), std::move(holder));
    } else {
        entered = co_await use_cases::sign_up(exchange, std::move(input), std::move(holder));
    }
    if (!entered) {
        const Error wrong = entered.error();
        co_return co_await show_entrance(exchange, entrance, next, username, &wrong);
    }
    http::Response response = see_other(next);
    add_session_cookie(response, exchange.request, entered->session);
    add_account_cookie(response, exchange, entered->account.username);
    co_return response;
}

Awaitable<http::Response> entrance_refused(Exchange& exchange, Entrance entrance, Error error) {
    Result<http::Form> form = read_form(exchange);
    const std::string next = local_path(form ? form->value("next") : std::string_view{});
    const std::string username{form ? form->value("username") : std::string_view{}};
    co_return co_await show_entrance(exchange, entrance, next, username, &error);
}

}  // namespace

Answer log_in_page(Exchange& exchange) {
    const std::string next = next_of(exchange);
    co_return co_await show_entrance(exchange, Entrance::log_in, next, "", nullptr);
}
Answer log_in_from_form(Exchange& exchange) {
    return enter(exchange, Entrance::log_in);
}
Awaitable<http::Response> log_in_refused(Exchange& exchange, Error error) {
    return entrance_refused(exchange, Entrance::log_in, std::move(error));
}
Answer sign_up_page(Exchange& exchange) {
    const std::string next = next_of(exchange);
    co_return co_await show_entrance(exchange, Entrance::sign_up, next, "", nullptr);
}
Answer sign_up_from_form(Exchange& exchange) {
    return enter(exchange, Entrance::sign_up);
}
Awaitable<http::Response> sign_up_refused(Exchange& exchange, Error error) {
    return entrance_refused(exchange, Entrance::sign_up, std::move(error));
}

Answer log_out_from_form(Exchange& exchange) {
    use_cases::SessionHolder holder = session_holder(exchange.request);
    co_await use_cases::log_out(exchange, std::move(holder));
    http::Response response = see_other("/");
    remove_session_cookies(response, exchange.request);
    add_account_cookie(response, exchange, {});
    co_return response;
}

// --- Tokens

namespace {

Awaitable<http::Response> show_tokens(Exchange& exchange, std::string_view new_token, const Error* error) {
    const std::vector<model::ApiToken> tokens = co_await use_cases::list_tokens(exchange);
    pages::Fields fields;
    if (!new_token.empty()) fields.add("NEW_TOKEN", "NEW_TOKEN_VALUE", new_token);
    if (error) fields.add("ERROR", "ERROR_DETAIL", sentence_of(*error));
    pages::Fields list = fields.add(tokens.empty() ? "EMPTY" : "LIST");
    list.show_if(tokens.size() > 1, "SEVERAL");
    for (const model::ApiToken& token : tokens) {
        pages::Fields shown = list.add("TOKEN");
        shown.set("TOKEN_ID", token.id);
        shown.set("TOKEN_NAME", token.name);
        shown.set("TOKEN_CREATED_TEXT", pages::time_text(token.created_at));
        if (token.expires_at) shown.add("TOKEN_EXPIRES", "TOKEN_EXPIRES_TEXT", pages::time_text(*token.expires_at));
    }
    pages::Layout layout = unlisted_layout("tokens", "Tokens");
    const unsigned status = error ? base::describe(error->kind).status : 200;
    co_return co_await show_page(exchange, status, std::move(layout), pages::render("tokens", fields));
}

}  // namespace

Answer tokens_page(Exchange& exchange) {
    co_return co_await show_tokens(exchange, "", nullptr);
}

Answer create_token_from_form(Exchange& exchange) {
    Result<http::Form> form = http::parse_form(exchange.request);
    if (!form) co_return form.error();
    use_cases::TokenInput input;
    input.name = form->value("name");
    Result<std::optional<std::int64_t>> seconds = read_lifetime("expires", form->value("expires"));
    if (!seconds) {
        const Error wrong = seconds.error();
        co_return co_await show_tokens(exchange, "", &wrong);
    }
    input.expires_in_s = *seconds;
    const Result<use_cases::NewToken> made = co_await use_cases::create_token(exchange, std::move(input));
    if (!made) {
        const Error wrong = made.error();
        co_return co_await show_tokens(exchange, "", &wrong);
    }
    co_return co_await show_tokens(exchange, made->secret, nullptr);
}

Answer delete_token_from_form(Exchange& exchange) {
    const Result<void> deleted = co_await use_cases::delete_token(exchange, exchange.parameters.front());
    if (!deleted && deleted.error().kind != ErrorKind::not_found) co_return deleted.error();
    co_return see_other("/me/tokens");
}

Answer delete_tokens_from_form(Exchange& exchange) {
    co_await use_cases::delete_tokens(exchange);
    co_return see_other("/me/tokens");
}

// --- The account

namespace {

/// `tokens`: how many are left of which the page has to speak.
Awaitable<http::Response> show_account(Exchange& exchange, std::string_view notice, const Error* error,
                                       std::int64_t tokens = 0) {
    pages::Fields fields;
    fields.set("ACCOUNT_NAME", exchange.caller.account->username);
    if (!notice.empty()) {
        pages::Fields shown = fields.add("NOTICE");
        shown.set("NOTICE_TEXT", notice);
        if (tokens > 0) {
            shown.add("TOKENS", "TOKENS_TEXT",
                      tokens == 1 ? "1 token still opens the account."
                                  : fmt::format("{} tokens still open the account.", tokens));
        }
    }
    if (error) fields.add("ERROR", "ERROR_DETAIL", sentence_of(*error));
    const unsigned status = error ? base::describe(error->kind).status : 200;
    pages::Layout layout = unlisted_layout("account", "Account");
    return show_page(exchange, status, std::move(layout), pages::render("account", fields),
                     error ? error->retry_after_s : 0);
}

}  // namespace

Answer account_page(Exchange& exchange) {
    co_return co_await show_account(exchange, "", nullptr);
}

Awaitable<http::Response> account_refused(Exchange& exchange, Error error) {
    if (!exchange.caller.account) co_return error_page(exchange.request, error);
    co_return co_await show_account(exchange, "", &error);
}

Answer change_password_from_form(Exchange& exchange) {
    Result<http::Form> form = read_form(exchange);
    if (!form) co_return form.error();
    use_cases::PasswordInput input;
    input.current = form->value("current");
    input.next = form->value("new");
    input.revoke_tokens = form->value("revoke_tokens") == "1";
    const auth::SecretKind kind = session_holder(exchange.request).kind;
    const Result<use_cases::ChangedPassword> changed =
        co_await use_cases::change_password(exchange, std::move(input), kind);
    if (!changed) {
        const Error wrong = changed.error();
        co_return co_await show_account(exchange, "", &wrong);
    }
    http::Response response = co_await show_account(exchange, "The password is changed. All other sessions have ended.",
                                                    nullptr, changed->tokens_left);
    if (!changed->session.empty()) add_session_cookie(response, exchange.request, changed->session);
    co_return response;
}

Answer delete_account_from_form(Exchange& exchange) {
    Result<http::Form> form = read_form(exchange);
    if (!form) co_return form.error();
    if (form->value("sure") != "1") {
        const Error wrong = error(ErrorKind::invalid, "Tick “Delete everything” to delete the account.");
        co_return co_await show_account(exchange, "", &wrong);
    }
    std::string password{form->value("password")};
    const Result<void> deleted = co_await use_cases::delete_account(exchange, std::move(password));
    if (!deleted) {
        const Error wrong = deleted.error();
        co_return co_await show_account(exchange, "", &wrong);
    }
    http::Response response = see_other("/");
    remove_session_cookies(response, exchange.request);
    add_account_cookie(response, exchange, {});
    co_return response;
}

}  // namespace snippetd::ui
