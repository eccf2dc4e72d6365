#include "views/shards.hpp"

#include "support/private_redis.hpp"
#include "support/run.hpp"

#include <algorithm>
#include <memory>
#include <string>

#include <gtest/gtest.h>

/// The scripts that views go through, on a real server.
namespace snippetd::views {
namespace {

class ShardsTest : public testing::Test {
  protected:
    ShardsTest() {
        server().call("FLUSHALL");
        std::shared_ptr<redis::Client> client = clients.make(loop.executor());
        loop.own(client);
        boost::asio::post(loop.context(), [client] { client->start(); });
        if (!test::wait_until([this] { return clients.all_up(); })) throw test::TooSlow{};
    }

    static test::PrivateRedis& server() {
        static test::PrivateRedis redis;
        return redis;
    }
    static redis::Client::Options options() {
        redis::Client::Options options;
        options.endpoint.host = "127.0.0.1";
        options.endpoint.port = static_cast<std::uint16_t>(server().port());
        options.command_timeout = std::chrono::duration_cast<base::Milliseconds>(test::kPatience);
        return options;
    }

    std::int64_t add(std::int64_t sequence, model::NumbersById counts, const std::string& process = "process") {
        return loop.run(shards.add(5, process, sequence, std::move(counts), "")).dropped;
    }
    Shards::Added repeat(std::int64_t sequence, model::NumbersById counts, const std::string& bound_to) {
        return loop.run(shards.add(5, "process", sequence, std::move(counts), bound_to));
    }
    Shards::Claim claim(const std::string& drainer, base::Milliseconds turn = base::Milliseconds{0}) {
        Shards::Claim claim = loop.run(shards.claim(5, drainer, turn));
        std::sort(claim.counts.begin(), claim.counts.end());
        return claim;
    }

    base::Metrics metrics;
    base::Alerts alerts{metrics};
    redis::Clients clients{options(), "nothing", metrics, alerts};
    Shards shards{clients};
    test::Loop loop;
};

TEST_F(ShardsTest, AFlushCountsOnceHoweverOftenItIsGiven) {
    EXPECT_EQ(add(1, {{"a", 2}, {"b", 1}}), 0);
    add(1, {{"a", 2}, {"b", 1}});
    add(2, {{"a", 5}});
    add(1, {{"a", 2}});
    add(1, {{"a", 10}}, "another");
    EXPECT_EQ(claim("x").counts, (model::NumbersById{{"a", 17}, {"b", 1}}));
}

TEST_F(ShardsTest, AClaimIsItsDrainersAloneAndStaysUntilItIsReleased) {
    add(1, {{"a", 2}});
    const Shards::Claim first = claim("x");
    EXPECT_EQ(first.counts, (model::NumbersById{{"a", 2}}));
    EXPECT_FALSE(first.batch_id.empty());
    add(2, {{"a", 40}});
    EXPECT_EQ(claim("y").batch_id, "") << "somebody else is at it";
    const Shards::Claim again = claim("x");
    EXPECT_EQ(again.batch_id, first.batch_id);
    EXPECT_EQ(again.counts, first.counts) << "new counts do not mix with it";
    loop.run(shards.release(5, "another batch"));
    EXPECT_EQ(claim("x").batch_id, first.batch_id);
    loop.run(shards.release(5, first.batch_id));
    const Shards::Claim next = claim("y");
    EXPECT_NE(next.batch_id, first.batch_id);
    EXPECT_EQ(next.counts, (model::NumbersById{{"a", 40}}));
}

TEST_F(ShardsTest, AClaimThatItsDrainerHasLeftIsTakenOverUnchanged) {
    add(1, {{"a", 2}});
    const Shards::Claim left = claim("x");
    server().call("HSET views:{5}:claim :until 1");  // its time has passed
    const Shards::Claim taken = claim("y");
    EXPECT_EQ(taken.batch_id, left.batch_id);
    EXPECT_EQ(taken.counts, left.counts);
    EXPECT_EQ(claim("x").batch_id, "") << "it is another one's now";
}

TEST_F(ShardsTest, AShardHasOneTurnAnInterval) {
    constexpr base::Milliseconds kHour{3'600'000};
    add(1, {{"a", 2}});
    const Shards::Claim first = claim("x", kHour);
    ASSERT_FALSE(first.batch_id.empty());
    loop.run(shards.release(5, first.batch_id));
    add(2, {{"a", 3}});
    EXPECT_EQ(claim("x", kHour).batch_id, "");
    EXPECT_EQ(claim("y", kHour).batch_id, "");
    EXPECT_EQ(claim("y").counts, (model::NumbersById{{"a", 3}})) << "who does not ask whose turn it is, has it";
}

TEST_F(ShardsTest, NothingLiveIsNothingToClaimAndTakesNoTurn) {
    EXPECT_EQ(claim("x", base::Milliseconds{3'600'000}).batch_id, "");
    EXPECT_EQ(server().call("DBSIZE"), 0);
}

TEST_F(ShardsTest, AFullShardDropsFurtherIdsAndGoesOnCountingTheOthers) {
    constexpr std::size_t kOwnFields = 4;  // batch, term, since when, and the flushes of one process
    constexpr std::size_t kIds = Shards::kIdsMax - kOwnFields;
    model::NumbersById many;
    std::int64_t sequence = 0;
    for (std::size_t i = 0; i < kIds; ++i) {
        many.emplace_back(std::to_string(i), 1);
        if (many.size() < 2048 && i + 1 < kIds) continue;
        EXPECT_EQ(add(++sequence, std::exchange(many, {})), 0);
    }
    EXPECT_EQ(add(++sequence, {{"7", 1}, {"further", 3}, {"and further", 2}}), 5);
    EXPECT_EQ(server().call("HLEN views:{5}:live"), static_cast<long long>(Shards::kIdsMax));
    EXPECT_EQ(claim("x").counts.size(), kIds);
}

TEST_F(ShardsTest, ARepeatedFlushCountsOnlyInTheTermThatItIsBoundTo) {
    using State = Shards::Added::State;
    const std::string term = repeat(1, {{"a", 1}}, "").term;
    EXPECT_NE(term, "");
    EXPECT_EQ(repeat(1, {{"a", 1}}, "another:term").state, State::counted) << "it is known here";
    EXPECT_EQ(repeat(2, {{"a", 1}}, "another:term").state, State::unknown);
    EXPECT_EQ(repeat(2, {{"a", 1}}, term).state, State::counted);
    EXPECT_EQ(claim("x").counts, (model::NumbersById{{"a", 2}}));
}

TEST_F(ShardsTest, CountsOfAnotherTermAreMovedAsideAndClaimedFirst) {
    using State = Shards::Added::State;
    add(1, {{"a", 1}});
    server().call("HSET views:{5}:live :term before");
    add(2, {{"a", 10}});
    server().call("HSET views:{5}:live :term before");
    EXPECT_EQ(repeat(3, {{"a", 100}}, "").state, State::not_now) << "what is aside waits";
    const Shards::Claim first = claim("x");
    EXPECT_EQ(first.counts, (model::NumbersById{{"a", 1}}));
    ASSERT_EQ(first.flushes.size(), 1u);
    EXPECT_EQ(first.flushes[0].process, "process");
    EXPECT_EQ(first.flushes[0].last, 1);
    add(3, {{"a", 100}});
    loop.run(shards.release(5, first.batch_id));
    const Shards::Claim second = claim("x");
    EXPECT_EQ(second.counts, (model::NumbersById{{"a", 10}}));
    loop.run(shards.release(5, second.batch_id));
    EXPECT_EQ(claim("x").counts, (model::NumbersById{{"a", 100}}));
}

}  // namespace
}  // namespace snippetd::views
