#include "context.hpp"
#include "files.hpp"
#include "text.hpp"

#include <algorithm>

#include <boost/json.hpp>
#include <fmt/format.h>
#include <unistd.h>

namespace snippetd::cli {

namespace json = boost::json;

namespace {

using Fields = std::vector<std::pair<std::string, std::string>>;

constexpr std::size_t kTokenNameCharactersMax = 100;

Call call_of(std::string method, std::string path, Fields fields, std::optional<json::object> body = {},
             Repeat repeat = Repeat::always) {
    Call call{.method = std::move(method),
              .path = std::move(path),
              .fields = std::move(fields),
              .body = {},
              .repeat = repeat,
              .progress = {}};
    if (body) call.body = json::serialize(*body);
    return call;
}

std::string first_line_of_input() {
    std::string text = read_input("-");
    text.resize(std::min(text.find('\n'), text.size()));
    if (text.ends_with('\r')) text.pop_back();
    return text;
}

std::string token_name() {
    char host[256] = "";
    if (gethostname(host, sizeof host - 1) != 0) host[0] = '\0';
    return shorten(fmt::format("snip on {}", *host ? printable(host) : "a computer"), kTokenNameCharactersMax);
}

/// The session's cookie, name and value, that a login's answer sets.
std::string session_of(const Response& response) {
    for (const auto& [name, value] : response.fields) {
        if (name != "set-cookie") continue;
        const std::string pair = value.substr(0, value.find(';'));
        if (pair.starts_with("session=") || pair.starts_with("__Host-session=")) return pair;
    }
    throw Failure{ExitCode::other, "the login's answer has no session: is --server right?"};
}

/// Opens a session, makes a token with it, and closes it again.
Credentials::Login make_token(Service& anonymous, const std::string& username, const std::string& password) {
    const Call login = call_of("POST", "/auth/login", {}, json::object{{"username", username}, {"password", password}});
    const Answer opened = anonymous.call(login);
    if (opened.response.status == 401) {
        throw Failure{ExitCode::not_permitted, "the username or the password is wrong (401)"};
    }
    if (!opened.ok()) throw anonymous.failure_of(login, opened.response);
    const Fields cookie{{"Cookie", session_of(opened.response)}};
    const Call create =
        call_of("POST", "/auth/tokens", cookie, json::object{{"name", token_name()}}, Repeat::only_if_refused);
    const Call logout = call_of("POST", "/auth/logout", cookie);
    try {
        const json::object token = anonymous.object_of(create, anonymous.call_or_fail(create).response);
        anonymous.call_or_fail(logout);
        return {text_in(token, "token"), text_in(token, "id"), username};
    } catch (...) {
        try {
            anonymous.call(logout);
        } catch (const Failure&) {
            // What went wrong before is what the user must hear of.
        }
        throw;
    }
}

Credentials::Login check_token(Context& context, const ServerAddress& server, const std::string& token) {
    Service service = context.service(server, token);
    const Call call = call_of("GET", "/auth/me", {});
    const json::object account = service.object_of(call, service.call_or_fail(call).response);
    return {token, "", text_in(account, "username")};
}

void delete_token(Context& context, const ServerAddress& server, const std::string& token, const std::string& id) {
    Service service = context.service(server, token);
    const Call call = call_of("DELETE", "/auth/tokens/" + percent_encoded(id), {});
    const Answer answer = service.call(call);
    // With 401 the token is dead already, with 404 it has been deleted.
    const bool dead = answer.response.status == 401 || answer.response.status == 404;
    if (!answer.ok() && !dead) throw service.failure_of(call, answer.response);
}

/// Before anything is asked or read: what is typed in by then is as good as sent.
void refuse_to_send_in_the_clear(const Invocation& invocation, const ServerAddress& server) {
    if (server.encrypted || server.loopback || invocation.insecure) return;
    throw Failure{ExitCode::bad_input,
                  fmt::format("the {} would go to {} unencrypted, for anyone on the way to read: use https://, or "
                              "--insecure if that is what you want",
                              invocation.token_from_input ? "token" : "password", printable(server.origin))};
}

Credentials::Login obtain(Context& context, const ServerAddress& server) {
    const Invocation& invocation = context.invocation();
    refuse_to_send_in_the_clear(invocation, server);
    if (invocation.token_from_input) {
        const std::string token = first_line_of_input();
        if (!token.starts_with("snp_") || token.find_first_of(" \t") != token.npos || find_unacceptable(token)) {
            throw Failure{ExitCode::bad_input, "standard input does not hold a token (snp_…)"};
        }
        return check_token(context, server, token);
    }
    const bool asks = isatty(STDIN_FILENO) == 1;
    if (!asks && invocation.username.empty()) {
        throw Failure{ExitCode::bad_input,
                      "there is no terminal to ask on: give --username with the password on standard "
                      "input, or --token-stdin"};
    }
    const std::string username =
        invocation.username.empty() ? ask(fmt::format("Username at {}: ", server.base()), false) : invocation.username;
    const std::string password = asks ? ask("Password: ", true) : first_line_of_input();
    if (find_unacceptable(username) || find_unacceptable(password)) {
        throw Failure{ExitCode::bad_input, "username and password must be UTF-8"};
    }
    Service anonymous = context.service(server, "");
    return make_token(anonymous, username, password);
}

}  // namespace

ExitCode log_in(Context& context) {
    const ServerAddress server = context.server();
    Credentials{}.find(server.origin);  // what cannot be read could not be written either: say so before asking
    const Credentials::Login login = obtain(context, server);
    std::optional<Credentials::Login> before;
    try {
        before = Credentials{}.store(server, login);
    } catch (const Failure& failure) {
        if (login.id.empty()) throw;
        // Nobody will know this token: it must not stay valid.
        const Failure reason = failure;
        try {
            delete_token(context, server, login.token, login.id);
        } catch (const Failure& other) {
            context.terminal().tell(fmt::format("the new token could not be deleted: {}", other.what()));
        }
        throw reason;
    }
    const Terminal& terminal = context.terminal();
    terminal.tell(fmt::format("logged in at {} as {}; the token is in {}", server.base(), printable(login.username),
                              printable(Credentials::path().string())));
    if (before && !before->id.empty() && before->token != login.token) {
        try {
            delete_token(context, server, before->token, before->id);
        } catch (const Failure& failure) {
            terminal.tell(fmt::format("the token of the login before could not be deleted: {}", failure.what()));
        }
    }
    if (std::getenv("SNIPPETD_TOKEN")) terminal.tell("SNIPPETD_TOKEN is set, and comes first");
    return ExitCode::ok;
}

ExitCode log_out(Context& context) {
    const ServerAddress server = context.server();
    const Terminal& terminal = context.terminal();
    const std::optional<Credentials::Login> login = Credentials{}.forget(server.origin);
    if (!login) {
        terminal.tell(fmt::format("there is no token for {}", server.origin));
        return ExitCode::ok;
    }
    if (login->id.empty()) {
        terminal.tell(fmt::format("the token is removed here; it stays valid until you revoke it at {}/me/tokens",
                                  server.base()));
        return ExitCode::ok;
    }
    try {
        delete_token(context, server, login->token, login->id);
    } catch (const Failure& failure) {
        throw Failure{failure.code(), fmt::format("the token is removed here, but stays valid until you revoke it at "
                                                  "{}/me/tokens: {}",
                                                  server.base(), failure.what())};
    }
    terminal.tell(fmt::format("logged out of {}", server.base()));
    return ExitCode::ok;
}

}  // namespace snippetd::cli
