#pragma once

#include "auth/identities.hpp"
#include "http/request.hpp"
#include "http/response.hpp"
#include "use_cases/accounts.hpp"

#include <string_view>

/// The cookie that holds a session: `__Host-session` (RFC 6265bis section 4.1.3.2) where the public URL is https, which
/// no other host and nobody on an unencrypted way can set; else `session`.
///
/// Under https a `session` of before is still good, so that nobody is logged out by the change of names. It is so by
/// the kind of its secret: one that was given out as `__Host-session` opens nothing as `session`, and no new ones are
/// made of that kind, so after the 30 days of a session there is none left that a neighbour could set.
namespace snippetd::exchange {

struct SessionCookie {
    std::string_view secret;  ///< empty when there is none
    auth::SecretKind kind = auth::SecretKind::session;
};

/// The one that counts.
SessionCookie find_session_cookie(const http::Request& request);

/// The browser that has sent the request: what sessions its cookies name, and what kind the next one is of.
use_cases::SessionHolder session_holder(const http::Request& request);

/// Sets it, in the place of any other that the request has come with.
void add_session_cookie(http::Response& response, const http::Request& request, std::string_view secret);
void remove_session_cookies(http::Response& response, const http::Request& request);

}  // namespace snippetd::exchange
