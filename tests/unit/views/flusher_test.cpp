#include "views/flusher.hpp"

#include "base/error.hpp"
#include "support/run.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

namespace snippetd::views {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;

/// Redis's shards, which count each sequence number once and lose calls or answers when they are told to.
struct FakeShards {
    using State = Shards::Added::State;

    Shards::Added add(unsigned shard, std::int64_t sequence, const model::NumbersById& counts,
                      const std::string& bound_to) {
        ++calls;
        if (refuse > 0 && refuse-- > 0) throw base::Unavailable{"refused"};
        Shards::Added added;
        added.term = term();
        if (!seen.contains({shard, sequence})) {
            if (!bound_to.empty() && bound_to != term()) {
                added.state = State::unknown;
            } else if (undrained) {
                added.state = State::not_now;
            } else {
                seen.emplace(shard, sequence);
                for (const auto& [id, count] : counts) totals[id] += count;
            }
        }
        sizes.push_back(counts.size());
        if (lose_answer > 0 && lose_answer-- > 0) throw base::Unavailable{"the answer is lost"};
        added.dropped = std::exchange(drop, 0);
        return added;
    }
    std::string term() const { return run + ":replication"; }
    /// All that is there is applied, and then another server comes that remembers nothing of it.
    void drain_and_rewind() {
        applied.insert(seen.begin(), seen.end());
        rewind();
    }
    /// The same server is lost with what it had.
    void lose() {
        totals.clear();
        rewind();
    }
    void rewind() {
        seen.clear();
        run += "1";
    }

    int calls = 0, refuse = 0, lose_answer = 0;
    bool up = true, undrained = false;
    std::int64_t drop = 0;
    std::string run = "run";
    std::set<std::pair<unsigned, std::int64_t>> seen, applied;
    std::map<std::string, std::int64_t> totals;
    std::vector<std::size_t> sizes;
};

class FlusherTest : public testing::Test {
  protected:
    bool flush() {
        bool whole = false;
        asio::co_spawn(context, flusher.flush(), [&whole](std::exception_ptr, bool result) { whole = result; });
        context.restart();
        context.run_for(test::kPatience);
        return whole;
    }
    void record(const std::string& id, int times = 1) {
        for (int i = 0; i < times; ++i) recorder.record(id);
    }
    model::NumbersById unsent() {
        model::NumbersById counts = flusher.take_unsent(0ms);
        std::sort(counts.begin(), counts.end());
        return counts;
    }

    asio::io_context context{1};
    base::Metrics metrics;
    Tally tally{metrics};
    Recorder recorder{tally};
    FakeShards shards;
    Flusher::Steps steps{[this]() -> base::Awaitable<model::NumbersById> { co_return recorder.take(); },
                         [this]() -> base::Awaitable<std::optional<std::string>> {
                             std::optional<std::string> server;
                             if (shards.up) server = shards.run + ":7";
                             co_return server;
                         },
                         [this](unsigned shard, std::int64_t sequence, model::NumbersById counts,
                                std::string bound_to) -> base::Awaitable<Shards::Added> {
                             co_return shards.add(shard, sequence, counts, bound_to);
                         },
                         [this](unsigned shard, std::int64_t sequence) -> base::Awaitable<bool> {
                             co_return shards.applied.contains({shard, sequence});
                         }};
    static constexpr base::Milliseconds kSettleAfter{0};
    Flusher flusher{context.get_executor(), steps, tally, kSettleAfter};
};

TEST_F(FlusherTest, MovesEverythingOneCallAShard) {
    for (int i = 0; i < 100; ++i) record(std::to_string(i), 2);
    EXPECT_TRUE(flush());
    EXPECT_EQ(shards.totals.size(), 100u);
    EXPECT_EQ(shards.totals["7"], 2);
    EXPECT_EQ(shards.calls, static_cast<int>(Shards::kCount)) << "a hundred ids meet every shard";
    EXPECT_EQ(tally.handed_on, 200u);
    EXPECT_EQ(tally.applied.value(), 0u) << "that is for who drains Redis to say";
    EXPECT_TRUE(flush());
    EXPECT_EQ(shards.calls, static_cast<int>(Shards::kCount)) << "nothing to do, nothing asked";
}

TEST_F(FlusherTest, AFlushWhoseAnswerIsLostIsGivenAgainUnchangedAndCountsOnce) {
    record("a", 3);
    shards.lose_answer = 2;
    EXPECT_FALSE(flush());
    record("a", 4);  // gathers behind it
    EXPECT_FALSE(flush());
    EXPECT_EQ(shards.totals["a"], 3);
    EXPECT_EQ(tally.handed_on, 0u);
    EXPECT_TRUE(flush());
    EXPECT_EQ(shards.totals["a"], 7);
    EXPECT_EQ(tally.handed_on, 7u);
}

TEST_F(FlusherTest, WhatMayHaveReachedRedisNeverGoesToTheStoreDirectly) {
    record("a", 3);
    shards.lose_answer = 1;
    EXPECT_FALSE(flush());
    record("a", 4);
    record("b", 1);
    shards.refuse = 1;
    EXPECT_FALSE(flush());
    EXPECT_EQ(flusher.take_unsent(1h), model::NumbersById{}) << "Redis has not been away for so long";
    EXPECT_EQ(unsent(), (model::NumbersById{{"a", 4}, {"b", 1}}));
    EXPECT_EQ(flusher.take_unsent(0ms), model::NumbersById{});
    EXPECT_TRUE(flush());
    EXPECT_EQ(shards.totals, (std::map<std::string, std::int64_t>{{"a", 3}}));
}

TEST_F(FlusherTest, WhatWasNeverSentIsNotTakenForSent) {
    for (int i = 0; i < 100; ++i) record(std::to_string(i), 2);
    shards.up = false;
    EXPECT_FALSE(flush());
    EXPECT_EQ(shards.calls, 0);
    EXPECT_EQ(unsent().size(), 100u) << "of every shard";
}

TEST_F(FlusherTest, AFlushThatAnotherServerDoesNotKnowIsLookedForInTheStore) {
    record("a", 1);
    EXPECT_TRUE(flush());  // so that the term is known
    for (const bool was_applied : {true, false}) {
        const auto before = shards.totals["a"];
        record("a", 3);
        shards.lose_answer = 1;
        EXPECT_FALSE(flush());
        EXPECT_EQ(shards.totals["a"], before + 3);
        if (was_applied) {
            shards.drain_and_rewind();
        } else {
            shards.lose();
        }
        while (!flush()) {
        }
        EXPECT_EQ(shards.totals["a"], was_applied ? before + 3 : 3) << "once, whichever way it went";
    }
    EXPECT_EQ(tally.handed_on, 7u);
}

TEST_F(FlusherTest, AFlushWhoseServerIsNotKnownIsNotRepeatedWithoutAsking) {
    record("a", 3);
    shards.lose_answer = 1;  // the first of all: no answer has said which term it is
    EXPECT_FALSE(flush());
    shards.drain_and_rewind();
    while (!flush()) {
    }
    EXPECT_EQ(shards.totals["a"], 3);
}

TEST_F(FlusherTest, WhileRedisHasYetToBeDrainedViewsCanGoToTheStore) {
    record("a", 3);
    shards.undrained = true;
    EXPECT_FALSE(flush());
    record("a", 4);
    EXPECT_FALSE(flush());
    EXPECT_EQ(unsent(), (model::NumbersById{{"a", 4}})) << "the others have been sent";
    shards.undrained = false;
    EXPECT_TRUE(flush());
    EXPECT_EQ(shards.totals["a"], 3);
}

TEST_F(FlusherTest, NothingIsUnsentWhileRedisAnswers) {
    record("a");
    shards.refuse = 1;
    EXPECT_FALSE(flush());
    EXPECT_TRUE(flush());
    EXPECT_EQ(flusher.take_unsent(0ms), model::NumbersById{});
}

TEST_F(FlusherTest, OneCallIsBounded) {
    for (std::size_t i = 0; i < 3 * Shards::kCount * Flusher::kFlushIdsMax; ++i) record(std::to_string(i));
    while (!flush()) {
    }
    EXPECT_LE(*std::max_element(shards.sizes.begin(), shards.sizes.end()), Flusher::kFlushIdsMax);
    EXPECT_EQ(shards.totals.size(), 3 * Shards::kCount * Flusher::kFlushIdsMax);
}

TEST_F(FlusherTest, WhatAFullShardDropsIsCountedAsDropped) {
    record("a", 5);
    shards.drop = 2;
    EXPECT_TRUE(flush());
    EXPECT_EQ(tally.handed_on, 3u);
    EXPECT_EQ(tally.dropped.value(), 2u);
}

TEST(Shards, OfAnIdIsTheSameForAllInstancesAndAllAreUsed) {
    EXPECT_EQ(Shards::shard_of("AbCdEf123456"), 14u);
    std::map<unsigned, int> ids;
    for (int i = 0; i < 16000; ++i) ++ids[Shards::shard_of("id" + std::to_string(i))];
    ASSERT_EQ(ids.size(), Shards::kCount);
    for (const auto& [shard, count] : ids) EXPECT_NEAR(count, 1000, 250) << shard;
}

}  // namespace
}  // namespace snippetd::views
