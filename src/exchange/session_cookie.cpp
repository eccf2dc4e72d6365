#include "exchange/session_cookie.hpp"

#include <fmt/format.h>

namespace snippetd::exchange {

namespace {

using auth::SecretKind;

constexpr std::string_view kName = "session";
constexpr std::string_view kHostName = "__Host-session";

void add_cookie(http::Response& response, const http::Request& request, std::string_view name, std::string_view value) {
    response.add("Set-Cookie",
                 fmt::format("{}={}; HttpOnly; SameSite=Lax; Path=/; Max-Age={}{}", name, value,
                             value.empty() ? 0 : use_cases::kSessionSeconds, request.secure ? "; Secure" : ""));
}

}  // namespace

SessionCookie find_session_cookie(const http::Request& request) {
    if (request.secure) {
        const std::string_view secret = http::find_cookie(request, kHostName);
        if (!secret.empty()) return {secret, SecretKind::host_session};
    }
    return {http::find_cookie(request, kName), SecretKind::session};
}

use_cases::SessionHolder session_holder(const http::Request& request) {
    use_cases::SessionHolder holder;
    holder.kind = request.secure ? SecretKind::host_session : SecretKind::session;
    const auto add = [&](std::string_view name, SecretKind kind) {
        const std::string_view secret = http::find_cookie(request, name);
        if (!secret.empty()) holder.hashes.push_back(auth::hash_secret(kind, secret));
    };
    if (request.secure) add(kHostName, SecretKind::host_session);
    add(kName, SecretKind::session);
    return holder;
}

void add_session_cookie(http::Response& response, const http::Request& request, std::string_view secret) {
    add_cookie(response, request, request.secure ? kHostName : kName, secret);
    if (request.secure && !http::find_cookie(request, kName).empty()) add_cookie(response, request, kName, {});
}

void remove_session_cookies(http::Response& response, const http::Request& request) {
    add_session_cookie(response, request, {});
}

}  // namespace snippetd::exchange
