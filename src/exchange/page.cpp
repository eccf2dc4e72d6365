#include "exchange/page.hpp"

#include "base/percent.hpp"
#include "base/utf8.hpp"
#include "http/codings.hpp"
#include "http/negotiation.hpp"
#include "pages/template.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

namespace snippetd::exchange {

namespace {

constexpr std::string_view kPageFields =
    "Content-Type: text/html; charset=utf-8\r\n"
    "Content-Security-Policy: default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; font-src 'self'; worker-src 'self'; manifest-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'\r\n"
    "X-Frame-Options: DENY\r\n"
    // Links of unlisted snippets stay here. `no-referrer` would make browsers send `Origin: null` with our own forms.
    "Referrer-Policy: same-origin\r\n"
    "Cross-Origin-Opener-Policy: same-origin\r\n"
    "Permissions-Policy: camera=(), microphone=(), geolocation=()\r\n"
    "Vary: Accept, Accept-Encoding\r\n";

constexpr std::string_view kEmbedFields =
    "Content-Type: text/html; charset=utf-8\r\n"
    "Content-Security-Policy: default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; worker-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors *\r\n"
    "Cross-Origin-Resource-Policy: cross-origin\r\n"
    "Referrer-Policy: same-origin\r\n"
    "Permissions-Policy: camera=(), microphone=(), geolocation=()\r\n"
    "Vary: Accept-Encoding\r\n";

struct Headline {
    std::string_view heading, text;
};

Headline headline_of(ErrorKind kind) {
    switch (kind) {
        case ErrorKind::not_found: return {"There is nothing here", "The link is wrong, or what it led to is private."};
        case ErrorKind::bad_request: return {"This cannot be understood", ""};
        case ErrorKind::method_not_allowed:
            return {"This address is not for opening", "It takes what a form or a program sends."};
        case ErrorKind::payload_too_large: return {"This is too large", ""};
        case ErrorKind::invalid: return {"Something has to be changed first", ""};
        case ErrorKind::gone: return {"This snippet is gone", "It has expired, was burned after reading, or deleted."};
        case ErrorKind::unauthenticated: return {"Please log in", "This needs an account."};
        case ErrorKind::forbidden: return {"This is not yours to do", ""};
        case ErrorKind::rate_limited: return {"A little slower, please", "Too many requests came from you just now."};
        case ErrorKind::insufficient_storage:
            return {"There is no room for more", "Keep what you have written; whoever runs the service has been told."};
        case ErrorKind::unavailable: return {"Busy for a moment", "Nothing is lost; the service will be back shortly."};
        case ErrorKind::internal: return {"Something went wrong", "This is our fault, and it has been written down."};
        default: return {"", ""};
    }
}

void encode_here(http::Response& response, const http::Request& request) {
    const http::Coding encoding = http::choose_coding(request.field(http::Field::accept_encoding));
    if (encoding == http::Coding::identity) return;
    response.body = http::encode(response.body, encoding);
    response.add("Content-Encoding", http::to_text(encoding));
}

/// Whether the name of the program is one of those that chats and networks send for a preview.
bool makes_previews(std::string_view user_agent) {
    for (const std::string_view name : {"Slackbot", "Twitterbot", "facebookexternalhit", "Discordbot", "TelegramBot",
                                        "WhatsApp", "LinkedInBot", "SkypeUriPreview", "Mastodon", "redditbot"}) {
        if (user_agent.find(name) != user_agent.npos) return true;
    }
    return false;
}

/// What most answers can be.
struct Faces {
    http::Welcome html, json;
};

Faces weigh_faces(const http::Request& request) {
    static constexpr std::array<http::Offer, 2> kOffers{
        {{"text/html", "application/xhtml+xml"}, {"application/json", "application/problem+json"}}};
    const auto [html, json] = http::weigh_offers(request.field(http::Field::accept), kOffers);
    return {html, json};
}

}  // namespace

bool prefers_page(const http::Request& request) {
    const auto [html, json] = weigh_faces(request);
    const bool named = html.precision == http::Welcome::by_name || json.precision == http::Welcome::by_name;
    if (!named && makes_previews(request.field(http::Field::user_agent))) return true;
    if (html.weight != json.weight) return html.weight > json.weight;
    // Of two that are as welcome, what was thought of more: named rather than among others, then the first one.
    if (html.weight == 0 || html.precision != json.precision) return html.weight > 0 && html.precision > json.precision;
    return html.place < json.place;
}

bool is_read_as_it_comes(const http::Request& request) {
    return request.field(http::Field::user_agent).starts_with("curl/") && !asks_for_json(request);
}

bool asks_for_json(const http::Request& request) {
    const http::Welcome json = weigh_faces(request).json;
    return json.precision == http::Welcome::by_name && json.weight > 0;
}

std::string_view embed_fields() {
    return kEmbedFields;
}

std::string_view page_fields() {
    return kPageFields;
}

Awaitable<http::Response> show_page(Exchange& exchange, unsigned status, pages::Layout layout, std::string content,
                                    std::int64_t retry_after_s) {
    const Caller& caller = exchange.caller;
    layout.reader = caller.account ? pages::Layout::Reader::account : pages::Layout::Reader::nobody;
    if (caller.account) layout.account_name = caller.account->username;
    http::Response response;
    response.status = status;
    response.fields = kPageFields;
    response.fields += "Cache-Control: private, no-store\r\n";
    const http::Coding encoding = http::choose_coding(exchange.request.field(http::Field::accept_encoding));
    if (encoding != http::Coding::identity) response.add("Content-Encoding", http::to_text(encoding));
    response.body =
        co_await exchange.worker.pages.encode_page(std::move(layout), std::move(content), encoding, exchange.deadline);
    if (retry_after_s > 0) response.add("Retry-After", std::to_string(retry_after_s));
    co_return response;
}

pages::Layout unlisted_layout(std::string_view page, std::string title, std::string_view script) {
    pages::Layout layout;
    layout.page = page;
    layout.title = title + " · snippetd";
    layout.description = std::move(title);
    layout.script = script;
    layout.indexed = false;
    return layout;
}

Result<http::Form> read_form(const Exchange& exchange) {
    Result<http::Form> form = http::parse_form(exchange.request);
    if (!form) return form;
    for (http::Form::Field& field : form->fields) {
        if (!base::count_code_points(field.value)) field.value.clear();
    }
    return form;
}

std::string_view heading_of(ErrorKind kind) {
    const std::string_view heading = headline_of(kind).heading;
    return heading.empty() ? base::describe(kind).title : heading;
}

std::string told_to_people(const Error& error) {
    if (error.detail.empty() || error.kind == ErrorKind::internal) return std::string{headline_of(error.kind).text};
    return error.detail;
}

http::Response error_page(const http::Request& request, const Error& error) {
    const base::ErrorDescription description = base::describe(error.kind);
    const std::string_view heading = heading_of(error.kind);
    pages::Fields fields;
    fields.set("STATUS", std::to_string(description.status));
    fields.set("HEADING", heading);
    std::string text = told_to_people(error);
    for (const auto& [name, why] : error.fields) text += fmt::format(" “{}” {}.", name, why);
    if (error.retry_after_s > 0) fields.add("RETRY", "RETRY_AFTER", std::to_string(error.retry_after_s));
    // One's own private snippet looks like none to who is not logged in.
    const bool may_be_own = (error.kind == ErrorKind::not_found || error.kind == ErrorKind::forbidden) &&
                            request.path.starts_with("/s/") && http::find_cookie(request, "session").empty();
    if (may_be_own) text += " If it is yours, log in.";
    fields.set("TEXT", text);
    if (may_be_own || error.kind == ErrorKind::unauthenticated) {
        const bool safe = request.method == http::Method::get || request.method == http::Method::head;
        fields.add("LOGIN", "LOGIN_URL", log_in_path(safe ? request.path : "/me"));
    }
    if (error.kind != ErrorKind::unauthenticated) fields.show("HOME");
    const pages::Layout layout = unlisted_layout("error", std::string{heading}, "error.js");
    http::Response response;
    response.status = description.status;
    response.fields = kPageFields;
    response.fields += "Cache-Control: no-store\r\n";
    response.body = pages::lay_out(layout, pages::render("error", fields));
    encode_here(response, request);
    if (error.retry_after_s > 0) response.add("Retry-After", std::to_string(error.retry_after_s));
    return response;
}

std::string next_query(std::string_view path) {
    return "?next=" + base::percent_encoded(path, "-._~/");
}

std::string log_in_path(std::string_view path) {
    return "/login" + next_query(path);
}

http::Response see_other(std::string_view location) {
    http::Response response;
    response.status = 303;
    response.fields = "Cache-Control: no-store\r\n";
    response.add("Location", location);
    return response;
}

std::string local_path(std::string_view path) {
    // A browser takes `//host` and `/\host` for other sites.
    const bool local = path.starts_with('/') && !path.starts_with("//") && path.find('\\') == path.npos &&
                       std::all_of(path.begin(), path.end(), [](unsigned char c) { return c > 0x20 && c < 0x7F; });
    return std::string{local ? path : "/me"};
}

}  // namespace snippetd::exchange
