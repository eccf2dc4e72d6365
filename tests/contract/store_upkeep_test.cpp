#include "contract/store_contract.hpp"

#include <optional>
#include <string>

#include <gtest/gtest.h>

/// What is removed in time, and what stays.
namespace snippetd::store {
namespace {

using namespace std::string_literals;

const auto* const kPostgres = testing::AddGlobalTestEnvironment(new test::SharedPostgres);

INSTANTIATE_TEST_SUITE_P(, StoreContract, testing::Values("SQLite", "PostgreSQL"),
                         [](const auto& test) { return std::string{test.param}; });

TEST_P(StoreContract, APurgeRemovesWhatHasExpiredAndNothingElse) {
    create_account("ann");
    const UnixMillis now = base::unix_now_ms();
    for (const char* id : {"expired", "expires", "never"}) {
        Snippet made = snippet(id);
        if (id == "expired"s) made.expires_at = now;
        if (id == "expires"s) made.expires_at = now + kMinute;
        create(made, {"key of "s + id, "fingerprint", "r"});
        Snippet next = made;
        update(next);
    }
    apply("old batch", {{"expired", 1}, {"never", 1}});
    apply("new batch", {{"never", 1}});
    run(store->create_session("expired", "id of ann", "hash of ann", kOver, deadline()));
    run(store->create_session("good", "id of ann", "hash of ann", kMinutes, deadline()));
    run(store->create_token({"1", "expired", kLongAgo, now}, by_password("ann"), "expired", deadline()));
    run(store->create_token({"2", "good", kLongAgo, std::nullopt}, by_password("ann"), "good", deadline()));
    // What is kept for a day, a week and a year is made as old as that.
    backend->execute("update idempotency_records set created_at = " + std::to_string(now - kDay) +
                     " where id = 'key of expired'");
    backend->execute("update view_batches set applied_at = " + std::to_string(now - 7 * kDay) +
                     " where id = 'old batch'");
    run(store->apply_views("flushes", {}, ViewFlushes{{"old", 1, 1}, {"new", 1, 1}}, deadline()));
    backend->execute("update view_flushes set applied_at = " + std::to_string(now - 7 * kDay) +
                     " where flusher = 'old'");
    backend->execute("insert into gone_snippets (id, gone_at) values ('long gone', " +
                     std::to_string(now - 365 * kDay) + "), ('just gone', " + std::to_string(now) + ")");

    const Purged purged = purge();
    EXPECT_EQ(purged.snippets, 1);
    EXPECT_EQ(purged.others, 6) << "a session, a token, a record, a batch, a flusher and a mark";

    EXPECT_EQ(load("expired").state, State::gone);
    EXPECT_EQ(load("expires").state, State::found);
    EXPECT_EQ(load("never").state, State::found);
    EXPECT_EQ(load("never").snippet->view_count, 2);
    EXPECT_EQ(load("long gone").state, State::missing);
    EXPECT_EQ(load("just gone").state, State::gone);
    EXPECT_EQ(backend->number("select count(*) from revisions"), 2);
    EXPECT_EQ(backend->number("select count(*) from snippet_views"), 1);
    EXPECT_TRUE(run(store->find_session("good", deadline())));
    EXPECT_TRUE(run(store->find_token("good", deadline())));
    EXPECT_EQ(backend->number("select count(*) from sessions"), 1);
    EXPECT_EQ(backend->number("select count(*) from api_tokens"), 1);
    EXPECT_EQ(apply("new batch", {{"never", 1}}), (model::NumbersById{{"never", 2}})) << "still in the ledger";
    EXPECT_EQ(run(store->last_flush_applied("new", deadline())), 1);
    EXPECT_EQ(run(store->last_flush_applied("old", deadline())), 0);
    EXPECT_EQ(create(snippet("x"), {"key of never", "fingerprint", ""}).outcome, Outcome::replayed);
    EXPECT_EQ(create(snippet("y"), {"key of expired", "fingerprint", ""}).outcome, Outcome::created);

    const Purged again = purge();
    EXPECT_EQ(again.snippets, 0);
    EXPECT_EQ(again.others, 0);
}

TEST_P(StoreContract, APurgeTakesNoMoreThanItsLimitOldestFirst) {
    create_account("ann");
    for (int i = 0; i < 5; ++i) {
        Snippet made = snippet("id" + std::to_string(i));
        made.expires_at = kLongAgo + i;
        create(made);
        run(store->create_session(std::to_string(i), "id of ann", "hash of ann", kOver, deadline()));
    }
    for (const std::int64_t expected : {2, 2, 1, 0}) {
        const Purged purged = purge(2);
        EXPECT_EQ(purged.snippets, expected);
        EXPECT_EQ(purged.others, expected);
        if (load("id1").state == State::gone) {
            EXPECT_EQ(load("id0").state, State::gone);
        }
    }
    for (int i = 0; i < 5; ++i) EXPECT_EQ(load("id" + std::to_string(i)).state, State::gone);
}

TEST_P(StoreContract, PurgesOfManyInstancesGoOnSideBySide) {
    for (int i = 0; i < 100; ++i) {
        Snippet made = snippet("id" + std::to_string(i));
        made.expires_at = kLongAgo;
        create(made);
    }
    std::int64_t removed = 0;
    for (const Purged& purged : at_once(6, [&](int) { return store->purge(40, deadline()); }))
        removed += purged.snippets;
    while (const std::int64_t more = purge(40).snippets) removed += more;
    EXPECT_EQ(removed, 100);
    EXPECT_EQ(load("id7").state, State::gone);
}

TEST_P(StoreContract, APingIsAnswered) {
    EXPECT_NO_THROW(run(store->ping(deadline())));
}

TEST_P(StoreContract, EverythingIsThereAfterTheStoreIsOpenedAgain) {
    create_account("ann");
    run(store->create_session("session", "id of ann", "hash of ann", kMinutes, deadline()));
    Snippet made = owned("a", "ann");
    create(made, {"key", "fingerprint", "response"});
    made.body = "second";
    update(made);
    apply("batch", {{"a", 3}});
    Snippet secret = snippet("secret");
    secret.burn_after_reading = true;
    create(secret);
    run(store->burn_snippet("secret", deadline()));

    store.reset();
    EXPECT_EQ(backend->migrate(), 0) << "the schema is up to date";
    store = backend->open();

    const Snippet loaded = *load("a").snippet;
    EXPECT_EQ(loaded.body, "second");
    EXPECT_EQ(loaded.version, 2);
    EXPECT_EQ(loaded.view_count, 3);
    EXPECT_EQ(loaded.owner_name, "ann");
    EXPECT_EQ(run(store->find_revision("a", 1, deadline()))->body, "body of a");
    EXPECT_EQ(load("secret").state, State::gone);
    EXPECT_TRUE(run(store->find_session("session", deadline())));
    EXPECT_EQ(create(snippet("b"), {"key", "fingerprint", ""}).response, "response");
    EXPECT_EQ(apply("batch", {{"a", 3}}), (model::NumbersById{{"a", 3}}));
}

}  // namespace
}  // namespace snippetd::store
