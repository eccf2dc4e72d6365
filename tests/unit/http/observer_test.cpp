#include "http/observer.hpp"

#include "base/log.hpp"

#include <string>

#include <gtest/gtest.h>

namespace snippetd::http {
namespace {

using namespace std::chrono_literals;

bool shows(const std::string& text, const std::string& line) {
    return ("\n" + text).find("\n" + line + "\n") != std::string::npos;
}

struct ObserverTest : testing::Test {
    void answered(Method method, std::string_view route, unsigned status, std::chrono::nanoseconds duration = 1ms) {
        request.method = method;
        request.method_text = to_text(method);
        Service::Answer answer;
        answer.route = route;
        answer.response.status = status;
        answer.response.cache_status = cache_status;
        observer.answered(request, answer, 123, duration);
    }

    base::Metrics metrics;
    Observer observer{metrics};
    Request request;
    std::string_view cache_status;
};

TEST_F(ObserverTest, CountsByRouteMethodAndStatus) {
    const std::string_view read = "/s/{id}", make = "/snippets";
    answered(Method::get, read, 200);
    answered(Method::get, read, 200, 3s);
    answered(Method::get, read, 404);
    answered(Method::head, read, 200);
    answered(Method::post, make, 201);
    answered(Method::other, Service::Answer{}.route, 400);
    const std::string text = metrics.text();
    for (const char* line : {R"(snippetd_http_requests_total{route="/s/{id}",method="GET",status="200"} 2)",
                             R"(snippetd_http_requests_total{route="/s/{id}",method="GET",status="404"} 1)",
                             R"(snippetd_http_requests_total{route="/s/{id}",method="HEAD",status="200"} 1)",
                             R"(snippetd_http_requests_total{route="/snippets",method="POST",status="201"} 1)",
                             R"(snippetd_http_requests_total{route="unmatched",method="other",status="400"} 1)",
                             R"(snippetd_http_request_duration_seconds_count{route="/s/{id}"} 4)",
                             R"(snippetd_http_request_duration_seconds_bucket{route="/s/{id}",le="0.001"} 3)"}) {
        EXPECT_TRUE(shows(text, line)) << line << "\n" << text;
    }
}

TEST_F(ObserverTest, SaysTheTimeAsADate) {
    const std::string date{observer.http_date()};
    EXPECT_EQ(date.size(), std::string{"Sun, 06 Nov 1994 08:49:37 GMT"}.size());
    const base::UnixMillis now = base::unix_now_ms();
    EXPECT_TRUE(date == base::format_http_date(now) || date == base::format_http_date(now - 1000)) << date;
}

/// What the log's thread writes to standard error.
template <class Act>
std::string log_of(log::Format format, Act act) {
    testing::internal::CaptureStderr();
    log::start({log::Level::info, format});
    act();
    log::stop();
    log::start({log::Level::off, log::Format::text});
    log::stop();
    return testing::internal::GetCapturedStderr();
}

TEST_F(ObserverTest, WritesALineForEachRequestWithoutItsQuery) {
    request.client = boost::asio::ip::make_address("192.0.2.1");
    request.path = "/s/abc def\n";
    request.query = "secret=1";
    request.id = "id-1";
    cache_status = "near; hit";
    const auto act = [&] {
        answered(Method::get, "/s/{id}", 200, 1500us);
        observer.flush_log();
    };
    const std::string text = log_of(log::Format::text, act);
    EXPECT_NE(text.find(" info  request client=192.0.2.1 method=GET path=\"/s/abc def\\n\" status=200 bytes=123 "
                        "duration_us=1500 request_id=id-1 cache=\"near; hit\"\n"),
              std::string::npos)
        << text;
    const std::string json = log_of(log::Format::json, act);
    EXPECT_NE(json.find(R"("level":"info","message":"request","client":"192.0.2.1","method":"GET",)"
                        R"("path":"/s/abc def\n","route":"/s/{id}","status":200,"bytes":123,"duration_us":1500,)"
                        R"("cache":"near; hit","request_id":"id-1"})"),
              std::string::npos)
        << json;
    EXPECT_EQ((text + json).find("secret"), std::string::npos);
}

TEST_F(ObserverTest, HandsLinesOverInChunksAndAtItsEnd) {
    const std::string path = "/" + std::string(200, 'x');
    request.path = path;
    const std::string all = log_of(log::Format::text, [&] {
        Observer gone{metrics};
        Service::Answer answer;
        for (int i = 0; i < 1000; ++i) gone.answered(request, answer, 0, 1us);
    });
    EXPECT_EQ(std::count(all.begin(), all.end(), '\n'), 1000);
}

}  // namespace
}  // namespace snippetd::http
