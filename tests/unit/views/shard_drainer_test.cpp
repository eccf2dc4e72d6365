#include "views/shard_drainer.hpp"

#include "base/error.hpp"
#include "support/run.hpp"

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

namespace snippetd::views {
namespace {

namespace asio = boost::asio;

/// A shard and a store with a ledger. The n-th call fails: before it has an effect, or after.
struct FakeSite {
    enum class Fault { none, refused, answer_lost };

    void call_begins() {
        if (++calls == fail_at && fault == Fault::refused) throw base::Unavailable{"refused"};
    }
    void call_ends() const {
        if (calls == fail_at && fault == Fault::answer_lost) throw base::Unavailable{"the answer is lost"};
    }
    Shards::Claim claim_of(unsigned shard) {
        if (shard != 3) return {};
        call_begins();
        if (!claim && !live.empty()) {
            claim.emplace();
            claim->batch_id = "batch " + std::to_string(++batches);
            claim->counts = {live.begin(), live.end()};
            claim->age = age;
            live.clear();
        }
        call_ends();
        return claim.value_or(Shards::Claim{});
    }
    model::NumbersById apply(const std::string& batch_id, const model::NumbersById& counts) {
        call_begins();
        ++statements;
        model::NumbersById totals;
        if (ledger.insert(batch_id).second) {
            for (const auto& [id, count] : counts) stored[id] += count;
        }
        for (const auto& [id, count] : counts) totals.emplace_back(id, stored[id]);
        call_ends();
        return totals;
    }
    void release(const std::string& batch_id) {
        call_begins();
        if (claim && claim->batch_id == batch_id) claim.reset();
        call_ends();
    }

    Fault fault = Fault::none;
    int fail_at = 0, calls = 0, batches = 0, statements = 0;
    std::map<std::string, std::int64_t> live, stored;
    std::optional<Shards::Claim> claim;
    std::set<std::string> ledger;
    std::vector<model::NumbersById> published;
    std::vector<base::Milliseconds> turns;
    base::Milliseconds age{0};
};

class ShardDrainerTest : public testing::Test {
  protected:
    bool flush(base::Milliseconds turn = base::Milliseconds{900}) {
        bool well = false;
        asio::co_spawn(context, drainer.flush(turn), [&well](std::exception_ptr, bool result) { well = result; });
        context.restart();
        context.run_for(test::kPatience);
        return well;
    }

    asio::io_context context{1};
    base::Metrics metrics;
    Tally tally{metrics};
    FakeSite site;
    ShardDrainer::Steps steps{[this](unsigned shard, base::Milliseconds turn) -> base::Awaitable<Shards::Claim> {
                                  site.turns.push_back(turn);
                                  co_return site.claim_of(shard);
                              },
                              [this](unsigned, Shards::Claim claim) -> base::Awaitable<model::NumbersById> {
                                  co_return site.apply(claim.batch_id, claim.counts);
                              },
                              [this](unsigned, std::string batch_id) -> base::Awaitable<void> {
                                  site.release(batch_id);
                                  co_return;
                              },
                              [this](model::NumbersById totals) -> base::Awaitable<void> {
                                  site.published.push_back(std::move(totals));
                                  co_return;
                              }};
    ShardDrainer drainer{context.get_executor(), steps, tally};
};

TEST_F(ShardDrainerTest, MovesAShardInOneStatementAndPublishesTheTotals) {
    site.stored = {{"a", 10}};
    site.live = {{"a", 2}, {"b", 3}};
    EXPECT_TRUE(flush());
    EXPECT_EQ(site.statements, 1);
    EXPECT_EQ(site.stored, (std::map<std::string, std::int64_t>{{"a", 12}, {"b", 3}}));
    EXPECT_FALSE(site.claim);
    ASSERT_EQ(site.published.size(), 1u);
    EXPECT_EQ(site.published[0], (model::NumbersById{{"a", 12}, {"b", 3}}));
    EXPECT_EQ(tally.applied.value(), 5u);
    EXPECT_EQ(tally.batches.value(), 1u);
    // Once more where there was something: there may be more.
    EXPECT_EQ(site.turns, std::vector(Shards::kCount + 1, base::Milliseconds{900}));
    EXPECT_TRUE(flush());
    EXPECT_EQ(site.statements, 1) << "nothing to do, nothing asked of the store";
}

TEST_F(ShardDrainerTest, WhatIsOlderThanTheLedgerRemembersIsNotAppliedAndGoes) {
    site.live = {{"a", 2}};
    site.age = ShardDrainer::kAgeMax + base::Milliseconds{1};
    EXPECT_TRUE(flush());
    EXPECT_EQ(site.statements, 0);
    EXPECT_FALSE(site.claim);
    EXPECT_EQ(tally.dropped.value(), 2u);
    EXPECT_EQ(tally.applied.value(), 0u);
    site.live = {{"a", 2}};
    site.age = ShardDrainer::kAgeMax;
    EXPECT_TRUE(flush());
    EXPECT_EQ(site.stored["a"], 2);
}

TEST_F(ShardDrainerTest, ForEveryFailingCallNothingIsLostAndNothingCountedTwice) {
    for (const auto fault : {FakeSite::Fault::refused, FakeSite::Fault::answer_lost}) {
        bool failed = true;
        for (int at = 1; failed; ++at) {
            site = FakeSite{};
            site.fault = fault;
            site.fail_at = at;
            site.live = {{"a", 2}, {"b", 3}};
            failed = !flush();
            if (!failed) site.fault = FakeSite::Fault::none;  // there is no such call
            site.live["a"] += 5;
            EXPECT_TRUE(flush());
            EXPECT_TRUE(flush());
            EXPECT_EQ(site.stored, (std::map<std::string, std::int64_t>{{"a", 7}, {"b", 3}})) << "at call " << at;
            EXPECT_FALSE(site.claim);
            ASSERT_LT(at, 12);
        }
    }
}

}  // namespace
}  // namespace snippetd::views
