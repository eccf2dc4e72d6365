#include "context.hpp"

#include "text.hpp"

#include <cstdlib>

#include <fmt/format.h>

namespace snippetd::cli {

namespace {

constexpr const char* kDefaultServer = "http://localhost:3000";

std::string variable(const char* name) {
    const char* value = std::getenv(name);
    return value ? value : "";
}

/// A header's value must not end it.
bool is_plain(std::string_view token) {
    return token.find_first_of("\r\n") == token.npos && !find_unacceptable(token);
}

}  // namespace

ServerAddress Context::server() const {
    if (!invocation_.server.empty()) return parse_server(invocation_.server);
    if (const std::string url = variable("SNIPPETD_URL"); !url.empty()) return parse_server(url);
    return parse_server(Credentials{}.server().value_or(kDefaultServer));
}

std::string Context::token_for(const ServerAddress& server) const {
    std::string token = variable("SNIPPETD_TOKEN");
    if (token.empty()) {
        const auto login = Credentials{}.find(server.origin);
        if (login) token = login->token;
    }
    if (!is_plain(token)) throw Failure{ExitCode::bad_input, "the token has characters that no token has"};
    return token;
}

Service Context::service(const ServerAddress& server, std::string token) {
    if (!token.empty() && !server.encrypted && !server.loopback && !warned_in_the_clear_) {
        terminal_.tell(fmt::format("the token goes to {} unencrypted: anyone on the way can read it; use https://",
                                   server.origin));
        warned_in_the_clear_ = true;
    }
    return Service{http_, terminal_, {invocation_.retries_max, invocation_.timeout}, server, std::move(token)};
}

Service Context::service() {
    const ServerAddress address = server();
    return service(address, token_for(address));
}

Service Context::service_of(const SnippetLink& link) {
    if (!link.server) return service();
    const bool own = link.server->origin == server().origin;
    return service(*link.server, own ? token_for(*link.server) : std::string{});
}

std::vector<std::pair<std::string, std::string>> Context::edit_fields(const Service& service,
                                                                      const std::string& id) const {
    const std::optional<std::string> token = EditTokens{}.find(service.server().base(), id);
    if (!token || !is_plain(*token)) return {};
    return {{"X-Edit-Token", *token}};
}

ExitCode Context::for_each(const std::vector<std::string>& operands,
                           const std::function<void(const std::string&)>& work) const {
    ExitCode first = ExitCode::ok;
    for (const std::string& operand : operands) {
        try {
            work(operand);
        } catch (const Failure& failure) {
            terminal_.complain(
                fmt::format("{}: {}", printable(operand == "-" ? "standard input" : operand), failure.what()));
            if (first == ExitCode::ok) first = failure.code();
        }
    }
    return first;
}

}  // namespace snippetd::cli
