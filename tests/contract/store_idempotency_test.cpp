#include "contract/store_contract.hpp"

#include <cstdlib>
#include <map>
#include <string>

#include <gtest/gtest.h>

/// Idempotency records.
namespace snippetd::store {
namespace {

using namespace std::string_literals;

TEST_P(StoreContract, ARepeatedKeyIsReplayedAndCreatesNothing) {
    const IdempotencyRecord record{"key", "fingerprint", "{\"the\":\"response\"}"};
    EXPECT_EQ(create(snippet("a"), record).outcome, Outcome::created);
    for (const char* response : {"{\"the\":\"response\"}", "another"}) {
        const CreateResult again = create(snippet("b"), {"key", "fingerprint", response});
        EXPECT_EQ(again.outcome, Outcome::replayed);
        EXPECT_EQ(again.response, record.response) << "the first one's";
    }
    EXPECT_EQ(load("a").state, State::found);
    EXPECT_EQ(load("b").state, State::missing);
    EXPECT_EQ(create(snippet("c"), {"another key", "fingerprint", "r"}).outcome, Outcome::created);
}

TEST_P(StoreContract, AKeyWithAnotherRequestIsReused) {
    create(snippet("a"), {"key", "fingerprint", "r"});
    const CreateResult other = create(snippet("b"), {"key", "another fingerprint", "r"});
    EXPECT_EQ(other.outcome, Outcome::key_reused);
    EXPECT_EQ(other.response, "");
    EXPECT_EQ(load("b").state, State::missing);
}

TEST_P(StoreContract, ARecordIsFoundBeforeAnythingIsCreated) {
    const auto find = [this](const IdempotencyRecord& record) { return run(store->find_replay(record, deadline())); };
    const IdempotencyRecord record{"key", "fingerprint", "response"};
    EXPECT_FALSE(find(record));
    create(snippet("a"), record);
    const auto replay = find({"key", "fingerprint", ""});
    ASSERT_TRUE(replay);
    EXPECT_EQ(replay->outcome, Outcome::replayed);
    EXPECT_EQ(replay->response, "response");
    const auto reused = find({"key", "another", ""});
    ASSERT_TRUE(reused);
    EXPECT_EQ(reused->outcome, Outcome::key_reused);
    EXPECT_EQ(reused->response, "");
    EXPECT_FALSE(find({"another key", "fingerprint", ""}));
}

TEST_P(StoreContract, ItsClockComesWithWhatIsLoaded) {
    const auto is_now = [](UnixMillis time) { return std::abs(time - base::unix_now_ms()) < kMinute; };
    EXPECT_TRUE(is_now(run(store->now(deadline()))));
    Snippet expires = snippet("expires");
    expires.expires_at = base::unix_now_ms() + kMinute;
    Snippet over = snippet("over");
    over.expires_at = base::unix_now_ms();
    for (const Snippet& one : {snippet("never"), expires, over}) create(one);
    for (const char* id : {"never", "expires", "over"}) {
        const Loaded loaded = load(id);
        EXPECT_TRUE(is_now(loaded.as_of)) << id;
        EXPECT_EQ(loaded.expired(), id == "over"s) << id;
        ASSERT_TRUE(store->estimated_now()) << "it has just been heard";
        EXPECT_TRUE(is_now(*store->estimated_now()));
    }
    EXPECT_FALSE(load("missing").expired());
}

TEST_P(StoreContract, ARecordWithoutItsSnippetIsNotKept) {
    create(snippet("a"));
    EXPECT_THROW(create(snippet("a"), {"key", "fingerprint", "r"}), base::Unavailable);
    EXPECT_EQ(backend->number("select count(*) from idempotency_records"), 0);
    EXPECT_EQ(create(snippet("b"), {"key", "fingerprint", "r"}).outcome, Outcome::created);
}

TEST_P(StoreContract, OfManyRequestsWithOneKeyOneCreates) {
    const auto results = at_once(200, [&](int i) {
        const std::string id = "id" + std::to_string(i);
        return store->create_snippet(snippet(id), IdempotencyRecord{"key", "fingerprint", id}, deadline());
    });
    std::map<Outcome, int> outcomes;
    std::string created;
    for (std::size_t i = 0; i < results.size(); ++i) {
        ++outcomes[results[i].outcome];
        if (results[i].outcome == Outcome::created) created = "id" + std::to_string(i);
    }
    EXPECT_EQ(outcomes[Outcome::created], 1);
    EXPECT_EQ(outcomes[Outcome::created] + outcomes[Outcome::replayed] + outcomes[Outcome::in_progress], 200);
    EXPECT_GT(outcomes[Outcome::replayed], 0);
    for (const CreateResult& result : results) {
        if (result.outcome == Outcome::replayed) {
            EXPECT_EQ(result.response, created);
        }
    }
    EXPECT_EQ(backend->number("select count(*) from snippets"), 1);
    EXPECT_EQ(load(created).state, State::found);
}

}  // namespace
}  // namespace snippetd::store
