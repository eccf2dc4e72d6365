#include "cache/redis_cache.hpp"

#include "base/unreachable.hpp"
#include "cache/channel.hpp"
#include "support/private_redis.hpp"
#include "support/run.hpp"

#include <atomic>
#include <functional>
#include <future>
#include <limits>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <gtest/gtest.h>

/// What instances keep together through a Redis server.
namespace snippetd::cache {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;
using State = model::Loaded::State;
using test::Loop;

constexpr base::Milliseconds kTtl{300'000};
// Of clients that are to notice that Redis hangs; the others wait as long as a test does.
constexpr base::Milliseconds kImpatience{400};
constexpr std::int64_t kDeleted = std::numeric_limits<std::int64_t>::max();

/// One for all tests of the process.
test::PrivateRedis& server() {
    static test::PrivateRedis redis;
    return redis;
}

model::Snippet snippet(const std::string& id) {
    model::Snippet snippet;
    snippet.id = id;
    snippet.title = "a title";
    snippet.body = "a body\r\nof \"two\" lines";
    snippet.language = "cpp";
    snippet.visibility = model::Visibility::public_;
    snippet.tags = {"one", "two"};
    snippet.owner_name = "ann";
    snippet.view_count = 41;
    snippet.created_at = 1'700'000'000'000;
    snippet.updated_at = 1'700'000'000'001;
    snippet.edit_token_hash = "a secret hash";
    return snippet;
}

/// What Redis caches: a load sees the row as it is when it starts, and takes as long as `meanwhile` does.
class Rows {
  public:
    base::Awaitable<model::Loaded> load(std::string id) {
        ++loads;
        model::Loaded loaded;
        loaded.state = state;
        if (state == State::found) {
            model::Snippet row = snippet(id);
            change(row);
            loaded.snippet = std::make_shared<const model::Snippet>(std::move(row));
            loaded.as_of = base::unix_now_ms();
        }
        // Once: what happens during this load, and not during those that it causes.
        const std::function<base::Awaitable<void>()> during = std::exchange(meanwhile, nullptr);
        if (during) co_await during();
        co_return loaded;
    }

    State state = State::found;
    std::function<void(model::Snippet& row)> change = [](model::Snippet&) {};
    std::function<base::Awaitable<void>()> meanwhile;
    std::atomic<int> loads{0};
};

/// One instance: a loop with a client, and a relay that has seen an empty outbox.
class Instance {
  public:
    explicit Instance(
        base::Milliseconds ttl = kTtl,
        base::Milliseconds command_timeout = std::chrono::duration_cast<base::Milliseconds>(test::kPatience),
        std::int64_t epoch_ = 1)
        : epoch{epoch_},
          clients{options(command_timeout), "nothing", metrics, alerts},
          relay{std::make_shared<Relay>(loop.executor(), steps())},
          cache{std::make_shared<RedisCache>(clients, *relay, ttl)} {
        loop.own(relay);
        loop.own(cache);
        std::shared_ptr<redis::Client> client = clients.make(loop.executor());
        loop.own(client);
        asio::post(loop.context(), [client] { client->start(); });
        if (!test::wait_until([this] { return clients.all_up(); })) throw test::TooSlow{};
        std::future<void> running = loop.start(relay->run());
        if (!test::wait_until([this] { return relay->trusts_redis(); })) throw test::TooSlow{};
        // From here on nothing makes up for a failure.
        asio::post(loop.context(), [this] { relay->stop(); });
        Loop::get(std::move(running));
    }

    base::Awaitable<RedisCache::Answer> reading(std::string id, base::Milliseconds refresh_below = 0ms) {
        RedisCache::Load load = [this](std::string wanted, base::Deadline) { return rows.load(std::move(wanted)); };
        return cache->read(std::move(id), refresh_below, std::move(load), base::deadline_in(test::kPatience));
    }
    RedisCache::Answer read(const std::string& id, base::Milliseconds refresh_below = 0ms) {
        return loop.run(reading(id, refresh_below));
    }
    void invalidate(const std::string& id, std::int64_t floor) { loop.run(cache->invalidate(id, floor)); }
    /// How many scripts have been sent by their digest.
    std::uint64_t scripts() {
        return metrics.counter("snippetd_redis_commands_total", "", {{"command", "evalsha"}}).value();
    }

    const std::int64_t epoch;  ///< of the reign
    const base::SteadyTime now = base::steady_now();
    std::atomic<base::Milliseconds> advance{0ms};  ///< of the relay's clock
    base::Metrics metrics;
    base::Alerts alerts{metrics};
    redis::Clients clients;
    Rows rows;
    Loop loop;
    std::shared_ptr<Relay> relay;
    std::shared_ptr<RedisCache> cache;

  private:
    static redis::Client::Options options(base::Milliseconds command_timeout) {
        redis::Client::Options options;
        options.endpoint.host = "127.0.0.1";
        options.endpoint.port = static_cast<std::uint16_t>(server().port());
        options.command_timeout = command_timeout;
        return options;
    }
    /// Of a store with an empty outbox, which says that the server of the tests is in force. What is proven does not
    /// grow old while a test runs.
    Relay::Steps steps() {
        Relay::Steps steps;
        steps.list = [this](base::Milliseconds, int) -> base::Awaitable<model::Undelivered> {
            co_return model::Undelivered{{}, {clients.of(loop.executor()).server_id(), epoch}};
        };
        steps.forget = [](model::NumbersById, model::CacheServer) -> base::Awaitable<void> { co_return; };
        steps.set_in_force = [](std::string, model::CacheServer) -> base::Awaitable<void> { co_return; };
        steps.heed = [](const std::string&, std::int64_t) {};
        steps.deliver = [](std::string, std::int64_t) -> base::Awaitable<void> { co_return; };
        steps.server = [this] { return clients.of(loop.executor()).server_id(); };
        steps.on_look = [this] { relay->proven(now, clients.of(loop.executor()).server_id(), 1); };
        steps.now = [this] { return now + advance.load(); };
        return steps;
    }
};

class RedisCacheTest : public testing::Test {
  protected:
    RedisCacheTest() { server().call("FLUSHALL"); }

    static bool there(const std::string& id) { return server().call("EXISTS snippet:{" + id + "}") == 1; }
    static base::Milliseconds ttl(const std::string& id) {
        return base::Milliseconds{server().call("PTTL snippet:{" + id + "}")};
    }
    static std::string field(const std::string& id, const std::string& name) {
        return server().text("HGET snippet:{" + id + "} " + name);
    }
    /// Waits, turn by turn of the loop, until the condition holds.
    static base::Awaitable<void> until(std::function<bool()> condition) {
        const base::Executor executor = co_await asio::this_coro::executor;
        const base::Deadline end = base::deadline_in(test::kPatience);
        while (!condition()) {
            if (base::steady_now() > end) throw test::TooSlow{};
            base::Timer timer{executor};
            timer.expires_after(1ms);
            co_await timer.async_wait(base::use_awaitable);
        }
    }
    /// The next load has `action` done while it is under way.
    static void during_the_load(Instance& instance, std::function<void()> action) {
        instance.rows.meanwhile = [action]() -> base::Awaitable<void> {
            action();
            co_return;
        };
    }
};

TEST_F(RedisCacheTest, AMissIsLoadedOnceAndStoredSoThatAPersonCanReadIt) {
    Instance instance;
    const RedisCache::Answer answer = instance.read("a");
    EXPECT_FALSE(answer.from_redis);
    EXPECT_EQ(answer.loaded.snippet->title, "a title");
    EXPECT_EQ(instance.rows.loads, 1);
    EXPECT_GE(answer.ttl, kTtl * 9 / 10);
    EXPECT_LE(answer.ttl, kTtl * 11 / 10);

    ASSERT_TRUE(there("a"));
    EXPECT_LE(ttl("a"), answer.ttl);
    EXPECT_GE(ttl("a"), answer.ttl - test::kPatience);
    EXPECT_EQ(field("a", "kind"), "snippet");
    EXPECT_EQ(field("a", "title"), "a title");
    EXPECT_EQ(field("a", "body"), "a body\r\nof \"two\" lines");
    EXPECT_EQ(field("a", "version"), "1");
    EXPECT_EQ(field("a", "count"), "41");
    EXPECT_EQ(field("a", "token"), "") << "the lease is over";
    EXPECT_EQ(server().call("HEXISTS snippet:{a} edit_token_hash"), 0);
}

TEST_F(RedisCacheTest, TheNextReaderGetsTheSameFromRedisOnEveryInstance) {
    Instance one, other;
    const model::Snippet expected = *one.read("a").loaded.snippet;
    for (Instance* instance : {&one, &other}) {
        const RedisCache::Answer answer = instance->read("a");
        EXPECT_TRUE(answer.from_redis);
        EXPECT_GT(answer.ttl, 0ms);
        EXPECT_LE(answer.ttl, kTtl * 11 / 10);
        ASSERT_EQ(answer.loaded.state, State::found);
        const model::Snippet& actual = *answer.loaded.snippet;
        EXPECT_EQ(actual.id, expected.id);
        EXPECT_EQ(actual.title, expected.title);
        EXPECT_EQ(actual.body, expected.body);
        EXPECT_EQ(actual.language, expected.language);
        EXPECT_EQ(actual.visibility, expected.visibility);
        EXPECT_EQ(actual.tags, expected.tags);
        EXPECT_EQ(actual.owner_name, expected.owner_name);
        EXPECT_EQ(actual.version, expected.version);
        EXPECT_EQ(actual.view_count, expected.view_count);
        EXPECT_EQ(actual.created_at, expected.created_at);
        EXPECT_EQ(actual.updated_at, expected.updated_at);
        EXPECT_EQ(actual.expires_at, expected.expires_at);
        EXPECT_EQ(actual.edit_token_hash, "");
    }
    EXPECT_EQ(one.rows.loads, 1);
    EXPECT_EQ(other.rows.loads, 0);
}

TEST_F(RedisCacheTest, WhoMissesWhileAnotherLoadsWaitsForWhatHeBrings) {
    std::promise<void> loading;
    Instance instance;
    instance.read("another");  // so that the server knows the scripts
    instance.rows.loads = 0;
    // The load ends when the second reader has been told to wait and looks again. Both are on one connection, so the
    // second one's last look comes after the fill, however busy the machine is.
    const std::uint64_t before = instance.scripts();
    instance.rows.meanwhile = [&]() -> base::Awaitable<void> {
        loading.set_value();
        std::function<bool()> looks_again = [&] { return instance.scripts() >= before + 3; };
        co_await until(std::move(looks_again));
    };
    auto first = instance.loop.start(instance.reading("a"));
    Loop::get(loading.get_future());
    auto second = instance.loop.start(instance.reading("a"));
    EXPECT_FALSE(Loop::get(std::move(first)).from_redis);
    const RedisCache::Answer answer = Loop::get(std::move(second));
    EXPECT_TRUE(answer.from_redis);
    EXPECT_EQ(answer.loaded.snippet->title, "a title");
    EXPECT_EQ(instance.rows.loads, 1);
}

TEST_F(RedisCacheTest, WhoHasWaitedLongEnoughLoadsForHimselfAndLeavesTheFillToTheHolder) {
    std::promise<void> loading;
    std::atomic<bool> may_end{false};
    Instance slow, other;
    slow.rows.meanwhile = [&]() -> base::Awaitable<void> {
        loading.set_value();
        std::function<bool()> ends = [&] { return may_end.load(); };
        co_await until(std::move(ends));
    };
    auto holder = slow.loop.start(slow.reading("a"));
    Loop::get(loading.get_future());
    other.rows.change = [](model::Snippet& row) { row.title = "of the one who waited"; };
    EXPECT_FALSE(other.read("a").from_redis);
    EXPECT_EQ(other.rows.loads, 1);
    EXPECT_NE(field("a", "title"), "of the one who waited");
    may_end = true;
    Loop::get(std::move(holder));
}

TEST_F(RedisCacheTest, WhatMayNotBeCachedLeavesNothingInRedis) {
    Instance instance;
    const std::vector<std::function<void(model::Snippet&)>> kinds{
        [](model::Snippet& row) { row.visibility = model::Visibility::private_; },
        [](model::Snippet& row) { row.burn_after_reading = true; },
        [](model::Snippet& row) { row.expires_at = base::unix_now_ms() - 1; },
    };
    for (const auto& kind : kinds) {
        instance.rows.change = kind;
        instance.rows.loads = 0;
        for (int i = 1; i <= 2; ++i) {
            const RedisCache::Answer answer = instance.read("a");
            EXPECT_FALSE(answer.from_redis);
            EXPECT_EQ(answer.ttl, 0ms);
            ASSERT_NE(answer.loaded.snippet, nullptr);
            EXPECT_EQ(instance.rows.loads, i);
            EXPECT_FALSE(there("a"));
        }
    }
}

TEST_F(RedisCacheTest, AnEntryDoesNotOutliveItsSnippet) {
    Instance instance;
    instance.rows.change = [](model::Snippet& row) { row.expires_at = base::unix_now_ms() + 60'000; };
    EXPECT_LE(instance.read("a").ttl, 60s);
    ASSERT_TRUE(there("a"));
    EXPECT_LE(ttl("a"), 60s);
}

TEST_F(RedisCacheTest, WhatIsNotThereIsKeptForSeconds) {
    Instance instance;
    for (const State state : {State::missing, State::gone}) {
        const std::string id = state == State::missing ? "missing" : "gone";
        instance.rows.state = state;
        instance.rows.loads = 0;
        EXPECT_EQ(instance.read(id).ttl, 5s);
        EXPECT_GT(ttl(id), 0ms);
        EXPECT_LE(ttl(id), 5s);
        EXPECT_EQ(field(id, "kind"), id);
        // Redis may have forgotten it again, on a machine that is so slow.
        const RedisCache::Answer again = instance.read(id);
        EXPECT_EQ(again.from_redis, instance.rows.loads == 1);
        EXPECT_EQ(again.loaded.state, state);
        EXPECT_EQ(again.loaded.snippet, nullptr);
    }
}

TEST_F(RedisCacheTest, AnInvalidationRemovesTheEntry) {
    Instance one, other;
    one.read("a");
    other.invalidate("a", 2);
    EXPECT_FALSE(there("a"));
    one.rows.change = [](model::Snippet& row) { row.version = 2; };
    const RedisCache::Answer answer = one.read("a");
    EXPECT_FALSE(answer.from_redis);
    EXPECT_EQ(one.rows.loads, 2);
    EXPECT_EQ(field("a", "version"), "2") << "what is new enough may be filled at once";
}

TEST_F(RedisCacheTest, AnInvalidationThatComesLateLeavesWhatIsNewEnough) {
    Instance instance;
    instance.rows.change = [](model::Snippet& row) { row.version = 3; };
    instance.read("a");
    instance.invalidate("a", 2);
    instance.invalidate("a", 3);
    EXPECT_TRUE(instance.read("a").from_redis);
    instance.invalidate("a", 4);
    EXPECT_FALSE(there("a"));
    EXPECT_GT(server().call("PTTL tombstone:{a}"), 0);
}

TEST_F(RedisCacheTest, AnInvalidationDuringALoadKeepsTheOldVersionOut) {
    Instance instance;
    instance.rows.meanwhile = [&]() -> base::Awaitable<void> {
        std::string id = "a";
        co_await instance.cache->invalidate(std::move(id), 2);
    };
    EXPECT_EQ(instance.read("a").loaded.snippet->version, 1) << "it asked before";
    EXPECT_FALSE(there("a"));
    instance.rows.change = [](model::Snippet& row) { row.version = 2; };
    const RedisCache::Answer next = instance.read("a");
    EXPECT_FALSE(next.from_redis);
    EXPECT_EQ(next.loaded.snippet->version, 2);
    EXPECT_EQ(instance.rows.loads, 2);
}

TEST_F(RedisCacheTest, AFillBelowTheFloorIsRefused) {
    Instance instance;
    server().call("SET tombstone:{a} 5 PX 60000");
    for (const std::int64_t version : {4, 5, 6}) {
        server().call("DEL snippet:{a}");
        instance.rows.change = [version](model::Snippet& row) { row.version = version; };
        instance.read("a");
        EXPECT_EQ(there("a"), version >= 5) << "version " << version;
    }
}

TEST_F(RedisCacheTest, AfterADeletionNothingIsFilledForAWhile) {
    Instance instance;
    instance.read("a");
    instance.invalidate("a", kDeleted);
    instance.read("a");  // of a replica that lags, say
    EXPECT_FALSE(there("a"));
    instance.invalidate("a", 2);
    instance.read("a");
    EXPECT_FALSE(there("a")) << "a floor does not sink";
}

TEST_F(RedisCacheTest, AfterAFlushNothingIsFilledByALoadThatBeganBefore) {
    Instance instance;
    during_the_load(instance, [] { server().call("FLUSHALL"); });
    instance.read("a");
    EXPECT_FALSE(there("a"));
    EXPECT_FALSE(instance.read("a").from_redis);
    EXPECT_TRUE(instance.read("a").from_redis);
}

TEST_F(RedisCacheTest, ALeaseThatSomebodyElseHasTakenOverIsNotFilled) {
    Instance instance;
    during_the_load(instance, [] { server().call("HSET snippet:{a} token another"); });
    instance.read("a");
    EXPECT_EQ(field("a", "token"), "another");
    EXPECT_EQ(field("a", "kind"), "");
}

TEST_F(RedisCacheTest, ACountThatCameDuringTheLoadIsKept) {
    Instance instance;
    during_the_load(instance, [] { server().call("HSET snippet:{a} count 50"); });
    instance.read("a");
    EXPECT_EQ(instance.read("a").loaded.snippet->view_count, 50);
    EXPECT_EQ(instance.rows.loads, 1);
}

TEST_F(RedisCacheTest, WhatAnotherServerHasWrittenIsNotBelieved) {
    Instance instance;
    instance.read("a");
    server().call("HSET snippet:{a} server x");
    instance.rows.change = [](model::Snippet& row) { row.title = "loaded anew"; };
    EXPECT_FALSE(instance.read("a").from_redis);
    EXPECT_EQ(instance.rows.loads, 2);
    EXPECT_NE(field("a", "server"), "x");
    EXPECT_EQ(field("a", "title"), "loaded anew");
    EXPECT_TRUE(instance.read("a").from_redis);
}

TEST_F(RedisCacheTest, ALeaseOfAnotherServerIsTakenOver) {
    Instance instance;
    server().call("HSET snippet:{a} server x token another leased_until 99999999999999");
    EXPECT_FALSE(instance.read("a").from_redis);
    EXPECT_TRUE(instance.read("a").from_redis);
    EXPECT_EQ(instance.rows.loads, 1);
}

TEST_F(RedisCacheTest, AnEntryThatCannotBeReadIsLoaded) {
    Instance instance;
    instance.read("a");
    for (const char* damage : {"HSET snippet:{a} kind lease", "HSET snippet:{a} version x", "HDEL snippet:{a} tags",
                               "HSET snippet:{a} tags [1]"}) {
        server().call(damage);
        const RedisCache::Answer answer = instance.read("a");
        EXPECT_FALSE(answer.from_redis) << damage;
        EXPECT_EQ(answer.loaded.snippet->title, "a title");
        server().call("DEL snippet:{a}");
        instance.read("a");
    }
}

TEST_F(RedisCacheTest, OfTwoWhoRefreshOneLoadsAndPlainReadersGetTheEntryMeanwhile) {
    constexpr base::Milliseconds kBelow = 2 * kTtl;
    std::promise<void> loading;
    std::atomic<bool> may_end{false};
    Instance one, other;
    one.read("a");
    one.rows.change = [](model::Snippet& row) { row.title = "refreshed"; };
    one.rows.meanwhile = [&]() -> base::Awaitable<void> {
        loading.set_value();
        std::function<bool()> ends = [&] { return may_end.load(); };
        co_await until(std::move(ends));
    };
    auto refreshing = one.loop.start(one.reading("a", kBelow));
    Loop::get(loading.get_future());
    EXPECT_THROW(other.read("a", kBelow), base::Unavailable);
    EXPECT_EQ(other.rows.loads, 0);
    EXPECT_TRUE(other.relay->trusts_redis()) << "that is no failure";
    const RedisCache::Answer plain = other.read("a");
    EXPECT_TRUE(plain.from_redis);
    EXPECT_EQ(plain.loaded.snippet->title, "a title");

    may_end = true;
    EXPECT_FALSE(Loop::get(std::move(refreshing)).from_redis);
    EXPECT_EQ(other.read("a").loaded.snippet->title, "refreshed");
    EXPECT_EQ(one.rows.loads, 2);
}

TEST_F(RedisCacheTest, AnEntryWithTimeEnoughIsNotRefreshed) {
    Instance instance;
    instance.read("a");
    EXPECT_TRUE(instance.read("a", kTtl / 2).from_redis);
    EXPECT_FALSE(instance.read("a", 2 * kTtl).from_redis);
    EXPECT_EQ(instance.rows.loads, 2);
}

TEST_F(RedisCacheTest, AnInvalidationDuringARefreshKeepsTheOldVersionOut) {
    Instance instance;
    instance.read("a");
    instance.rows.meanwhile = [&]() -> base::Awaitable<void> {
        std::string id = "a";
        co_await instance.cache->invalidate(std::move(id), 2);
    };
    instance.read("a", 2 * kTtl);
    EXPECT_FALSE(there("a"));
}

TEST_F(RedisCacheTest, WhileRedisIsNotBelievedItIsNeitherReadNorFilled) {
    Instance instance;
    instance.read("a");
    instance.relay->distrust();
    EXPECT_FALSE(instance.read("a").from_redis);
    instance.read("b");
    EXPECT_FALSE(there("b"));
}

TEST_F(RedisCacheTest, AnAnswerIsAsFreshAsWhatItsBeliefIsProvenFor) {
    Instance instance;
    const base::SteadyTime before = base::steady_now();
    EXPECT_GE(instance.read("a").as_of, before) << "from the store: when the load began";
    EXPECT_EQ(instance.read("a").as_of, instance.relay->belief()->as_of);
    EXPECT_LT(instance.relay->belief()->as_of, before);
}

TEST_F(RedisCacheTest, WhatIsNotProvenAnyMoreIsNotAskedFor) {
    Instance instance;
    instance.read("a");
    instance.advance = Trust::kSilenceMax;
    EXPECT_FALSE(instance.read("a").from_redis);
    instance.read("b");
    EXPECT_FALSE(there("b"));
}

TEST_F(RedisCacheTest, WithoutAStoreTheChannelAloneIsEnoughButNotForAStoreThatIsLate) {
    Instance instance;
    instance.read("a");
    const std::string server_id = instance.relay->belief()->reign.server;
    instance.advance = Trust::kSilenceMax;
    // A heartbeat of now, without a look.
    instance.relay->proven(instance.now + Trust::kSilenceMax, server_id, 1);
    const auto read = [&](RedisCache::Load load) {
        return instance.loop.run(instance.cache->read("a", 0ms, std::move(load), base::deadline_in(test::kPatience)));
    };
    RedisCache::Load late = [](std::string, base::Deadline) -> base::Awaitable<model::Loaded> {
        throw base::Unavailable{"late"};
        co_return model::Loaded{};
    };
    RedisCache::Load away = [](std::string, base::Deadline) -> base::Awaitable<model::Loaded> {
        throw base::Unreachable{"away"};
        co_return model::Loaded{};
    };
    EXPECT_THROW(read(late), base::Unavailable);
    const RedisCache::Answer answer = read(away);
    EXPECT_TRUE(answer.from_redis);
    EXPECT_EQ(answer.loaded.snippet->title, "a title");
    EXPECT_EQ(answer.as_of, instance.now + Trust::kSilenceMax);
    server().call("DEL snippet:{a}");
    EXPECT_THROW(read(away), base::Unreachable);
}

TEST_F(RedisCacheTest, WhatWasWrittenUnderAnotherReignIsNotBelieved) {
    Instance one;
    one.read("a");
    Instance other{kTtl, std::chrono::duration_cast<base::Milliseconds>(test::kPatience), 2};
    EXPECT_FALSE(other.read("a").from_redis);
    EXPECT_TRUE(other.read("a").from_redis);
    EXPECT_FALSE(one.read("a").from_redis);
}

/// Goes on with the server however the test ends.
class PausedRedis {
  public:
    PausedRedis() { server().pause(); }
    ~PausedRedis() { server().resume(); }
};

TEST_F(RedisCacheTest, AReaderDoesNotWaitForARedisThatHangsAndItIsNotBelievedAfterwards) {
    Instance instance{kTtl, kImpatience};
    instance.read("a");
    ASSERT_TRUE(instance.relay->trusts_redis());
    const PausedRedis paused;
    const auto begin = base::steady_now();
    const RedisCache::Answer answer = instance.read("a");
    const auto waited = base::steady_now() - begin;
    EXPECT_FALSE(answer.from_redis);
    EXPECT_EQ(answer.loaded.snippet->title, "a title");
    EXPECT_LT(waited, kImpatience + 2s);
    EXPECT_FALSE(instance.relay->trusts_redis());
}

TEST_F(RedisCacheTest, AnInvalidationThatRedisDoesNotTakeIsNoErrorButEndsTheTrust) {
    Instance instance{kTtl, kImpatience};
    instance.read("a");
    ASSERT_TRUE(instance.relay->trusts_redis());
    const PausedRedis paused;
    EXPECT_NO_THROW(instance.invalidate("a", 2));
    EXPECT_FALSE(instance.relay->trusts_redis());
    EXPECT_THROW(instance.loop.run(instance.cache->deliver("a", 2)), base::Unavailable);
}

TEST_F(RedisCacheTest, AnInvalidationIsPublished) {
    std::promise<std::string> heard;
    Instance instance;
    Loop loop;
    std::shared_ptr<redis::Client> listener = instance.clients.make_listener(
        loop.executor(), RedisCache::kChannel, [&heard, first = true](std::string payload) mutable {
            if (std::exchange(first, false)) heard.set_value(std::move(payload));
        });
    loop.own(listener);
    asio::post(loop.context(), [listener] { listener->start(); });
    ASSERT_TRUE(test::wait_until([&] { return instance.clients.all_up(); }));
    instance.invalidate("a", 2);
    EXPECT_EQ(Loop::get(heard.get_future()), "floor a 2");
}

TEST_F(RedisCacheTest, TheChannelHandsOverWhatWasPublishedBeforeAProof) {
    Instance instance;
    std::atomic<int> proofs{0}, wrong{0};
    std::atomic<std::int64_t> heard{0};
    Channel::Listener listener;
    listener.on_floor = [&](const std::string& id, std::int64_t floor) {
        if (id == "a") heard = floor;
    };
    listener.on_counts = [](const model::NumbersById&) {};
    // Whatever had been published when the server was asked has been heard when the proof is given.
    std::vector<std::pair<base::SteadyTime, std::int64_t>> log;
    std::mutex mutex;
    const std::string server_id = instance.relay->belief()->reign.server;
    listener.on_proof = [&](base::SteadyTime asked, const std::string& server, std::uint64_t connection) {
        const std::lock_guard lock{mutex};
        for (const auto& [when, floor] : log) {
            if (when < asked && heard < floor) ++wrong;
        }
        if (connection == 0 || server != server_id) ++wrong;
        ++proofs;
    };
    listener.on_silence = [] {};
    Loop loop;
    const auto channel = std::make_shared<Channel>(loop.executor(), instance.clients, std::move(listener));
    loop.own(channel);
    auto running = loop.start(channel->run());
    ASSERT_TRUE(test::wait_until([&] { return proofs > 0; }));
    for (std::int64_t floor = 1; floor <= 200 || proofs < 5; ++floor) {
        instance.invalidate("a", floor);
        const std::lock_guard lock{mutex};
        log.emplace_back(base::steady_now(), floor);
    }
    const int before = proofs;
    ASSERT_TRUE(test::wait_until([&] { return proofs >= before + 2; }));
    EXPECT_EQ(heard, log.back().second);
    EXPECT_EQ(wrong, 0);
    asio::post(loop.context(), [channel] { channel->stop(); });
    Loop::get(std::move(running));
}

TEST_F(RedisCacheTest, AHeartbeatThatIsAskedForComesAtOnce) {
    Instance instance;
    std::atomic<int> proofs{0};
    Channel::Listener listener;
    listener.on_floor = [](const std::string&, std::int64_t) {};
    listener.on_counts = [](const model::NumbersById&) {};
    listener.on_silence = [] {};
    Loop loop;
    std::shared_ptr<Channel> channel;
    constexpr int kProofs = 500;  // more than a minute of them, by its own rhythm
    listener.on_proof = [&](base::SteadyTime, const std::string&, std::uint64_t) {
        if (++proofs < kProofs) channel->beat_now();
    };
    channel = std::make_shared<Channel>(loop.executor(), instance.clients, std::move(listener));
    loop.own(channel);
    auto running = loop.start(channel->run());
    EXPECT_TRUE(test::wait_until([&] { return proofs >= kProofs; }));
    // While it rests it is woken.
    const int before = proofs;
    asio::post(loop.context(), [channel] { channel->beat_now(); });
    EXPECT_TRUE(test::wait_until([&] { return proofs > before; }));
    asio::post(loop.context(), [channel] { channel->stop(); });
    Loop::get(std::move(running));
}

TEST_F(RedisCacheTest, TheChannelTellsOfASilence) {
    Instance instance{kTtl, kImpatience};
    std::atomic<int> proofs{0}, silences{0};
    Channel::Listener listener;
    listener.on_floor = [](const std::string&, std::int64_t) {};
    listener.on_counts = [](const model::NumbersById&) {};
    listener.on_proof = [&](base::SteadyTime, const std::string&, std::uint64_t) { ++proofs; };
    listener.on_silence = [&] { ++silences; };
    Loop loop;
    const auto channel = std::make_shared<Channel>(loop.executor(), instance.clients, std::move(listener));
    loop.own(channel);
    auto running = loop.start(channel->run());
    ASSERT_TRUE(test::wait_until([&] { return proofs > 0; }));
    {
        const PausedRedis paused;
        const int before = silences;
        EXPECT_TRUE(test::wait_until([&] { return silences > before; }));
    }
    const int before = proofs;
    EXPECT_TRUE(test::wait_until([&] { return proofs > before; })) << "it comes back by itself";
    asio::post(loop.context(), [channel] { channel->stop(); });
    Loop::get(std::move(running));
}

}  // namespace
}  // namespace snippetd::cache
