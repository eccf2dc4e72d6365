#include "redis/resolver.hpp"

#include <atomic>
#include <future>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>
#include <gtest/gtest.h>

namespace snippetd::redis {
namespace {

using namespace std::chrono_literals;
namespace asio = boost::asio;

/// What the lookups of a test share with its threads, which may outlive it.
struct System {
    std::atomic<int> asked = 0;
    std::atomic<bool> silent = true;
};

class ResolverTest : public testing::Test {
  protected:
    ~ResolverTest() override { system->silent = false; }

    std::future<Resolver::Addresses> start(const std::string& host, base::Milliseconds patience) {
        return asio::co_spawn(context, resolver.resolve(host, 7, base::deadline_in(patience)), asio::use_future);
    }
    Resolver::Addresses resolve(const std::string& host, base::Milliseconds patience) {
        auto found = start(host, patience);
        context.restart();
        context.run();
        return found.get();
    }

    std::shared_ptr<System> system = std::make_shared<System>();
    Resolver resolver{[system = system](const std::string& host, std::uint16_t port) {
        ++system->asked;
        while (system->silent) std::this_thread::sleep_for(1ms);
        if (host == "unknown") throw std::runtime_error{"never heard of it"};
        if (host == "empty") return Resolver::Addresses{};
        return Resolver::Addresses{{asio::ip::make_address("192.0.2.1"), port}};
    }};
    asio::io_context context{1};
};

TEST_F(ResolverTest, AnAddressNeedsNoLookup) {
    for (const char* host : {"127.0.0.1", "::1"}) {
        const Resolver::Addresses found = resolve(host, 1h);
        ASSERT_EQ(found.size(), 1u);
        EXPECT_EQ(found[0].address().to_string(), host);
        EXPECT_EQ(found[0].port(), 7);
    }
    EXPECT_EQ(system->asked, 0);
}

TEST_F(ResolverTest, NobodyWaitsForASilentSystem) {
    const auto begin = base::steady_now();
    EXPECT_THROW(resolve("host", 20ms), std::runtime_error);
    EXPECT_LT(base::steady_now() - begin, 10s);
    // A loop may end while somebody waits.
    start("host", 1h);
    context.restart();
    context.run_for(5ms);
    EXPECT_EQ(system->asked, 1) << "one lookup of a name at a time";
}

TEST_F(ResolverTest, AllWhoAskMeanwhileGetTheSameAnswerAndLaterOnesANewOne) {
    auto first = start("host", 1h), second = start("host", 1h);
    context.run_for(5ms);
    system->silent = false;
    context.run();
    EXPECT_EQ(first.get(), second.get());
    EXPECT_EQ(system->asked, 1);
    EXPECT_EQ(resolve("host", 1h).size(), 1u);
    EXPECT_EQ(system->asked, 2) << "a name may lead elsewhere by now";
}

TEST_F(ResolverTest, WhatHasNoAddressIsAnError) {
    system->silent = false;
    EXPECT_THROW(resolve("unknown", 1h), std::runtime_error);
    EXPECT_THROW(resolve("empty", 1h), std::runtime_error);
}

TEST(SystemResolver, KnowsThisMachine) {
    asio::io_context context{1};
    Resolver resolver;
    auto found = asio::co_spawn(context, resolver.resolve("localhost", 7, base::deadline_in(1h)), asio::use_future);
    context.run();
    const Resolver::Addresses addresses = found.get();
    ASSERT_FALSE(addresses.empty());
    EXPECT_TRUE(addresses[0].address().is_loopback());
    EXPECT_EQ(addresses[0].port(), 7);
}

}  // namespace
}  // namespace snippetd::redis
