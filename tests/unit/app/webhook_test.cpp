#include "app/webhook.hpp"

#include "support/gate.hpp"
#include "support/http_listener.hpp"

#include <cstdlib>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include <boost/json.hpp>
#include <gtest/gtest.h>

namespace snippetd::app {
namespace {

namespace json = boost::json;
using test::Gate;
using test::HttpListener;

class WebhookTest : public testing::Test {
  protected:
    WebhookTest() { setenv("no_proxy", "*", 1); }  // libcurl looks there
};

const base::Alerts::Change kDown{"database_down", true, "the last \"connection\"\nis lost"};
const base::Alerts::Change kBack{"database_down", false, "back"};

TEST_F(WebhookTest, PostsEachChangeAsJsonInOrder) {
    HttpListener listener{[](std::size_t) { return 204; }};
    Webhook webhook{listener.url("/hook?token=1")};
    webhook.send(kDown);
    webhook.send(kBack);
    const auto requests = listener.wait_for(2);
    EXPECT_TRUE(requests[0].head.starts_with("POST /hook?token=1 HTTP/1.1\r\n")) << requests[0].head;
    EXPECT_NE(requests[0].head.find("\r\nContent-Type: application/json\r\n"), std::string::npos) << requests[0].head;
    const json::value down = json::parse(requests[0].body);
    EXPECT_EQ(down.at("alert"), json::value("database_down"));
    EXPECT_EQ(down.at("state"), json::value("raised"));
    EXPECT_EQ(down.at("active"), json::value(true));
    EXPECT_EQ(down.at("detail"), json::value("the last \"connection\"\nis lost"));
    EXPECT_EQ(down.at("at").as_string().size(), std::string_view{"2026-11-24T08:15:30.123Z"}.size());
    const json::value back = json::parse(requests[1].body);
    EXPECT_EQ(back.at("state"), json::value("resolved"));
    EXPECT_EQ(back.at("active"), json::value(false));
}

TEST_F(WebhookTest, WhatIsNotAnsweredWithASuccessIsSentUpToThreeTimes) {
    const std::vector<int> answers{500, 302, HttpListener::kHangUp, 200};
    HttpListener listener{[&answers](std::size_t number) { return answers.at(number); }};
    Webhook webhook{listener.url("/")};
    for (const char* detail : {"first", "second"}) webhook.send({"a", true, detail});
    const auto requests = listener.wait_for(answers.size());
    std::vector<std::string> details;
    for (const auto& request : requests) {
        details.emplace_back(json::parse(request.body).at("detail").as_string());
    }
    EXPECT_EQ(details, (std::vector<std::string>{"first", "first", "first", "second"}));
    EXPECT_EQ(requests[2].body, requests[0].body) << "an attempt does not change what it sends";
}

TEST_F(WebhookTest, TheEndGivesWhatIsQueuedOneMoreAttempt) {
    Gate gate;
    HttpListener listener{[&gate](std::size_t number) {
        if (number == 0) gate.pass();
        return 200;
    }};
    std::optional<Webhook> webhook{std::in_place, listener.url("/")};
    for (int i = 0; i < 5; ++i) webhook->send({"alert " + std::to_string(i), true, ""});
    gate.wait_for_arrivals();
    std::thread opener{[&gate] { gate.open(); }};
    webhook.reset();
    opener.join();
    const auto requests = listener.wait_for(5);
    EXPECT_EQ(json::parse(requests[4].body).at("alert"), json::value("alert 4"));
}

TEST_F(WebhookTest, SendDoesNotBlockAndItsQueueIsBounded) {
    Gate gate;
    HttpListener listener{[&gate](std::size_t number) {
        if (number == 0) gate.pass();
        return 200;
    }};
    {
        Webhook webhook{listener.url("/")};
        webhook.send(kDown);
        gate.wait_for_arrivals();  // under way, so no longer in the queue; nothing is answered from here on
        for (std::size_t i = 0; i < Webhook::kQueueMax + 50; ++i) webhook.send(kBack);
        gate.open();
    }
    EXPECT_EQ(listener.wait_for(Webhook::kQueueMax + 1).size(), Webhook::kQueueMax + 1);
}

TEST_F(WebhookTest, ANobodyThatListensDelaysTheEndOnlyByOneAttempt) {
    std::string url;
    {
        HttpListener listener{[](std::size_t) { return 200; }};
        url = listener.url("/");
    }
    const auto begin = std::chrono::steady_clock::now();
    {
        Webhook webhook{url};
        webhook.send(kDown);
    }
    EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds{5});
}

}  // namespace
}  // namespace snippetd::app
