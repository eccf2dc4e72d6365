#include "exchange/session_cookie.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace snippetd::exchange {
namespace {

using auth::SecretKind;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

http::Request request(bool secure, std::string_view cookies) {
    http::Request request;
    request.secure = secure;
    request.fields[static_cast<std::size_t>(http::Field::cookie)] = cookies;
    return request;
}

std::string set_by(const http::Request& request, std::string_view secret) {
    http::Response response;
    add_session_cookie(response, request, secret);
    return response.fields;
}

TEST(SessionCookie, UnderHttpTheOneNameCounts) {
    const http::Request both = request(false, "__Host-session=host; session=plain");
    EXPECT_EQ(find_session_cookie(both).secret, "plain");
    EXPECT_EQ(find_session_cookie(both).kind, SecretKind::session);
    EXPECT_THAT(session_holder(both).hashes, ElementsAre(auth::hash_secret(SecretKind::session, "plain")));
    EXPECT_EQ(set_by(both, "s"), "Set-Cookie: session=s; HttpOnly; SameSite=Lax; Path=/; Max-Age=2592000\r\n");
}

TEST(SessionCookie, UnderHttpsTheOneThatNobodyElseCanSetComesFirst) {
    const http::Request both = request(true, "session=plain; __Host-session=host");
    EXPECT_EQ(find_session_cookie(both).secret, "host");
    EXPECT_EQ(find_session_cookie(both).kind, SecretKind::host_session);
    EXPECT_THAT(session_holder(both).hashes, ElementsAre(auth::hash_secret(SecretKind::host_session, "host"),
                                                         auth::hash_secret(SecretKind::session, "plain")));
    EXPECT_EQ(set_by(request(true, ""), "s"),
              "Set-Cookie: __Host-session=s; HttpOnly; SameSite=Lax; Path=/; Max-Age=2592000; Secure\r\n");
}

TEST(SessionCookie, UnderHttpsAPlainOneIsOfBeforeAndIsReplaced) {
    const http::Request before = request(true, "session=plain");
    EXPECT_EQ(find_session_cookie(before).secret, "plain");
    EXPECT_EQ(find_session_cookie(before).kind, SecretKind::session);
    EXPECT_THAT(set_by(before, "s"), HasSubstr("Set-Cookie: session=; HttpOnly; SameSite=Lax; Path=/; Max-Age=0"));
    const use_cases::SessionHolder holder = session_holder(before);
    EXPECT_NE(auth::hash_secret(holder.kind, "plain"), holder.hashes.front())
        << "what is given out under the new name opens nothing under the old one";
}

}  // namespace
}  // namespace snippetd::exchange
