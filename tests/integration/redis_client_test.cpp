#include "base/error.hpp"
#include "redis/clients.hpp"
#include "support/private_redis.hpp"
#include "support/run.hpp"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

/// What a server's refusals do to a client, on a real server.
namespace snippetd::redis {
namespace {

class RedisClientTest : public testing::Test {
  protected:
    RedisClientTest() {
        std::shared_ptr<Client> client = clients.make(loop.executor(), Use::requests);
        loop.own(client);
        boost::asio::post(loop.context(), [client] { client->start(); });
        if (!is_well_in_time()) throw test::TooSlow{};
    }

    bool is_well_in_time() {
        return test::wait_until([this] { return clients.all_up(); });
    }
    /// Has the server answer with this error, which it has no other reason for.
    void be_refused(std::string error) { EXPECT_THROW(loop.run(ask(std::move(error))), base::Unavailable); }
    base::Awaitable<Reply> ask(std::string error) {
        std::vector<std::string> keys;
        std::vector<std::string> arguments{std::move(error)};
        co_return co_await clients.of(loop.executor()).evaluate(refusal, std::move(keys), std::move(arguments));
    }

    static test::PrivateRedis& server() {
        static test::PrivateRedis redis;
        return redis;
    }
    static Client::Options options() {
        Client::Options options;
        options.endpoint.host = "127.0.0.1";
        options.endpoint.port = static_cast<std::uint16_t>(server().port());
        options.command_timeout = std::chrono::duration_cast<base::Milliseconds>(test::kPatience);
        return options;
    }

    base::Metrics metrics;
    base::Alerts alerts{metrics};
    Clients clients{options(), "nothing", metrics, alerts};
    const Script refusal{"return redis.error_reply(ARGV[1])"};
    test::Loop loop;
};

TEST_F(RedisClientTest, AServerThatRecoversBeforeTheProbeIsWellThoughNobodyAsksAgain) {
    for (const char* state : {"OOM command not allowed", "READONLY You cannot write", "BUSY with a script"}) {
        be_refused(state);
        EXPECT_FALSE(clients.all_up()) << state;
        EXPECT_TRUE(is_well_in_time()) << state;
    }
}

}  // namespace
}  // namespace snippetd::redis
