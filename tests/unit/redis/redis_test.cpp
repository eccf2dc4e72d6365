#include "base/alerts.hpp"
#include "redis/breaker.hpp"
#include "redis/endpoint.hpp"
#include "redis/health.hpp"
#include "redis/reply.hpp"
#include "redis/script.hpp"

#include <stdexcept>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace snippetd::redis {
namespace {

using namespace std::chrono_literals;

TEST(Endpoint, HasTheUsualDefaults) {
    const Endpoint endpoint = parse_endpoint("redis://cache.internal");
    EXPECT_EQ(endpoint.host, "cache.internal");
    EXPECT_EQ(endpoint.port, 6379);
    EXPECT_EQ(endpoint.user + endpoint.password, "");
    EXPECT_EQ(endpoint.database, 0);
    EXPECT_FALSE(endpoint.tls);
}

TEST(Endpoint, ReadsAllParts) {
    const Endpoint endpoint = parse_endpoint("rediss://app:p%40ss%2Fword@[::1]:7000/12");
    EXPECT_EQ(endpoint.host, "::1");
    EXPECT_EQ(endpoint.port, 7000);
    EXPECT_EQ(endpoint.user, "app");
    EXPECT_EQ(endpoint.password, "p@ss/word");
    EXPECT_EQ(endpoint.database, 12);
    EXPECT_TRUE(endpoint.tls);
    EXPECT_EQ(parse_endpoint("redis://:secret@h/").password, "secret");
    EXPECT_EQ(parse_endpoint("redis://:secret@h/").user, "");
}

TEST(Endpoint, RefusesWhatIsNone) {
    for (const char* url :
         {"", "h:6379", "http://h", "redis://", "redis:h", "redis://h/x", "redis://h/-1", "redis://h/1/2",
          "redis://h/99999999999", "redis://h:0", "redis://h:99999", "redis://h?a", "redis://h#a", "redis://h/0 "}) {
        EXPECT_THROW(parse_endpoint(url), std::invalid_argument) << url;
    }
}

TEST(ErrorReply, IsKnownByItsFirstWord) {
    EXPECT_EQ(meaning_of("NOSCRIPT No matching script."), ErrorMeaning::no_script);
    for (const char* text : {"LOADING x", "BUSY x", "MASTERDOWN x", "CLUSTERDOWN x", "TRYAGAIN x"}) {
        EXPECT_EQ(meaning_of(text), ErrorMeaning::not_now) << text;
    }
    for (const char* text : {"READONLY x", "MOVED 1 h:1", "ASK 1 h:1", "UNBLOCKED x"}) {
        EXPECT_EQ(meaning_of(text), ErrorMeaning::moved_on) << text;
    }
    for (const char* text : {"OOM command not allowed", "MISCONF x", "NOREPLICAS x"}) {
        EXPECT_EQ(meaning_of(text), ErrorMeaning::out_of_space) << text;
    }
    for (const char* text :
         {"NOAUTH x", "WRONGPASS x", "NOPERM x", "DENIED x",
          "ERR The user executing the script can't run this command or subcommand script: 1, on @user_script:1.",
          "ERR ACL failure in script: No permissions to access a key script: 1, on @user_script:1."}) {
        EXPECT_EQ(meaning_of(text), ErrorMeaning::denied) << text;
    }
    for (const char* text : {"ERR x", "", "BUSYGROUP x", "OOMPH"}) {
        EXPECT_EQ(meaning_of(text), ErrorMeaning::other) << text;
    }
}

TEST(ErrorReply, SaysWhetherItIsAboutTheServerOrTheCommand) {
    for (const char* text :
         {"LOADING x", "BUSY x", "MASTERDOWN x", "READONLY x", "NOREPLICAS x", "OOM x", "MISCONF x"}) {
        EXPECT_TRUE(concerns_all_commands(text)) << text;
    }
    for (const char* text : {"CLUSTERDOWN Hash slot not served", "TRYAGAIN x", "MOVED 1 h:1", "ASK 1 h:1", "NOPERM x",
                             "NOSCRIPT x", "ERR x", "", "OOMPH"}) {
        EXPECT_FALSE(concerns_all_commands(text)) << text;
    }
}

TEST(BreakerTest, IsOpenUntilAProbeIsAnswered) {
    Breaker breaker;
    EXPECT_FALSE(breaker.closed() || breaker.well());
    breaker.probe_answered();
    EXPECT_TRUE(breaker.closed() && breaker.well());
    breaker.open();
    EXPECT_FALSE(breaker.closed() || breaker.well());
    breaker.probe_answered();
    EXPECT_TRUE(breaker.well());
}

TEST(BreakerTest, AProbeThatIsAnsweredWhileACommandIsRefusedProvesNothing) {
    Breaker breaker;
    breaker.probe_answered();
    breaker.refused("take");
    EXPECT_TRUE(breaker.closed()) << "refusals are quick";
    EXPECT_FALSE(breaker.well());
    breaker.probe_answered();
    EXPECT_FALSE(breaker.well());
    breaker.forget_refused([](const std::string& kind) { return kind == "another"; });
    EXPECT_FALSE(breaker.well());
    breaker.forget_refused([](const std::string& kind) { return kind == "take"; });
    EXPECT_TRUE(breaker.well());
}

TEST(BreakerTest, WhatAllCommandsWereRefusedForIsOverWhenAProbeIsAnswered) {
    Breaker breaker;
    breaker.probe_answered();
    breaker.refused_as_all_are();
    EXPECT_TRUE(breaker.closed()) << "refusals are quick";
    EXPECT_FALSE(breaker.well());
    breaker.probe_answered();
    EXPECT_TRUE(breaker.well()) << "the server has recovered between the two";
}

TEST(BreakerTest, AProbeThatSeesTheRefusalSeesItsEnd) {
    Breaker breaker;
    breaker.probe_answered();
    breaker.refused("take");
    breaker.probe_refused();
    EXPECT_FALSE(breaker.closed());
    breaker.probe_answered();
    EXPECT_TRUE(breaker.well());
}

TEST(BreakerTest, AnotherServerHasRefusedNothing) {
    Breaker breaker;
    breaker.probe_answered();
    breaker.refused("take");
    breaker.open();
    breaker.other_server();
    breaker.probe_answered();
    EXPECT_TRUE(breaker.well());
}

TEST(Script, HasTheDigestThatTheServerKnowsItBy) {
    EXPECT_EQ(Script{"return 1"}.digest(), "e0e1f9fabfc9d4800c877a703b823ac0578ff8db");  // redis.io, EVALSHA
}

class HealthTest : public testing::Test {
  protected:
    HealthTest() {
        alerts.on_change([this](const base::Alerts::Change& change) { changes.push_back(change); });
        for (const int& client : clients) health.expect(&client);
    }
    base::Metrics metrics;
    base::Alerts alerts{metrics};
    std::vector<base::Alerts::Change> changes;
    Health health{metrics, alerts, "writes go on"};
    int clients[2] = {};
};

TEST_F(HealthTest, AStartIsNoAlert) {
    EXPECT_FALSE(health.all_up());
    health.up(&clients[0]);
    EXPECT_FALSE(health.all_up());
    health.up(&clients[1]);
    EXPECT_TRUE(health.all_up());
    EXPECT_TRUE(changes.empty());
}

TEST_F(HealthTest, AnOutageIsOneAlertHoweverManyNoticeIt) {
    for (const int& client : clients) health.up(&client);
    health.down(&clients[0], "silence");
    EXPECT_FALSE(health.all_up());
    health.down(&clients[1], "silence");
    health.down(&clients[0], "still silence");
    ASSERT_EQ(changes.size(), 1u);
    EXPECT_EQ(changes[0].alert, "redis_down");
    EXPECT_TRUE(changes[0].active);
    EXPECT_EQ(changes[0].detail, "silence; writes go on");
    health.up(&clients[1]);
    EXPECT_EQ(changes.size(), 1u) << "one of them is still down";
    const auto now = base::steady_now();
    health.up(&clients[0], now);
    health.settle(now + Health::kSettled - 1ms);
    EXPECT_EQ(changes.size(), 1u) << "it may be down again in a moment";
    EXPECT_FALSE(health.all_up());
    health.settle(now + Health::kSettled);
    ASSERT_EQ(changes.size(), 2u);
    EXPECT_FALSE(changes[1].active);
    EXPECT_TRUE(health.all_up());
}

TEST_F(HealthTest, WhatComesAndGoesIsOneAlert) {
    for (const int& client : clients) health.up(&client);
    const auto begin = base::steady_now();
    for (auto now = begin; now < begin + 10s; now += 100ms) {
        health.down(&clients[0], "silence", now);
        health.up(&clients[0], now + 50ms);
        health.settle(now + 99ms);
    }
    EXPECT_EQ(changes.size(), 1u);
}

TEST_F(HealthTest, TroublesThatFollowEachOtherAreResolvedLater) {
    for (const int& client : clients) health.up(&client);
    auto now = base::steady_now();
    for (const auto settled : {Health::kSettled, Health::kSettled * 2, Health::kSettledMax, Health::kSettledMax}) {
        changes.clear();
        health.down(&clients[0], "silence", now);
        health.up(&clients[0], now);
        health.settle(now + settled - 1ms);
        EXPECT_EQ(changes.size(), 1u);
        now += settled;
        health.settle(now);
        EXPECT_EQ(changes.size(), 2u);
    }
    changes.clear();
    now += Health::kCloseUpon;
    health.down(&clients[0], "silence", now);
    health.up(&clients[0], now);
    health.settle(now + Health::kSettled);
    EXPECT_EQ(changes.size(), 2u);
}

TEST_F(HealthTest, ARefusedCommandIsAnAlertOfItsOwn) {
    for (const int& client : clients) health.refused(&client, "ERR unknown command");
    ASSERT_EQ(changes.size(), 1u);
    EXPECT_EQ(changes[0].alert, "redis_refuses");
    EXPECT_EQ(changes[0].detail, "Redis refused a command: ERR unknown command");
    health.accepted(&clients[0]);
    health.accepted(&clients[0]);
    EXPECT_EQ(changes.size(), 1u);
    health.accepted(&clients[1]);
    ASSERT_EQ(changes.size(), 2u);
    EXPECT_FALSE(changes[1].active);
}

TEST_F(HealthTest, AKindOfCommandIsUnprovenUntilOneOfItSucceedsAnywhere) {
    EXPECT_FALSE(health.any_unproven());
    health.command_refused("take");
    health.command_succeeded("another");
    EXPECT_TRUE(health.any_unproven() && health.is_unproven("take"));
    EXPECT_FALSE(health.is_unproven("another"));
    health.command_succeeded("take");
    EXPECT_FALSE(health.any_unproven() || health.is_unproven("take"));
}

TEST_F(HealthTest, OneThatIsForgottenIsNotWaitedFor) {
    health.up(&clients[0]);
    health.forget(&clients[1]);
    EXPECT_TRUE(health.all_up());
}

}  // namespace
}  // namespace snippetd::redis
