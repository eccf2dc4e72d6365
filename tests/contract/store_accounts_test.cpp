#include "contract/store_contract.hpp"

#include <algorithm>
#include <future>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

/// Accounts, sessions and tokens.
namespace snippetd::store {
namespace {

TEST_P(StoreContract, AnAccountIsFoundByItsName) {
    create_account("ann");
    const auto found = run(store->find_account("ann", deadline()));
    ASSERT_TRUE(found);
    EXPECT_EQ(found->account.id, "id of ann");
    EXPECT_EQ(found->account.username, "ann");
    EXPECT_EQ(found->account.created_at, kLongAgo);
    EXPECT_EQ(found->password_hash, "hash of ann");
    EXPECT_FALSE(run(store->find_account("ben", deadline())));
    EXPECT_FALSE(run(store->find_account("an_", deadline())));
}

TEST_P(StoreContract, ANameIsTakenOnce) {
    create_account("ann");
    EXPECT_FALSE(run(store->create_account({"another id", "ann", kLongAgo}, "another hash", deadline())));
    EXPECT_EQ(run(store->find_account("ann", deadline()))->password_hash, "hash of ann");
    const auto results = at_once(50, [&](int i) {
        return store->create_account({"id " + std::to_string(i), "ben", kLongAgo}, "hash", deadline());
    });
    EXPECT_EQ(std::count(results.begin(), results.end(), true), 1);
}

TEST_P(StoreContract, ASessionOpensItsAccountUntilItExpiresOrIsDeleted) {
    create_account("ann");
    run(store->create_session("good", "id of ann", "hash of ann", kMinutes, deadline()));
    run(store->create_session("expired", "id of ann", "hash of ann", kOver, deadline()));
    const auto found = run(store->find_session("good", deadline()));
    ASSERT_TRUE(found);
    EXPECT_EQ(found->id, "id of ann");
    EXPECT_EQ(found->username, "ann");
    EXPECT_EQ(found->created_at, kLongAgo);
    EXPECT_FALSE(run(store->find_session("expired", deadline())));
    EXPECT_FALSE(run(store->find_session("unknown", deadline())));
    EXPECT_FALSE(run(store->find_token("good", deadline()))) << "a session is no token";
    EXPECT_TRUE(run(store->delete_session("good", deadline())));
    EXPECT_FALSE(run(store->delete_session("good", deadline())));
    EXPECT_FALSE(run(store->find_session("good", deadline())));
}

TEST_P(StoreContract, ASessionBeginsOnlyWithThePasswordOfNow) {
    create_account("ann");
    EXPECT_FALSE(run(store->create_session("1", "id of ann", "another hash", kMinutes, deadline())));
    EXPECT_FALSE(run(store->create_session("2", "nobody", "hash of ann", kMinutes, deadline())));
    EXPECT_EQ(backend->number("select count(*) from sessions"), 0);
    EXPECT_TRUE(run(store->create_session("3", "id of ann", "hash of ann", kMinutes, deadline())));
}

TEST_P(StoreContract, ANewPasswordEndsAllSessionsBeginsAnotherAndCountsTokens) {
    create_account("ann");
    create_account("ben");
    const UnixMillis now = base::unix_now_ms();
    for (const char* hash : {"first", "second", "third"}) {
        EXPECT_TRUE(run(store->create_session(hash, "id of ann", "hash of ann", kMinutes, deadline())));
    }
    EXPECT_TRUE(run(store->create_session("ben's", "id of ben", "hash of ben", kMinutes, deadline())));
    run(store->create_token({"1", "ci", kLongAgo, std::nullopt}, by_password("ann"), "token", deadline()));
    run(store->create_token({"2", "old", kLongAgo, now}, by_password("ann"), "expired token", deadline()));
    run(store->create_token({"3", "ci", kLongAgo, std::nullopt}, by_password("ben"), "ben's token", deadline()));
    PasswordChange change{"id of ann", "hash of ann", "new hash", "new session", kMinutes};
    const auto changed = run(store->set_password(change, deadline()));
    ASSERT_TRUE(changed);
    EXPECT_EQ(changed->tokens_left, 1);
    EXPECT_EQ(changed->tokens_ended, 0);
    EXPECT_EQ(run(store->find_account("ann", deadline()))->password_hash, "new hash");
    EXPECT_EQ(run(store->find_account("ben", deadline()))->password_hash, "hash of ben");
    EXPECT_EQ(run(store->find_session("new session", deadline()))->username, "ann");
    for (const char* hash : {"first", "second", "third"}) EXPECT_FALSE(run(store->find_session(hash, deadline())));
    EXPECT_TRUE(run(store->find_session("ben's", deadline())));
    EXPECT_TRUE(run(store->find_token("token", deadline())));

    EXPECT_FALSE(run(store->create_session("late", "id of ann", "hash of ann", kMinutes, deadline())));
    EXPECT_FALSE(run(store->set_password(change, deadline()))) << "its hash is not the old one any more";
    EXPECT_TRUE(run(store->find_session("new session", deadline())));
    PasswordChange all{"id of ann", "new hash", "newer hash", "", {}, true};
    EXPECT_EQ(run(store->set_password(all, deadline()))->tokens_ended, 1);
    EXPECT_EQ(backend->number("select count(*) from sessions"), 1) << "ben's";
    EXPECT_FALSE(run(store->find_token("token", deadline())));
    EXPECT_TRUE(run(store->find_token("ben's token", deadline())));
    PasswordChange nobodys{"nobody", "hash of ann", "new hash", ""};
    EXPECT_FALSE(run(store->set_password(nobodys, deadline())));
}

TEST_P(StoreContract, AnotherHashOfTheSamePasswordEndsNothing) {
    create_account("ann");
    run(store->create_session("session", "id of ann", "hash of ann", kMinutes, deadline()));
    EXPECT_FALSE(run(store->replace_password_hash("id of ann", "another hash", "new hash", deadline())));
    EXPECT_FALSE(run(store->replace_password_hash("nobody", "hash of ann", "new hash", deadline())));
    EXPECT_TRUE(run(store->replace_password_hash("id of ann", "hash of ann", "new hash", deadline())));
    EXPECT_EQ(run(store->find_account("ann", deadline()))->password_hash, "new hash");
    EXPECT_TRUE(run(store->find_session("session", deadline())));
}

TEST_P(StoreContract, WhatMakesATokenMustBeGoodWhenItDoes) {
    create_account("ann");
    create_account("ben");
    const UnixMillis now = base::unix_now_ms();
    using Kind = TokenMaker::Kind;
    run(store->create_session("session", "id of ann", "hash of ann", kMinutes, deadline()));
    run(store->create_session("expired session", "id of ann", "hash of ann", kOver, deadline()));
    run(store->create_session("ben's", "id of ben", "hash of ben", kMinutes, deadline()));
    run(store->create_token({"1", "old", kLongAgo, now}, by_password("ann"), "expired token", deadline()));
    int number = 10;
    const auto makes = [&](const char* account, Kind kind, const char* hash) {
        const std::string id = std::to_string(number++);
        TokenMaker maker{account, kind, hash};
        return run(store->create_token({id, "x", now, std::nullopt}, std::move(maker), "hash " + id, deadline()))
            .has_value();
    };
    EXPECT_TRUE(makes("id of ann", Kind::session, "session"));
    EXPECT_FALSE(makes("id of ann", Kind::session, "expired session"));
    EXPECT_FALSE(makes("id of ann", Kind::session, "ben's"));
    EXPECT_FALSE(makes("id of ann", Kind::session, "unknown"));
    EXPECT_FALSE(makes("id of ann", Kind::token, "expired token"));
    EXPECT_FALSE(makes("id of ann", Kind::token, "session"));
    EXPECT_TRUE(makes("id of ann", Kind::password, "hash of ann"));
    EXPECT_FALSE(makes("id of ann", Kind::password, "hash of ben"));
    EXPECT_FALSE(makes("nobody", Kind::password, "hash of ann"));
    EXPECT_EQ(backend->number("select count(*) from api_tokens"), 3);
}

TEST_P(StoreContract, ATokenMakesNoneThatOutlivesIt) {
    create_account("ann");
    const UnixMillis now = base::unix_now_ms();
    run(store->create_token({"1", "short", now, now + kMinute}, by_password("ann"), "short", deadline()));
    run(store->create_token({"2", "for ever", now, std::nullopt}, by_password("ann"), "for ever", deadline()));
    const auto made_by = [&](const char* maker, const char* id, std::optional<UnixMillis> expires_at) {
        return run(store->create_token({id, id, now, expires_at}, {"id of ann", TokenMaker::Kind::token, maker}, id,
                                       deadline()))
            ->expires_at;
    };
    EXPECT_EQ(made_by("short", "never", std::nullopt), now + kMinute);
    EXPECT_EQ(made_by("short", "longer", now + kMinute + 1), now + kMinute);
    EXPECT_EQ(made_by("short", "shorter", now + kMinute - 1), now + kMinute - 1);
    EXPECT_EQ(made_by("never", "grandchild", std::nullopt), now + kMinute);
    EXPECT_EQ(made_by("for ever", "child", std::nullopt), std::nullopt);
    EXPECT_EQ(made_by("for ever", "bounded", now + 2 * kMinute), now + 2 * kMinute);
    EXPECT_EQ(run(store->list_tokens("id of ann", deadline())).size(), 8u);

    EXPECT_TRUE(run(store->delete_token("id of ann", "1", deadline()))) << "and what it has made goes with it";
    for (const char* hash : {"short", "never", "longer", "shorter", "grandchild"}) {
        EXPECT_FALSE(run(store->find_token(hash, deadline()))) << hash;
    }
    EXPECT_TRUE(run(store->find_token("child", deadline())));
    run(store->delete_tokens("id of ann", deadline()));
    EXPECT_EQ(backend->number("select count(*) from api_tokens"), 0);
}

TEST_P(StoreContract, TheTokenThatClearsAnAccountStaysWhenItsMakerGoes) {
    create_account("ann");
    run(store->create_token({"1", "maker", kLongAgo, std::nullopt}, by_password("ann"), "maker", deadline()));
    TokenMaker maker{"id of ann", TokenMaker::Kind::token, "maker"};
    run(store->create_token({"2", "kept", kLongAgo, std::nullopt}, std::move(maker), "kept", deadline()));
    EXPECT_TRUE(run(store->clear_account("id of ann", "kept", 10, deadline())));
    EXPECT_TRUE(run(store->find_token("kept", deadline())));
    EXPECT_FALSE(run(store->find_token("maker", deadline())));
}

TEST_P(StoreContract, NoTokenOfAnEndedSessionOutlivesTheChange) {
    for (int round = 0; round < 8; ++round) {
        const std::string name = "ann" + std::to_string(round);
        create_account(name);
        run(store->create_session(name, "id of " + name, "hash of " + name, kMinutes, deadline()));
        std::vector<std::future<std::optional<model::ApiToken>>> made;
        std::future<std::optional<PasswordChanged>> changed;
        for (int i = 0; i < 12; ++i) {
            const std::string id = name + std::to_string(i);
            model::ApiToken token{id, "x", kLongAgo, std::nullopt};
            TokenMaker maker{"id of " + name, i % 2 ? TokenMaker::Kind::session : TokenMaker::Kind::password,
                             i % 2 ? name : "hash of " + name};
            made.push_back(loop.start(store->create_token(std::move(token), std::move(maker), id, deadline())));
            PasswordChange change{"id of " + name, "hash of " + name, "new hash", "", {}, true};
            if (i == 6) changed = loop.start(store->set_password(std::move(change), deadline()));
        }
        EXPECT_TRUE(Loop::get(std::move(changed)));
        for (auto& one : made) Loop::get(std::move(one));
        EXPECT_EQ(backend->number("select count(*) from api_tokens where account_id = 'id of " + name + "'"), 0);
    }
}

TEST_P(StoreContract, OfManyNewPasswordsOneIsSet) {
    create_account("ann");
    const auto changed = at_once(8, [&](int i) {
        PasswordChange change{"id of ann", "hash of ann", "hash " + std::to_string(i), ""};
        return store->set_password(std::move(change), deadline());
    });
    const auto won = [](const std::optional<PasswordChanged>& one) { return one.has_value(); };
    EXPECT_EQ(std::count_if(changed.begin(), changed.end(), won), 1);
    const auto winner = std::find_if(changed.begin(), changed.end(), won) - changed.begin();
    EXPECT_EQ(run(store->find_account("ann", deadline()))->password_hash, "hash " + std::to_string(winner));
}

TEST_P(StoreContract, NoSessionOfTheOldPasswordOutlivesTheChange) {
    for (int round = 0; round < 8; ++round) {
        const std::string name = "ann" + std::to_string(round);
        create_account(name);
        std::vector<std::future<bool>> begun;
        std::future<std::optional<PasswordChanged>> changed;
        for (int i = 0; i < 12; ++i) {
            begun.push_back(loop.start(store->create_session(name + std::to_string(i), "id of " + name,
                                                             "hash of " + name, kMinutes, deadline())));
            PasswordChange change{"id of " + name, "hash of " + name, "new hash", ""};
            if (i == 6) changed = loop.start(store->set_password(std::move(change), deadline()));
        }
        EXPECT_TRUE(Loop::get(std::move(changed)));
        for (auto& one : begun) Loop::get(std::move(one));
        EXPECT_EQ(backend->number("select count(*) from sessions where account_id = 'id of " + name + "'"), 0);
    }
}

TEST_P(StoreContract, ATokenOpensItsAccountUntilItExpiresOrIsDeleted) {
    create_account("ann");
    create_account("ben");
    const UnixMillis now = base::unix_now_ms();
    run(store->create_token({"1", "for ever", kLongAgo, std::nullopt}, by_password("ann"), "hash 1", deadline()));
    run(store->create_token({"2", "for a minute", kLongAgo + 1, now + kMinute}, by_password("ann"), "hash 2",
                            deadline()));
    run(store->create_token({"3", "expired", kLongAgo, now}, by_password("ann"), "hash 3", deadline()));
    run(store->create_token({"4", "ben's", kLongAgo, std::nullopt}, by_password("ben"), "hash 4", deadline()));

    EXPECT_EQ(run(store->find_token("hash 1", deadline()))->username, "ann");
    EXPECT_EQ(run(store->find_token("hash 2", deadline()))->username, "ann");
    EXPECT_EQ(run(store->find_token("hash 4", deadline()))->username, "ben");
    EXPECT_FALSE(run(store->find_token("hash 3", deadline())));
    EXPECT_FALSE(run(store->find_token("hash 5", deadline())));

    const auto tokens = run(store->list_tokens("id of ann", deadline()));
    ASSERT_EQ(tokens.size(), 2u);
    EXPECT_EQ(tokens[0].id, "2") << "newest first";
    EXPECT_EQ(tokens[0].name, "for a minute");
    EXPECT_EQ(tokens[0].created_at, kLongAgo + 1);
    EXPECT_EQ(tokens[0].expires_at, now + kMinute);
    EXPECT_EQ(tokens[1].expires_at, std::nullopt);
    EXPECT_TRUE(run(store->list_tokens("nobody", deadline())).empty());

    EXPECT_FALSE(run(store->delete_token("id of ben", "1", deadline()))) << "it is not ben's";
    EXPECT_TRUE(run(store->find_token("hash 1", deadline())));
    EXPECT_TRUE(run(store->delete_token("id of ann", "1", deadline())));
    EXPECT_FALSE(run(store->delete_token("id of ann", "1", deadline())));
    EXPECT_FALSE(run(store->find_token("hash 1", deadline())));
}

}  // namespace
}  // namespace snippetd::store
