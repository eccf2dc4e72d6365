#include "application/application.hpp"

#include "limiter/memory_limiter.hpp"
#include "support/idle_services.hpp"
#include "support/run.hpp"

#include <string>
#include <utility>

#include <gtest/gtest.h>

namespace snippetd::application {
namespace {

/// The service with a store and a cache that are not to be touched, and without policies.
class ApplicationTest : public testing::Test {
  protected:
    http::Service::Answer ask(http::Method method, std::string path, std::string body = {}) {
        http::Request request;
        request.method = method;
        request.method_text = http::to_text(method);
        request.path = std::move(path);
        request.body = std::move(body);
        return loop.run(application.answer(request));
    }

    test::Loop loop;  // outlives the threads, which answer to it
    limiter::MemoryLimiter limiter{limiter::Algorithm::sliding_window};
    test::IdleServices services{limiter};
    Application application{services.services};
};

TEST_F(ApplicationTest, APasswordThatCannotBeCheckedIsRefusedBeforeAnythingIsDone) {
    services.passwords.close();
    for (const char* path : {"/auth/login", "/auth/signup", "/login", "/api/v3/authorizations"}) {
        const http::Service::Answer answer =
            ask(http::Method::post, path, R"({"username":"ann","password":"12345678"})");
        EXPECT_EQ(answer.response.status, 503) << path;
        EXPECT_NE(answer.response.fields.find("Retry-After: "), std::string::npos) << path;
    }
}

TEST_F(ApplicationTest, WhatIsNowhereIsSaidSoAndWhatIsThereSaysItsMethods) {
    EXPECT_EQ(ask(http::Method::get, "/no/such/path").response.status, 404);
    const http::Service::Answer answer = ask(http::Method::delete_, "/auth/login");
    EXPECT_EQ(answer.response.status, 405);
    EXPECT_NE(answer.response.fields.find("Allow: POST, OPTIONS"), std::string::npos) << answer.response.fields;
}

}  // namespace
}  // namespace snippetd::application
