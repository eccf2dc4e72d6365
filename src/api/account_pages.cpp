#include "api/access.hpp"
#include "api/handlers.hpp"
#include "api/input.hpp"
#include "api/page.hpp"
#include "base/utf8.hpp"
#include "model/languages.hpp"
#include "pages/read_page.hpp"
#include "pages/template.hpp"
#include "pages/text.hpp"

#include <array>
#include <charconv>

#include <boost/json.hpp>
#include <boost/url/encode.hpp>
#include <boost/url/rfc/unreserved_chars.hpp>
#include <fmt/format.h>

// What is done to an account goes through the JSON routes' use cases: these pages turn forms into what those take, and
// what those answer into pages.

namespace snippetd::api {

namespace json = boost::json;

namespace {

constexpr std::int64_t kAccountCookieSeconds = 30 * 24 * 3600;
constexpr std::size_t kDeletedAtOnceMax = 100;

pages::Layout layout_of(std::string_view page, std::string title, std::string_view script = {}) {
    pages::Layout layout;
    layout.page = page;
    layout.title = title + " · snippetd";
    layout.description = std::move(title);
    layout.script = script;
    layout.indexed = false;
    return layout;
}

/// The form; values that are not text in UTF-8 are left out.
Result<http::Form> read_form(const Exchange& exchange) {
    Result<http::Form> form = http::parse_form(exchange.request);
    if (!form) return form;
    for (http::Form::Field& field : form->fields) {
        if (!base::count_code_points(field.value)) field.value.clear();
    }
    return form;
}

/// What went wrong, in one sentence or two.
std::string sentence_of(const Error& error) {
    std::string text = error.detail;
    if (!error.fields.empty()) text.clear();
    for (const auto& [name, why] : error.fields) {
        if (!text.empty()) text += ' ';
        text += fmt::format("The {} {}.", name == "username" ? "name" : name, why);
    }
    return text.empty() ? std::string{base::describe(error.kind).title} : text;
}

/// Tells scripts, and nobody else, whose browser this is: pages are the same for everybody.
void add_account_cookie(http::Response& response, const Exchange& exchange, std::string_view name) {
    response.add("Set-Cookie",
                 fmt::format("account={}; SameSite=Lax; Path=/; Max-Age={}{}", name,
                             name.empty() ? 0 : kAccountCookieSeconds, exchange.request.secure ? "; Secure" : ""));
}

void copy_cookies(const http::Response& from, http::Response& to) {
    const std::string_view cookie = field_of(from, "Set-Cookie");
    if (!cookie.empty()) to.add("Set-Cookie", cookie);
}

std::string encoded(std::string_view text) {
    return boost::urls::encode({text.data(), text.size()}, boost::urls::unreserved_chars);
}

enum class Entrance { log_in, sign_up };

Awaitable<http::Response> show_entrance(Exchange& exchange, Entrance entrance, std::string_view next,
                                        std::string_view username, const Error* error) {
    const bool logs_in = entrance == Entrance::log_in;
    pages::Fields fields;
    fields.show(logs_in ? "LOGIN" : "SIGNUP");
    fields.set("ACTION", logs_in ? "/login" : "/signup");
    fields.set("NEXT", next);
    fields.set("F_USERNAME", username);
    if (error) {
        fields.add("ERROR", "ERROR_DETAIL", sentence_of(*error));
        if (error->retry_after_s > 0) fields.add("RETRY", "RETRY_AFTER", std::to_string(error->retry_after_s));
    }
    pages::Layout layout = layout_of("login", logs_in ? "Log in" : "Create an account", "error.js");
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
    json::object object{{"username", username}, {"password", form->value("password")}};
    Result<http::Response> entered =
        co_await run_with_json(exchange, std::move(object), entrance == Entrance::log_in ? log_in : sign_up);
    if (!entered) {
        const Error wrong = entered.error();
        co_return co_await show_entrance(exchange, entrance, next, username, &wrong);
    }
    http::Response response = see_other(next);
    copy_cookies(*entered, response);
    const json::value account = json::parse(entered->body);
    add_account_cookie(response, exchange, std::string_view{account.at("username").as_string()});
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
    Result<http::Response> ended = co_await log_out(exchange);
    if (!ended) co_return ended.error();
    http::Response response = see_other("/");
    copy_cookies(*ended, response);
    add_account_cookie(response, exchange, {});
    co_return response;
}

// --- Lists

namespace {

void show_item(pages::Fields& fields, const model::Snippet& snippet) {
    pages::Fields item = fields.add("ITEM");
    item.set("ITEM_ID", snippet.id);
    item.set("ITEM_TITLE", pages::title_text(snippet.title));
    item.set("ITEM_LANGUAGE", snippet.language);
    item.set("ITEM_VISIBILITY", pages::visibility_text(snippet.visibility));
    item.set("ITEM_CREATED_ISO", base::format_rfc3339(snippet.created_at));
    item.set("ITEM_CREATED_TEXT", pages::time_text(snippet.created_at));
    item.set("ITEM_VIEWS", std::to_string(snippet.view_count));
    if (snippet.expires_at) item.add("ITEM_EXPIRES", "ITEM_EXPIRES_TEXT", pages::time_text(*snippet.expires_at));
    if (!snippet.owner_name.empty()) item.add("ITEM_OWNER", "ITEM_OWNER_NAME", snippet.owner_name);
    item.show_if(snippet.burn_after_reading, "ITEM_BURN");
    if (snippet.tags.empty()) return;
    pages::Fields tags = item.add("ITEM_TAGS");
    for (const std::string& tag : snippet.tags) tags.add("ITEM_TAG", "ITEM_TAG_NAME", tag);
}

/// The items, and where the next ones are: `next_url` is continued with their cursor.
void show_list(pages::Fields& fields, std::vector<model::Snippet> snippets, int limit, const std::string& next_url) {
    const bool more = snippets.size() > static_cast<std::size_t>(limit);
    if (more) snippets.pop_back();
    if (!snippets.empty()) {
        pages::Fields list = fields.add("LIST");
        for (const model::Snippet& snippet : snippets) show_item(list, snippet);
    }
    if (more) fields.add("NEXT", "NEXT_URL", next_url + "cursor=" + encoded(make_cursor(snippets.back())));
}

/// Empty parameters, which a form sends for fields that were left empty, filter nothing.
std::string without_empty_parameters(std::string_view query) {
    std::string out;
    while (!query.empty()) {
        const std::size_t end = std::min(query.find('&'), query.size());
        const std::string_view pair = query.substr(0, end);
        query.remove_prefix(std::min(end + 1, query.size()));
        if (pair.empty() || pair.ends_with('=')) continue;
        if (!out.empty()) out += '&';
        out += pair;
    }
    return out;
}

void show_filter(pages::Fields& fields, std::string_view query) {
    pages::Fields filter = fields.add("FILTER");
    const auto value_of = [&](std::string_view name) { return http::find_parameter(query, name).value; };
    filter.set("F_QUERY", value_of("q"));
    filter.set("F_TAG", value_of("tag"));
    filter.set("F_LANGUAGE", value_of("language"));
    const std::string chosen = value_of("visibility");
    constexpr std::array<std::pair<std::string_view, std::string_view>, 4> kChoices{
        {{"", "Any"}, {"public", "Public"}, {"unlisted", "Unlisted"}, {"private", "Private"}}};
    for (const auto& [value, label] : kChoices) {
        pages::Fields option = filter.add("VIS_OPTION");
        option.set("VIS_VALUE", value);
        option.set("VIS_LABEL", label);
        option.show_if(value == chosen, "VIS_SELECTED");
    }
}

std::string filters_of(std::string_view query) {
    std::string url = "/me?";
    for (const std::string_view name : {"q", "tag", "language", "visibility"}) {
        const std::string value = http::find_parameter(query, name).value;
        if (!value.empty()) url += fmt::format("{}={}&", name, encoded(value));
    }
    return url;
}

}  // namespace

Answer my_snippets_page(Exchange& exchange) {
    const std::string parameters = without_empty_parameters(exchange.request.query);
    Result<store::ListQuery> query = read_list_query(parameters, true);
    if (!query) co_return query.error();
    const int limit = query->limit++;
    std::vector<model::Snippet> snippets =
        co_await exchange.services.store.list_owned(exchange.caller.account->id, *query, exchange.deadline);
    pages::Fields fields;
    fields.set("ACCOUNT_NAME", exchange.caller.account->username);
    const bool filtered = !parameters.empty();
    if (snippets.empty()) fields.show(filtered ? "NOTHING_FOUND" : "EMPTY");
    if (!snippets.empty() || filtered) show_filter(fields, parameters);
    show_list(fields, std::move(snippets), limit, filters_of(parameters));
    pages::Layout layout = layout_of("me", "My snippets", "me.js");
    co_return co_await show_page(exchange, 200, std::move(layout), pages::render("me", fields));
}

Answer explore_page(Exchange& exchange) {
    Result<store::ListQuery> query = read_list_query(without_empty_parameters(exchange.request.query), false);
    if (!query) co_return query.error();
    const int limit = query->limit++;
    std::vector<model::Snippet> snippets = co_await exchange.services.store.list_public(*query, exchange.deadline);
    pages::Fields fields;
    fields.show_if(snippets.empty(), "EMPTY");
    show_list(fields, std::move(snippets), limit, "/explore?");
    pages::Layout layout = layout_of("explore", "Explore");
    layout.description = "Recent public snippets, newest first.";
    layout.indexed = true;
    co_return co_await show_page(exchange, 200, std::move(layout), pages::render("explore", fields));
}

Answer delete_selected(Exchange& exchange) {
    Result<http::Form> form = read_form(exchange);
    if (!form) co_return form.error();
    std::vector<std::string> ids = form->values("id");
    std::erase_if(ids, [](const std::string& id) { return !is_snippet_id(id); });
    if (ids.size() > kDeletedAtOnceMax) ids.resize(kDeletedAtOnceMax);
    if (ids.empty()) co_return see_other("/me");
    if (form->value("sure") != "1") {
        pages::Fields fields;
        fields.set("HEADING", fmt::format("Delete {}?", pages::count_text(ids.size(), "snippet", "snippets")));
        fields.set("TEXT", "They go for good, with their revisions and counts. Their links stop working.");
        fields.set("ACTION", "/me/delete");
        fields.set("BUTTON", "Delete");
        fields.show("DANGER");
        fields.add("CANCEL", "CANCEL_URL", "/me");
        const auto add_hidden = [&fields](std::string_view name, std::string_view value) {
            pages::Fields hidden = fields.add("HIDDEN");
            hidden.set("HIDDEN_NAME", name);
            hidden.set("HIDDEN_VALUE", value);
        };
        for (const std::string& id : ids) add_hidden("id", id);
        add_hidden("sure", "1");
        pages::Layout layout = layout_of("confirm", "Delete snippets");
        co_return co_await show_page(exchange, 200, std::move(layout), pages::render("confirm", fields));
    }
    for (std::size_t i = 0; i < ids.size(); ++i) {
        // Each is a write like any other. The first one has been charged on the way in.
        if (i > 0) {
            std::optional<Error> limited = co_await charge(exchange, "write", exchange.caller.account->id);
            if (limited) co_return *std::move(limited);
        }
        exchange.parameters = {ids[i]};
        Result<http::Response> deleted = co_await delete_snippet(exchange);
        if (!deleted && deleted.error().kind != ErrorKind::not_found && deleted.error().kind != ErrorKind::gone) {
            co_return deleted.error();
        }
    }
    co_return see_other("/me");
}

// --- Tokens

namespace {

Awaitable<http::Response> show_tokens(Exchange& exchange, std::string_view new_token, const Error* error) {
    const std::vector<model::ApiToken> tokens =
        co_await exchange.services.store.list_tokens(exchange.caller.account->id, exchange.deadline);
    pages::Fields fields;
    if (!new_token.empty()) fields.add("NEW_TOKEN", "NEW_TOKEN_VALUE", new_token);
    if (error) fields.add("ERROR", "ERROR_DETAIL", sentence_of(*error));
    pages::Fields list = fields.add(tokens.empty() ? "EMPTY" : "LIST");
    for (const model::ApiToken& token : tokens) {
        pages::Fields shown = list.add("TOKEN");
        shown.set("TOKEN_ID", token.id);
        shown.set("TOKEN_NAME", token.name);
        shown.set("TOKEN_CREATED_TEXT", pages::time_text(token.created_at));
        if (token.expires_at) shown.add("TOKEN_EXPIRES", "TOKEN_EXPIRES_TEXT", pages::time_text(*token.expires_at));
    }
    pages::Layout layout = layout_of("tokens", "Tokens");
    const unsigned status = error ? base::describe(error->kind).status : 200;
    co_return co_await show_page(exchange, status, std::move(layout), pages::render("tokens", fields));
}

}  // namespace

Answer tokens_page(Exchange& exchange) {
    co_return co_await show_tokens(exchange, "", nullptr);
}

Answer create_token_from_form(Exchange& exchange) {
    Result<http::Form> form = read_form(exchange);
    if (!form) co_return form.error();
    json::object object{{"name", form->value("name")}};
    const std::string_view expires = form->value("expires");
    std::int64_t seconds = 0;
    if (std::from_chars(expires.data(), expires.data() + expires.size(), seconds).ec == std::errc{})
        object["expires_in"] = seconds;
    Result<http::Response> created = co_await run_with_json(exchange, std::move(object), create_token);
    if (!created) {
        const Error wrong = created.error();
        co_return co_await show_tokens(exchange, "", &wrong);
    }
    const json::value token = json::parse(created->body);
    const std::string_view secret = token.at("token").as_string();
    co_return co_await show_tokens(exchange, secret, nullptr);
}

Answer delete_token_from_form(Exchange& exchange) {
    Result<http::Response> deleted = co_await delete_token(exchange);
    if (!deleted && deleted.error().kind != ErrorKind::not_found) co_return deleted.error();
    co_return see_other("/me/tokens");
}

// --- The account

namespace {

Awaitable<http::Response> show_account(Exchange& exchange, std::string_view notice, const Error* error) {
    pages::Fields fields;
    fields.set("ACCOUNT_NAME", exchange.caller.account->username);
    if (!notice.empty()) fields.add("NOTICE", "NOTICE_TEXT", notice);
    if (error) fields.add("ERROR", "ERROR_DETAIL", sentence_of(*error));
    const unsigned status = error ? base::describe(error->kind).status : 200;
    pages::Layout layout = layout_of("account", "Account");
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
    json::object object{{"current", form->value("current")}, {"new", form->value("new")}};
    Result<http::Response> changed = co_await run_with_json(exchange, std::move(object), change_password);
    if (!changed) {
        const Error wrong = changed.error();
        co_return co_await show_account(exchange, "", &wrong);
    }
    co_return co_await show_account(exchange, "The password is changed. Other sessions have ended.", nullptr);
}

Answer delete_account_from_form(Exchange& exchange) {
    Result<http::Form> form = read_form(exchange);
    if (!form) co_return form.error();
    if (form->value("sure") != "1") {
        const Error wrong = invalid_field("box", "that says so has to be ticked");
        co_return co_await show_account(exchange, "", &wrong);
    }
    json::object object{{"password", form->value("password")}};
    Result<http::Response> deleted = co_await run_with_json(exchange, std::move(object), delete_account);
    if (!deleted) {
        const Error wrong = deleted.error();
        co_return co_await show_account(exchange, "", &wrong);
    }
    http::Response response = see_other("/");
    copy_cookies(*deleted, response);
    add_account_cookie(response, exchange, {});
    co_return response;
}

}  // namespace snippetd::api
