#include "contract/store_contract.hpp"

#include <algorithm>
#include <future>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

/// The outbox of invalidations, and the cache's server in force.
namespace snippetd::store {
namespace {

TEST_P(StoreContract, AnUpdateLeavesItsNewVersionInTheOutboxAndACreationNothing) {
    Snippet made = snippet("a");
    create(made);
    create(snippet("b"), {"key", "fingerprint", "response"});
    EXPECT_EQ(undelivered(), model::NumbersById{});
    ASSERT_TRUE(update(made));
    EXPECT_EQ(undelivered(), (model::NumbersById{{"a", 2}}));
    made.version = 2;
    ASSERT_TRUE(update(made));
    EXPECT_EQ(undelivered(), (model::NumbersById{{"a", 2}, {"a", 3}}));
}

TEST_P(StoreContract, ADeletionLeavesAFloorAboveAllVersionsInTheOutbox) {
    for (const char* id : {"a", "b"}) create(snippet(id));
    ASSERT_TRUE(run(store->delete_snippet("a", std::nullopt, deadline())));
    ASSERT_TRUE(run(store->delete_snippet("b", 1, deadline())));
    EXPECT_EQ(undelivered(), (model::NumbersById{{"a", model::kDeletedFloor}, {"b", model::kDeletedFloor}}));
}

TEST_P(StoreContract, ADeletionOfWhatHasBeenDeletedAndMadeAgainLeavesOneFloor) {
    for (int i = 0; i < 2; ++i) {
        create(snippet("a"));
        ASSERT_TRUE(run(store->delete_snippet("a", std::nullopt, deadline())));
    }
    EXPECT_EQ(undelivered(), (model::NumbersById{{"a", model::kDeletedFloor}}));
}

TEST_P(StoreContract, WhatChangesNothingLeavesNothingInTheOutbox) {
    Snippet made = snippet("a");
    create(made);
    made.version = 2;
    EXPECT_FALSE(update(made)) << "another version";
    EXPECT_FALSE(update(snippet("b"))) << "not there";
    EXPECT_FALSE(run(store->delete_snippet("a", 2, deadline())));
    EXPECT_FALSE(run(store->delete_snippet("b", std::nullopt, deadline())));
    EXPECT_EQ(undelivered(), model::NumbersById{});
}

TEST_P(StoreContract, OfConcurrentUpdatesTheOneThatWinsLeavesItsFloor) {
    create(snippet("a"));
    const auto results = at_once(20, [&](int) { return store->update_snippet(snippet("a"), deadline()); });
    ASSERT_EQ(std::count(results.begin(), results.end(), true), 1);
    EXPECT_EQ(undelivered(), (model::NumbersById{{"a", 2}}));
}

TEST_P(StoreContract, TheOutboxIsListedOldestFirstUpToALimitAndFromAnAgeOn) {
    for (const char* id : {"a", "b", "c", "d"}) {
        create(snippet(id));
        ASSERT_TRUE(update(snippet(id)));
    }
    // As if they had waited for so many minutes; d has just come.
    const std::map<std::string, int> minutes{{"a", 20}, {"b", 30}, {"c", 10}};
    for (const auto& [id, waited] : minutes) {
        backend->execute("update invalidation_outbox set created_at = created_at - " +
                         std::to_string(waited * kMinute) + " where snippet_id = '" + id + "'");
    }
    const auto list = [this](base::Milliseconds age, int limit) {
        Ids ids;
        for (const auto& [id, floor] : run(store->list_undelivered(age, limit, deadline())).floors) ids.push_back(id);
        return ids;
    };
    EXPECT_EQ(list(base::Milliseconds{0}, 100), (Ids{"b", "a", "c", "d"}));
    EXPECT_EQ(list(base::Milliseconds{0}, 2), (Ids{"b", "a"}));
    EXPECT_EQ(list(base::Milliseconds{5 * kMinute}, 100), (Ids{"b", "a", "c"}));
    EXPECT_EQ(list(base::Milliseconds{15 * kMinute}, 100), (Ids{"b", "a"}));
    EXPECT_EQ(list(base::Milliseconds{15 * kMinute}, 1), (Ids{"b"}));
    EXPECT_EQ(list(base::Milliseconds{kDay}, 100), Ids{});
    backend->execute("update invalidation_outbox set created_at = created_at + " + std::to_string(kDay) +
                     " where snippet_id = 'd'");
    EXPECT_EQ(list(base::Milliseconds{kDay}, 100), Ids{"d"}) << "of before the clock was set back";
}

TEST_P(StoreContract, WhatIsDeliveredIsForgottenWithWhatIsOlderAndNothingNewer) {
    for (const char* id : {"a", "b"}) {
        Snippet made = snippet(id);
        create(made);
        for (; made.version < 4; ++made.version) ASSERT_TRUE(update(made));
    }
    ASSERT_TRUE(run(store->delete_snippet("a", std::nullopt, deadline())));
    forget({{"a", 3}});
    const model::NumbersById of_b{{"b", 2}, {"b", 3}, {"b", 4}};
    model::NumbersById expected{{"a", 4}, {"a", model::kDeletedFloor}};
    expected.insert(expected.end(), of_b.begin(), of_b.end());
    EXPECT_EQ(undelivered(), expected);
    forget({{"a", 3}});
    EXPECT_EQ(undelivered(), expected) << "forgetting twice is nothing";
    forget({{"a", model::kDeletedFloor}, {"unknown", 7}});
    EXPECT_EQ(undelivered(), of_b);
    forget({});
    EXPECT_EQ(undelivered(), of_b);
    forget({{"b", 4}});
    EXPECT_EQ(undelivered(), model::NumbersById{});
}

TEST_P(StoreContract, TheOutboxTakesOddIds) {
    for (const std::string& id : kOddTexts) {
        if (id.empty()) continue;
        create(snippet(id));
        ASSERT_TRUE(update(snippet(id))) << id;
    }
    const model::NumbersById all = undelivered();
    EXPECT_EQ(all.size() + 1, kOddTexts.size());
    forget(all);
    EXPECT_EQ(undelivered(), model::NumbersById{});
}

TEST_P(StoreContract, TwoInstancesMayForgetTheSameAtOnce) {
    const auto other = backend->open();
    put_in_force("a server", {});
    const model::CacheServer told = in_force();
    for (int round = 0; round < 5; ++round) {
        model::NumbersById delivered;
        for (int i = 0; i < 50; ++i) {
            const std::string id = std::to_string(round) + " " + std::to_string(i);
            create(snippet(id));
            ASSERT_TRUE(update(snippet(id)));
            delivered.emplace_back(id, 2);
        }
        model::NumbersById reversed{delivered.rbegin(), delivered.rend()};
        std::vector<std::future<void>> futures;
        for (int i = 0; i < 4; ++i) {
            futures.push_back(
                loop.start((i % 2 ? *other : *store).forget_delivered(i < 2 ? delivered : reversed, told, deadline())));
        }
        for (auto& future : futures) EXPECT_NO_THROW(Loop::get(std::move(future)));
        EXPECT_EQ(undelivered(), model::NumbersById{});
    }
}

TEST_P(StoreContract, AtFirstNoCacheServerIsInForce) {
    const model::CacheServer first = in_force();
    EXPECT_EQ(first.run_id, "");
    EXPECT_EQ(first.epoch, 0);
    create(snippet("a"));
    ASSERT_TRUE(update(snippet("a")));
    EXPECT_EQ(in_force().epoch, 0) << "whatever the outbox has";
}

TEST_P(StoreContract, ACacheServerIsPutInForceKeptAndReplaced) {
    put_in_force("one", {});
    const model::CacheServer one = in_force();
    EXPECT_EQ(one.run_id, "one");
    EXPECT_EQ(one.epoch, 1);
    EXPECT_GE(one.unseen.count(), 0);
    EXPECT_LT(one.unseen, base::Milliseconds{kMinute});
    backend->execute("update cache_server set seen_at = seen_at - 100000");
    const model::CacheServer unseen = in_force();
    EXPECT_GE(unseen.unseen.count(), 100000);
    put_in_force("one", unseen);
    const model::CacheServer again = in_force();
    EXPECT_EQ(again.epoch, 1);
    EXPECT_LT(again.unseen.count(), 100000);
    EXPECT_GT(again.seen_at, unseen.seen_at);
    put_in_force("two", again);
    EXPECT_EQ(in_force().run_id, "two");
    EXPECT_EQ(in_force().epoch, 2);
    put_in_force("", in_force());
    EXPECT_EQ(in_force().run_id, "");
    EXPECT_EQ(in_force().epoch, 3);
    put_in_force("two", in_force());
    EXPECT_EQ(in_force().epoch, 4) << "what was in force before is so anew";
}

TEST_P(StoreContract, WhoKnowsLessThanTheDatabasePutsNothingInForce) {
    put_in_force("one", {});
    put_in_force("two", {});
    EXPECT_EQ(in_force().run_id, "one");
    const model::CacheServer known = in_force();
    backend->execute("update cache_server set seen_at = seen_at + 1");
    put_in_force("two", known);
    EXPECT_EQ(in_force().run_id, "one") << "somebody has said that it still is";
    put_in_force("two", in_force());
    put_in_force("three", known);
    put_in_force("one", known);
    EXPECT_EQ(in_force().run_id, "two");
    EXPECT_EQ(in_force().epoch, 2);
}

TEST_P(StoreContract, OfManyWhoPutTheirsInForceAtOnceOneDoes) {
    const auto other = backend->open();
    for (int round = 0; round < 3; ++round) {
        const model::CacheServer known = in_force();
        std::vector<std::future<void>> futures;
        for (int i = 0; i < 10; ++i) {
            futures.push_back(
                loop.start((i % 2 ? *other : *store)
                               .set_cache_server(std::to_string(round) + " " + std::to_string(i), known, deadline())));
        }
        for (auto& future : futures) EXPECT_NO_THROW(Loop::get(std::move(future)));
        EXPECT_EQ(in_force().epoch, known.epoch + 1);
    }
}

TEST_P(StoreContract, OnlyWhatTheServerInForceWasToldIsForgotten) {
    create(snippet("a"));
    ASSERT_TRUE(update(snippet("a")));
    const auto told = [this](const model::CacheServer& who) {
        run(store->forget_delivered({{"a", 2}}, who, deadline()));
        return undelivered().empty();
    };
    EXPECT_FALSE(told({}));
    put_in_force("one", {});
    const model::CacheServer one = in_force();
    put_in_force("two", one);
    EXPECT_FALSE(told(one));
    EXPECT_FALSE(told({"two", 1}));
    EXPECT_FALSE(told({"one", 2}));
    put_in_force("one", in_force());
    EXPECT_FALSE(told(one)) << "in another reign";
    EXPECT_TRUE(told(in_force()));
}

}  // namespace
}  // namespace snippetd::store
