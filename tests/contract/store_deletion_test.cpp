#include "contract/store_contract.hpp"

#include <algorithm>
#include <future>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

/// The deletion of accounts.
namespace snippetd::store {
namespace {

using namespace std::string_literals;

TEST_P(StoreContract, AnAccountIsClearedOfSessionsTokensAndRecordsButTheOneThatAsks) {
    create_account("ann");
    create_account("ben");
    for (const std::string name : {"ann", "ben"}) {
        for (int i = 0; i < 5; ++i) {
            const std::string number = name + std::to_string(i);
            run(store->create_session("session " + number, "id of " + name, "hash of " + name, kMinutes, deadline()));
            run(store->create_token({number, "ci", kLongAgo, std::nullopt}, by_password(name), "token " + number,
                                    deadline()));
            create(owned("of " + number, name), {"key of " + number, "fingerprint", "r", "id of " + name});
        }
    }
    create(snippet("anonymous"), {"key of nobody", "fingerprint", "r", ""});
    EXPECT_FALSE(run(store->clear_account("id of ann", "session ann2", 3, deadline())));
    EXPECT_EQ(backend->number("select count(*) from sessions where account_id = 'id of ann'"), 2);
    EXPECT_TRUE(run(store->clear_account("id of ann", "session ann2", 3, deadline())));
    EXPECT_EQ(backend->number("select count(*) from sessions where account_id = 'id of ann'"), 1);
    EXPECT_EQ(backend->number("select count(*) from api_tokens where account_id = 'id of ann'"), 0);
    EXPECT_TRUE(run(store->find_session("session ann2", deadline())));
    EXPECT_EQ(backend->number("select count(*) from idempotency_records"), 6) << "ben's, and nobody's";
    EXPECT_EQ(backend->number("select count(*) from sessions"), 6);
    EXPECT_EQ(backend->number("select count(*) from api_tokens"), 5);
    EXPECT_EQ(backend->number("select count(*) from snippets"), 11) << "those are for another step";

    EXPECT_TRUE(run(store->clear_account("id of ben", "token ben1", 100, deadline())));
    EXPECT_TRUE(run(store->find_token("token ben1", deadline())));
    EXPECT_EQ(backend->number("select count(*) from sessions"), 1);
    EXPECT_TRUE(run(store->clear_account("nobody", "", 100, deadline())));
}

TEST_P(StoreContract, OwnedIdsAreListedExpiredOnesIncluded) {
    create_account("ann");
    create_account("ben");
    create(owned("a", "ann"));
    Snippet expired = owned("b", "ann");
    expired.expires_at = kLongAgo;
    create(expired);
    Snippet burning = owned("c", "ann");
    burning.burn_after_reading = true;
    create(burning);
    create(owned("d", "ben"));
    create(snippet("e"));
    Ids ids = run(store->list_owned_ids("id of ann", kEver, 10, deadline()));
    std::sort(ids.begin(), ids.end());
    EXPECT_EQ(ids, (Ids{"a", "b", "c"}));
    EXPECT_EQ(run(store->list_owned_ids("id of ann", kEver, 2, deadline())).size(), 2u);
    EXPECT_TRUE(run(store->list_owned_ids("nobody", kEver, 2, deadline())).empty());
    const UnixMillis created = load("a").snippet->created_at;
    EXPECT_TRUE(run(store->list_owned_ids("id of ann", created, 10, deadline())).empty());
    EXPECT_THAT(run(store->list_owned_ids("id of ann", created + 1, 10, deadline())), testing::Contains("a"));
}

TEST_P(StoreContract, OwnedSnippetsAreDeletedAsEachAlone) {
    create_account("ann");
    create_account("ben");
    for (const char* id : {"a", "b", "kept"}) {
        create(owned(id, "ann"));
        update(owned(id, "ann"));
    }
    create(owned("ben's", "ben"));
    create(snippet("nobody's"));
    apply("1", {{"a", 1}, {"b", 1}, {"kept", 1}});
    forget(undelivered());
    run(store->delete_owned("id of ann", Ids{"b", "a", "unknown", "ben's", "nobody's"}, deadline()));
    EXPECT_EQ(undelivered(), (model::NumbersById{{"a", model::kDeletedFloor}, {"b", model::kDeletedFloor}}));
    for (const char* id : {"a", "b"}) EXPECT_EQ(load(id).state, State::missing);
    for (const char* id : {"kept", "ben's", "nobody's"}) EXPECT_EQ(load(id).state, State::found) << id;
    EXPECT_EQ(backend->number("select count(*) from revisions"), 1);
    EXPECT_EQ(backend->number("select count(*) from snippet_views"), 1);
    EXPECT_EQ(backend->number("select count(*) from snippet_view_hours"), 1);
    run(store->delete_owned("id of ann", Ids{"b", "a"}, deadline()));
    run(store->delete_owned("id of ann", Ids{}, deadline()));
    EXPECT_EQ(undelivered().size(), 2u);
}

TEST_P(StoreContract, AnAccountGoesOnlyWithoutSnippetsAndTakesTheRestWithIt) {
    create_account("ann");
    create_account("ben");
    run(store->create_session("session", "id of ann", "hash of ann", kMinutes, deadline()));
    run(store->create_token({"1", "ci", kLongAgo, std::nullopt}, by_password("ann"), "token", deadline()));
    create(owned("a", "ann"), {"key", "fingerprint", "r", "id of ann"});
    EXPECT_FALSE(run(store->delete_account("id of ann", deadline())));
    EXPECT_TRUE(run(store->find_account("ann", deadline())));
    EXPECT_TRUE(run(store->find_session("session", deadline()))) << "nothing has been done";
    EXPECT_EQ(load("a").state, State::found);
    run(store->delete_owned("id of ann", Ids{"a"}, deadline()));
    EXPECT_TRUE(run(store->delete_account("id of ann", deadline())));
    EXPECT_FALSE(run(store->find_account("ann", deadline())));
    EXPECT_FALSE(run(store->find_session("session", deadline())));
    EXPECT_FALSE(run(store->find_token("token", deadline())));
    EXPECT_EQ(backend->number("select count(*) from idempotency_records"), 0);
    EXPECT_TRUE(run(store->find_account("ben", deadline())));
    EXPECT_TRUE(run(store->delete_account("id of ann", deadline()))) << "again";
    create_account("ann");
}

TEST_P(StoreContract, NothingIsCreatedForAnAccountThatIsGone) {
    create_account("ann");
    EXPECT_TRUE(run(store->delete_account("id of ann", deadline())));
    EXPECT_EQ(create(owned("a", "ann")), Outcome::owner_gone);
    EXPECT_EQ(create(owned("b", "ann"), {"key", "fingerprint", "r", "id of ann"}).outcome, Outcome::owner_gone);
    EXPECT_FALSE(run(store->create_session("session", "id of ann", "hash of ann", kMinutes, deadline())));
    EXPECT_FALSE(
        run(store->create_token({"1", "ci", kLongAgo, std::nullopt}, by_password("ann"), "token", deadline())));
    for (const char* table : {"snippets", "idempotency_records", "sessions", "api_tokens"}) {
        EXPECT_EQ(backend->number("select count(*) from "s + table), 0) << table;
    }
    EXPECT_EQ(create(snippet("c"), {"key", "fingerprint", "r", ""}).outcome, Outcome::created) << "the store goes on";
    EXPECT_EQ(create(snippet("d")), Outcome::created);
}

TEST_P(StoreContract, WhatIsCreatedWhileTheAccountGoesIsThereBeforeOrNever) {
    for (int round = 0; round < 10; ++round) {
        const std::string name = "ann" + std::to_string(round);
        create_account(name);
        std::vector<std::future<CreateResult>> creates;
        std::vector<std::future<bool>> deletions;
        for (int i = 0; i < 12; ++i) {
            const Snippet made = owned(name + " " + std::to_string(i), name);
            std::optional<IdempotencyRecord> record;
            if (i % 2) record = IdempotencyRecord{"key of " + made.id, "fingerprint", "r", "id of " + name};
            creates.push_back(loop.start(store->create_snippet(made, record, deadline())));
            if (i % 4 == 0) deletions.push_back(loop.start(store->delete_account("id of " + name, deadline())));
        }
        bool gone = false;
        for (auto& deletion : deletions) gone = Loop::get(std::move(deletion)) || gone;
        int created = 0;
        for (auto& create : creates) {
            const Outcome outcome = Loop::get(std::move(create)).outcome;
            EXPECT_TRUE(outcome == Outcome::created || outcome == Outcome::owner_gone);
            created += outcome == Outcome::created;
        }
        EXPECT_EQ(gone, created == 0) << "what has been acknowledged does not go by the way";
        EXPECT_EQ(backend->number("select count(*) from snippets where owner_id = 'id of " + name + "'"), created);
    }
}

TEST_P(StoreContract, DeletionsOfManySnippetsAndDrainersDoNotDeadlock) {
    constexpr int kIds = 120;
    create_account("ann");
    model::NumbersById counts;
    Ids ids;
    for (int i = 0; i < kIds; ++i) {
        ids.push_back("id" + std::to_string(i));
        create(owned(ids.back(), "ann"));
        counts.emplace_back(ids.back(), 1);
    }
    std::vector<std::future<model::NumbersById>> batches;
    std::vector<std::future<void>> deletions;
    for (int i = 0; i < 12; ++i) {
        std::mt19937 random{static_cast<unsigned>(i)};
        std::shuffle(counts.begin(), counts.end(), random);
        std::shuffle(ids.begin(), ids.end(), random);
        batches.push_back(loop.start(store->apply_views("batch " + std::to_string(i), counts, deadline())));
        deletions.push_back(
            loop.start(store->delete_owned("id of ann", Ids(ids.begin(), ids.begin() + kIds / 2), deadline())));
    }
    for (auto& deletion : deletions) EXPECT_NO_THROW(Loop::get(std::move(deletion)));
    for (auto& batch : batches) EXPECT_NO_THROW(Loop::get(std::move(batch)));
}

}  // namespace
}  // namespace snippetd::store
