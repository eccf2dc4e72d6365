#include "cache/reign.hpp"

#include <algorithm>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace snippetd::cache {
namespace {

using namespace std::chrono_literals;

const base::SteadyTime kStart = base::steady_now();

/// The database's row, as `Store::set_cache_server` changes it, with a clock of its own.
struct Row {
    model::CacheServer read(base::SteadyTime now) const {
        model::CacheServer row = value;
        row.unseen = clock(now) - base::Milliseconds{row.seen_at};
        return row;
    }
    void set(const std::string& run_id, const model::CacheServer& known, base::SteadyTime now) {
        if (known.epoch != value.epoch || known.seen_at != value.seen_at) return;
        if (value.epoch == 0 || value.run_id != run_id) ++value.epoch;
        value.run_id = run_id;
        value.seen_at = clock(now).count();
        ++changes;
    }
    base::Milliseconds clock(base::SteadyTime now) const {
        return std::chrono::duration_cast<base::Milliseconds>(now - kStart) + 1h + offset;
    }

    model::CacheServer value;
    base::Milliseconds offset{0};
    int changes = 0;
};

/// Instances that look at the row every 50 ms, each after the other.
class AgreementTest : public testing::Test {
  protected:
    struct Instance {
        std::string server;
        bool alive = true;
        Agreement agreement{};
        std::vector<bool> disagreements{};  ///< each change
    };

    void pass(base::Milliseconds time) {
        for (const base::SteadyTime end = now + time; now < end; now += 50ms) {
            std::vector<std::pair<std::string, model::CacheServer>> changes;
            for (Instance& one : instances) {
                if (!one.alive) continue;
                const bool before = one.agreement.disagrees();
                const model::CacheServer known = row.read(now);
                if (const auto next = one.agreement.learn(known, one.server, now)) changes.emplace_back(*next, known);
                if (one.agreement.disagrees() != before) one.disagreements.push_back(!before);
            }
            for (const auto& [run_id, known] : changes) row.set(run_id, known, now);
            check();
        }
    }
    /// Never do two instances with different servers take theirs for the one in force under one epoch.
    void check() {
        for (const Instance& one : instances) {
            for (const Instance& other : instances) {
                const auto &a = one.agreement.reign(), &b = other.agreement.reign();
                if (a && b && a->epoch == b->epoch) {
                    EXPECT_EQ(a->server, b->server);
                }
            }
        }
    }
    bool in_force(std::size_t index) const { return instances[index].agreement.reign().has_value(); }

    base::SteadyTime now = kStart;
    Row row;
    std::vector<Instance> instances;
};

TEST_F(AgreementTest, TheFirstPutsItsServerInForceAndTheOthersWithTheSameFollow) {
    instances = {{"a"}, {"a"}, {"a"}};
    pass(100ms);
    EXPECT_EQ(row.value.epoch, 1);
    for (std::size_t i = 0; i < 3; ++i) EXPECT_EQ(instances[i].agreement.reign(), (Reign{"a", 1}));
}

TEST_F(AgreementTest, WhoIsInForceStaysSoWithTwoWordsASecondHoweverManySayIt) {
    instances = {{"a"}, {"a"}, {"a"}};
    pass(10s);
    EXPECT_EQ(row.value.epoch, 1);
    EXPECT_LE(row.changes, 21);
    EXPECT_GE(row.changes, 15);
}

TEST_F(AgreementTest, WhoIsConnectedToAnotherWaitsAndSaysSoOnce) {
    instances = {{"a"}, {"b"}};
    pass(3s);
    EXPECT_EQ(instances[1].disagreements, std::vector<bool>{});
    pass(60s);
    EXPECT_EQ(row.value.epoch, 1);
    EXPECT_TRUE(in_force(0));
    EXPECT_FALSE(in_force(1));
    EXPECT_EQ(instances[1].disagreements, std::vector<bool>{true});
    EXPECT_EQ(instances[0].disagreements, std::vector<bool>{});
    instances[1].server = "";  // without a word it has not come round
    pass(1s);
    EXPECT_TRUE(instances[1].agreement.disagrees());
    instances[1].server = "a";
    pass(100ms);
    EXPECT_TRUE(in_force(1));
    EXPECT_EQ(instances[1].disagreements, (std::vector<bool>{true, false}));
}

TEST_F(AgreementTest, ARestartedServerIsInForceAfterAMomentAndIsNoDisagreement) {
    instances = {{"a"}, {"a"}};
    pass(5s);
    for (Instance& one : instances) one.server = "";
    pass(300ms);
    EXPECT_TRUE(in_force(0)) << "it may be the same that comes back";
    for (Instance& one : instances) one.server = "a again";
    pass(1000ms);
    EXPECT_FALSE(in_force(0)) << "another instance might still be connected to the one before";
    pass(1100ms);
    for (std::size_t i = 0; i < 2; ++i) {
        EXPECT_EQ(instances[i].agreement.reign(), (Reign{"a again", 2}));
        EXPECT_TRUE(instances[i].disagreements.empty());
    }
}

TEST_F(AgreementTest, AServerThatComesBackReignsAnew) {
    instances = {{"a"}, {"b"}};
    pass(1s);
    instances[0].server = "b";
    pass(3s);
    EXPECT_EQ(instances[0].agreement.reign(), (Reign{"b", 2}));
    instances[0].server = instances[1].server = "a";
    pass(3s);
    EXPECT_EQ(instances[0].agreement.reign(), (Reign{"a", 3})) << "what it has kept from its first is not believed";
}

TEST_F(AgreementTest, WhenTheLastWithTheOneInForceDiesTheOthersGoOn) {
    instances = {{"a"}, {"b"}, {"b"}};
    pass(20s);
    instances[0].alive = false;
    pass(2200ms);
    EXPECT_TRUE(in_force(1) && in_force(2));
    EXPECT_EQ(row.value.epoch, 2);
    EXPECT_EQ(instances[1].disagreements, (std::vector<bool>{true, false}));
}

TEST_F(AgreementTest, WithoutAServerForLongNoneIsInForceUntilThereIsOne) {
    instances = {{"a"}, {"a"}};
    pass(1s);
    for (Instance& one : instances) one.server = "";
    pass(50s);
    EXPECT_EQ(row.value.run_id, "a");
    pass(15s);
    EXPECT_EQ(row.value.run_id, "");
    EXPECT_FALSE(in_force(0) || in_force(1));
    EXPECT_EQ(row.value.epoch, 2);
    const int changes = row.changes;
    pass(600s);
    EXPECT_EQ(row.changes, changes);
    instances[1].server = "a";
    pass(100ms);
    EXPECT_EQ(instances[1].agreement.reign(), (Reign{"a", 3})) << "the same server, which has not been told all";
}

TEST_F(AgreementTest, WhoDoesNotKnowItsServerNeverHasItInForce) {
    instances = {{""}, {""}};
    pass(10s);
    EXPECT_FALSE(in_force(0) || in_force(1));
    EXPECT_EQ(row.value.run_id, "");
    EXPECT_TRUE(instances[0].disagreements.empty());
}

TEST_F(AgreementTest, TheDatabasesClockMayBeSetBackOrForward) {
    for (const base::Milliseconds jump : {base::Milliseconds{-24h}, base::Milliseconds{24h}}) {
        row.offset += jump;
        instances = {{"a"}, {"b"}};
        pass(1s);
        row.offset += jump;
        pass(1s);
        const std::size_t winner = in_force(0) ? 0 : 1;
        pass(20s);
        EXPECT_TRUE(in_force(winner)) << "nobody takes turns";
        EXPECT_FALSE(in_force(1 - winner));
        row.offset += jump;
        instances[winner].alive = false;
        pass(2500ms);
        EXPECT_TRUE(in_force(1 - winner)) << "within the time, whatever the clock says";
    }
}

TEST_F(AgreementTest, ALookThatWasLongAgoDoesNotMakeTheOneInForceGone) {
    instances = {{"a"}, {"b"}};
    pass(1s);
    instances[1].alive = false;  // stands still
    pass(30s);
    instances[1].alive = true;
    pass(1s);
    EXPECT_TRUE(in_force(0));
    EXPECT_EQ(row.value.epoch, 1);
}

TEST(Reign, TheMarkTellsServersAndTimesApart) {
    EXPECT_EQ((Reign{"abc", 7}).mark(), "abc:7");
    EXPECT_NE((Reign{"abc", 7}).mark(), (Reign{"abc", 8}).mark());
    EXPECT_NE((Reign{"abc", 7}).mark(), (Reign{"abd", 7}).mark());
}

}  // namespace
}  // namespace snippetd::cache
