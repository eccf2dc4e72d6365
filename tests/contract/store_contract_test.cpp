#include "base/error.hpp"
#include "store/store.hpp"
#include "support/run.hpp"
#include "support/store_backends.hpp"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <future>
#include <limits>
#include <map>
#include <memory>
#include <numeric>
#include <random>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

/// What every store keeps, on every database.
namespace snippetd::store {
namespace {

using namespace std::string_literals;
using model::Snippet;
using model::Visibility;
using test::Loop;
using Outcome = CreateResult::Outcome;
using State = Loaded::State;
using Ids = std::vector<std::string>;

const auto* const kPostgres = testing::AddGlobalTestEnvironment(new test::SharedPostgres);

constexpr UnixMillis kLongAgo = 1'500'000'000'000;
constexpr UnixMillis kMinute = 60'000;
constexpr base::Milliseconds kMinutes{60'000}, kOver{0};  // lifetimes of sessions
constexpr UnixMillis kEver = std::numeric_limits<UnixMillis>::max();
constexpr UnixMillis kDay = 24 * 60 * kMinute;

std::string encode(std::uint32_t point) {
    const auto tail = [point](int shift) { return static_cast<char>(0x80 | ((point >> shift) & 0x3F)); };
    if (point < 0x80) return {static_cast<char>(point)};
    if (point < 0x800) return {static_cast<char>(0xC0 | (point >> 6)), tail(0)};
    if (point < 0x10000) return {static_cast<char>(0xE0 | (point >> 12)), tail(6), tail(0)};
    return {static_cast<char>(0xF0 | (point >> 18)), tail(12), tail(6), tail(0)};
}

/// Every code point of the first plane but NUL and the surrogates, and some of each of the others.
std::string all_characters() {
    std::string text;
    for (std::uint32_t point = 1; point <= 0x10FFFF; point += point < 0x10000 ? 1 : 0x101) {
        if (point < 0xD800 || point > 0xDFFF) text += encode(point);
    }
    return text;
}

/// What has a meaning to somebody on the way: SQL, SOCI's parameters, JSON, LIKE, arrays of PostgreSQL, fmt.
const std::vector<std::string> kOddTexts{
    "plain",
    ":id",
    ":id::text",
    "::",
    "select ':x' -- :y",
    "'; drop table snippets; --",
    "''",
    "'",
    "\"",
    "\"\"",
    "\\",
    "\\\\",
    "\\'",
    "E'\\n'",
    "{}",
    "{0}",
    "{{}}",
    "{\"a\",\"b\"}",
    "[1,2]",
    "null",
    "NULL",
    "%",
    "_",
    "%s %d %n",
    "$1",
    "?",
    "$$body$$",
    "/* */",
    "--",
    "\t",
    " leading",
    "trailing ",
    "a\nb\r\nc",
    "\xef\xbb\xbf"
    "bom",
    "\x01\x02\x7f",
    "ä€😀",
    "e\xcc\x81",
    "\xf4\x8f\xbf\xbf",
    "<script>&amp;",
    "\\u0041",
    "0",
    "",
};

class StoreContract : public testing::TestWithParam<const char*> {
  protected:
    StoreContract() {
        if (GetParam() == "SQLite"s) {
            backend = std::make_unique<test::SqliteBackend>(folder.file("snippets.db"));
            backend->migrate();
        } else {
            backend = std::make_unique<test::PostgresBackend>(test::SharedPostgres::create_migrated_database());
        }
        store = backend->open();
    }

    static Deadline deadline() { return base::deadline_in(test::kPatience); }
    template <class T>
    T run(Awaitable<T> coroutine) {
        return loop.run(std::move(coroutine));
    }
    /// Starts `count` of them at a time and gives what each gives.
    template <class Start>
    auto at_once(int count, Start start) {
        std::vector<decltype(loop.start(start(0)))> futures;
        for (int i = 0; i < count; ++i) futures.push_back(loop.start(start(i)));
        std::vector<decltype(futures[0].get())> results;
        for (auto& future : futures) results.push_back(Loop::get(std::move(future)));
        return results;
    }

    static TokenMaker by_password(const std::string& name) {
        return {"id of " + name, TokenMaker::Kind::password, "hash of " + name};
    }

    void create_account(const std::string& name) {
        ASSERT_TRUE(run(store->create_account({"id of " + name, name, kLongAgo}, "hash of " + name, deadline())));
    }
    static Snippet snippet(const std::string& id) {
        Snippet snippet;
        snippet.id = id;
        snippet.body = "body of " + id;
        snippet.language = "text";
        snippet.created_at = snippet.updated_at = kLongAgo;
        return snippet;
    }
    static Snippet owned(const std::string& id, const std::string& owner) {
        Snippet made = snippet(id);
        made.owner_id = "id of " + owner;
        made.owner_name = owner;
        return made;
    }
    /// The column of snippets and revisions that says something of their text.
    std::string body_column() const { return backend->dialect() == DialectName::sqlite ? "size" : "body"; }
    Outcome create(const Snippet& made) { return run(store->create_snippet(made, std::nullopt, deadline())).outcome; }
    CreateResult create(const Snippet& made, const IdempotencyRecord& record) {
        return run(store->create_snippet(made, record, deadline()));
    }
    std::vector<Loaded> load(const Ids& ids) {
        return at_once(static_cast<int>(ids.size()), [this, &ids](int i) {
            return store->load_snippet(ids[static_cast<std::size_t>(i)], deadline());
        });
    }
    Loaded load(const std::string& id) { return run(store->load_snippet(id, deadline())); }
    bool update(const Snippet& next) { return run(store->update_snippet(next, deadline())); }
    model::NumbersById apply(const std::string& batch, const model::NumbersById& counts) {
        model::NumbersById totals = run(store->apply_views(batch, counts, deadline()));
        std::sort(totals.begin(), totals.end());
        return totals;
    }
    std::vector<model::ViewHour> view_hours(const std::string& id, UnixMillis since = kLongAgo) {
        return run(store->view_hours(id, since, deadline()));
    }
    /// The views of all hours together, which the end of an hour in the middle of a test does not change.
    std::int64_t viewed(const std::string& id) {
        std::int64_t total = 0;
        for (const model::ViewHour& hour : view_hours(id)) total += hour.count;
        return total;
    }
    /// All that the outbox holds, sorted.
    model::NumbersById undelivered() {
        model::NumbersById floors = run(store->list_undelivered(base::Milliseconds{0}, 10'000, deadline())).floors;
        std::sort(floors.begin(), floors.end());
        return floors;
    }
    /// Who is in force.
    model::CacheServer in_force() {
        return run(store->list_undelivered(base::Milliseconds{0}, 1, deadline())).in_force;
    }
    void put_in_force(const std::string& run_id, const model::CacheServer& known) {
        run(store->set_cache_server(run_id, known, deadline()));
    }
    void forget(const model::NumbersById& delivered) {
        if (in_force().epoch == 0) put_in_force("a server", {});
        run(store->forget_delivered(delivered, in_force(), deadline()));
    }
    Purged purge(int limit = 100) { return run(store->purge(limit, deadline())); }
    Ids public_ids(const ListQuery& query = {}) { return ids_of(run(store->list_public(query, deadline()))); }
    Ids owned_ids(const std::string& owner, const ListQuery& query = {}) {
        return ids_of(run(store->list_owned("id of " + owner, query, deadline())));
    }
    static Ids ids_of(const std::vector<Snippet>& snippets) {
        Ids ids;
        for (const Snippet& one : snippets) ids.push_back(one.id);
        return ids;
    }

    test::TemporaryFolder folder;
    std::unique_ptr<test::Backend> backend;
    Loop loop;
    std::unique_ptr<Store> store;  // goes first: its threads answer to the loop
};
INSTANTIATE_TEST_SUITE_P(, StoreContract, testing::Values("SQLite", "PostgreSQL"),
                         [](const auto& test) { return std::string{test.param}; });

void expect_same(const Snippet& actual, const Snippet& expected) {
    EXPECT_EQ(actual.id, expected.id);
    EXPECT_EQ(actual.title, expected.title);
    EXPECT_EQ(actual.body, expected.body);
    EXPECT_EQ(actual.language, expected.language);
    EXPECT_EQ(actual.visibility, expected.visibility);
    EXPECT_EQ(actual.tags, expected.tags);
    EXPECT_EQ(actual.owner_id, expected.owner_id);
    EXPECT_EQ(actual.owner_name, expected.owner_name);
    EXPECT_EQ(actual.version, expected.version);
    EXPECT_EQ(actual.view_count, expected.view_count);
    EXPECT_EQ(actual.created_at, expected.created_at);
    EXPECT_EQ(actual.updated_at, expected.updated_at);
    EXPECT_EQ(actual.expires_at, expected.expires_at);
    EXPECT_EQ(actual.burn_after_reading, expected.burn_after_reading);
    EXPECT_EQ(actual.edit_token_hash, expected.edit_token_hash);
    EXPECT_EQ(actual.forked_from, expected.forked_from);
}

// --- accounts, sessions, tokens

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

// --- snippets

TEST_P(StoreContract, ASnippetIsLoadedAsItWasCreated) {
    create_account("ann");
    Snippet full = owned("full", "ann");
    full.title = "A title";
    full.language = "cpp";
    full.visibility = Visibility::private_;
    full.tags = {"z", "a", "with \"quotes\"", "ä😀"};
    full.created_at = 1795508130123;
    full.updated_at = 1795508130124;
    full.expires_at = 1795508139999;
    full.burn_after_reading = true;
    full.edit_token_hash = "hash";
    full.forked_from = "another";
    EXPECT_EQ(create(full), Outcome::created);
    EXPECT_EQ(create(snippet("least")), Outcome::created);
    const auto loaded = load(Ids{"full", "least"});
    ASSERT_EQ(loaded[0].state, State::found);
    ASSERT_EQ(loaded[1].state, State::found);
    expect_same(*loaded[0].snippet, full);
    expect_same(*loaded[1].snippet, snippet("least"));
}

TEST_P(StoreContract, TextsComeBackByteForByte) {
    std::vector<std::string> texts = kOddTexts;
    texts.push_back(all_characters());
    texts.push_back(std::string(1 << 20, 'x'));
    for (std::size_t i = 0; i < texts.size(); ++i) {
        SCOPED_TRACE(testing::PrintToString(texts[i].substr(0, 50)));
        Snippet first = snippet("s" + std::to_string(i));
        first.body = first.title = first.language = texts[i];
        const std::string& moderate = texts[i].size() < 1000 ? texts[i] : kOddTexts.front();
        first.tags = {moderate, "plain"};
        first.edit_token_hash = first.forked_from = moderate;
        ASSERT_EQ(create(first), Outcome::created);
        expect_same(*load(first.id).snippet, first);

        Snippet second = first;
        second.body = "second";
        second.title = texts[i] + "2";
        ASSERT_TRUE(update(second));
        const auto revision = run(store->find_revision(first.id, 1, deadline()));
        ASSERT_TRUE(revision);
        EXPECT_EQ(revision->body, texts[i]);
        EXPECT_EQ(revision->title, texts[i]);
        EXPECT_EQ(revision->size, static_cast<std::int64_t>(texts[i].size()));
        EXPECT_EQ(run(store->list_revisions(first.id, deadline())).at(0).size, revision->size);
        EXPECT_EQ(load(first.id).snippet->title, second.title);
    }
}

TEST_P(StoreContract, IdsMayHaveAnyCharacters) {
    Ids ids;
    for (const std::string& text : kOddTexts) ids.push_back("id " + text);
    for (const std::string& text : kOddTexts) ids.push_back(text);
    for (std::size_t i = 0; i < ids.size(); ++i) {
        if (i % 2 == 0) {
            ASSERT_EQ(create(snippet(ids[i])), Outcome::created) << ids[i];
        }
    }
    const auto loaded = load(ids);
    for (std::size_t i = 0; i < ids.size(); ++i) {
        ASSERT_EQ(loaded[i].state, i % 2 == 0 ? State::found : State::missing) << ids[i];
        if (i % 2 == 0) {
            EXPECT_EQ(loaded[i].snippet->id, ids[i]);
        }
    }
    model::NumbersById counts, expected;
    for (std::size_t i = 0; i < ids.size(); ++i) {
        counts.emplace_back(ids[i], static_cast<std::int64_t>(i) + 1);
        if (i % 2 == 0) expected.push_back(counts.back());
    }
    std::sort(expected.begin(), expected.end());
    EXPECT_EQ(apply("batch", counts), expected);
    for (std::size_t i = 0; i < ids.size(); ++i) {
        EXPECT_EQ(run(store->delete_snippet(ids[i], std::nullopt, deadline())), i % 2 == 0) << ids[i];
    }
}

TEST_P(StoreContract, LoadsManyAtOnceEachItsOwn) {
    Ids ids;
    for (int i = 0; i < 256; ++i) ids.push_back("id" + std::to_string(i));
    for (int i = 0; i < 256; i += 2) create(snippet(ids[static_cast<std::size_t>(i)]));
    std::mt19937 random{7};
    std::shuffle(ids.begin(), ids.end(), random);
    ids.back() = ids.front();  // twice
    const auto loaded = load(ids);
    ASSERT_EQ(loaded.size(), ids.size());
    for (std::size_t i = 0; i < ids.size(); ++i) {
        const bool there = std::stoi(ids[i].substr(2)) % 2 == 0;
        ASSERT_EQ(loaded[i].state, there ? State::found : State::missing) << ids[i];
        if (there) {
            EXPECT_EQ(loaded[i].snippet->body, "body of " + ids[i]);
        }
    }
}

TEST_P(StoreContract, AnExpiredSnippetIsFoundUntilItIsRemoved) {
    Snippet expired = snippet("a");
    expired.expires_at = kLongAgo + 1;
    create(expired);
    EXPECT_EQ(load("a").state, State::found);
    EXPECT_TRUE(load("a").snippet->expired(base::unix_now_ms()));
}

TEST_P(StoreContract, AnIdIsCreatedOnce) {
    create(snippet("a"));
    EXPECT_THROW(create(snippet("a")), base::Unavailable);
    EXPECT_EQ(load("a").snippet->body, "body of a");
}

TEST_P(StoreContract, AnUpdateReplacesTheRowAndKeepsTheOldVersion) {
    create_account("ann");
    Snippet first = owned("a", "ann");
    first.title = "first";
    first.body = "ä1";
    first.visibility = Visibility::private_;
    first.burn_after_reading = true;
    first.edit_token_hash = "hash";
    create(first);
    apply("batch", {{"a", 5}});

    Snippet next = *load("a").snippet;
    next.title = "second";
    next.body = "second body";
    next.language = "cpp";
    next.visibility = Visibility::public_;
    next.tags = {"new"};
    next.updated_at = kLongAgo + 1000;
    next.expires_at = base::unix_now_ms() + kMinute;
    ASSERT_TRUE(update(next));
    Snippet expected = next;
    expected.version = 2;
    expect_same(*load("a").snippet, expected);

    next = expected;
    next.body = "third body";
    next.updated_at = kLongAgo + 2000;
    next.expires_at = std::nullopt;
    ASSERT_TRUE(update(next));
    expected = next;
    expected.version = 3;
    expect_same(*load("a").snippet, expected);

    const auto revisions = run(store->list_revisions("a", deadline()));
    ASSERT_EQ(revisions.size(), 2u);
    EXPECT_EQ(revisions[0].version, 2);
    EXPECT_EQ(revisions[0].title, "second");
    EXPECT_EQ(revisions[0].language, "cpp");
    EXPECT_EQ(revisions[0].visibility, Visibility::public_);
    EXPECT_EQ(revisions[0].created_at, kLongAgo + 1000);
    EXPECT_EQ(revisions[0].size, 11);
    EXPECT_EQ(revisions[0].body, "") << "lists are without bodies";
    EXPECT_EQ(revisions[1].version, 1);
    EXPECT_EQ(revisions[1].visibility, Visibility::private_);
    EXPECT_EQ(revisions[1].created_at, kLongAgo);
    EXPECT_EQ(revisions[1].size, 3) << "bytes, not characters";

    const auto old = run(store->find_revision("a", 2, deadline()));
    ASSERT_TRUE(old);
    EXPECT_EQ(old->body, "second body");
    EXPECT_EQ(old->version, 2);
    EXPECT_EQ(old->visibility, Visibility::public_);
    EXPECT_FALSE(run(store->find_revision("a", 3, deadline()))) << "the current one is no earlier version";
    EXPECT_FALSE(run(store->find_revision("a", 0, deadline())));
    EXPECT_FALSE(run(store->find_revision("b", 1, deadline())));
    EXPECT_TRUE(run(store->list_revisions("b", deadline())).empty());
}

TEST_P(StoreContract, AnUpdateOfAnOldVersionChangesNothing) {
    create(snippet("a"));
    Snippet next = snippet("a");
    next.body = "second";
    ASSERT_TRUE(update(next));
    next.body = "from the first again";
    EXPECT_FALSE(update(next));
    next.version = 7;
    EXPECT_FALSE(update(next));
    EXPECT_FALSE(update(snippet("b")));
    EXPECT_EQ(load("a").snippet->body, "second");
    EXPECT_EQ(load("a").snippet->version, 2);
    EXPECT_EQ(run(store->list_revisions("a", deadline())).size(), 1u);
    EXPECT_EQ(load("b").state, State::missing);
}

TEST_P(StoreContract, OfManyUpdatesOfOneVersionOneWins) {
    create(snippet("a"));
    const auto results = at_once(30, [&](int i) {
        Snippet next = snippet("a");
        next.body = std::to_string(i);
        return store->update_snippet(next, deadline());
    });
    ASSERT_EQ(std::count(results.begin(), results.end(), true), 1);
    const auto winner = std::find(results.begin(), results.end(), true) - results.begin();
    EXPECT_EQ(load("a").snippet->body, std::to_string(winner));
    EXPECT_EQ(load("a").snippet->version, 2);
    EXPECT_EQ(run(store->list_revisions("a", deadline())).size(), 1u);
}

TEST_P(StoreContract, RevisionsAreListedUpToAThousandNewestFirst) {
    create(snippet("a"));
    backend->execute(
        "with recursive n(i) as (select 1 union all select i + 1 from n where i < 1005) "
        "insert into revisions (snippet_id, version, title, " +
        body_column() +
        ", language, visibility, created_at) "
        "select 'a', i, '', '0', 'text', 'public', i from n");
    const auto revisions = run(store->list_revisions("a", deadline()));
    ASSERT_EQ(revisions.size(), 1000u);
    EXPECT_EQ(revisions.front().version, 1005);
    EXPECT_EQ(revisions.back().version, 6);
}

TEST_P(StoreContract, ADeletionOfAVersionSparesALaterOne) {
    create(snippet("a"));
    update(snippet("a"));
    EXPECT_FALSE(run(store->delete_snippet("a", 1, deadline())));
    EXPECT_EQ(load("a").state, State::found);
    EXPECT_TRUE(run(store->delete_snippet("a", 2, deadline())));
    EXPECT_EQ(load("a").state, State::missing);
}

TEST_P(StoreContract, AClosedStoreRefuses) {
    create(snippet("a"));
    store->close();
    EXPECT_THROW(run(store->ping(deadline())), base::Unavailable);
    EXPECT_THROW(run(store->delete_snippet("a", std::nullopt, deadline())), base::Unavailable);
}

TEST_P(StoreContract, ADeletionTakesEverythingAndLeavesNoTrace) {
    create(snippet("a"));
    create(snippet("b"));
    update(snippet("a"));
    apply("batch", {{"a", 1}, {"b", 1}});
    EXPECT_TRUE(run(store->delete_snippet("a", std::nullopt, deadline())));
    EXPECT_FALSE(run(store->delete_snippet("a", std::nullopt, deadline())));
    EXPECT_EQ(load("a").state, State::missing);
    EXPECT_EQ(load("b").state, State::found);
    EXPECT_TRUE(run(store->list_revisions("a", deadline())).empty());
    EXPECT_EQ(backend->number("select count(*) from revisions"), 0);
    EXPECT_EQ(backend->number("select count(*) from snippet_views"), 1);
}

TEST_P(StoreContract, OneReaderBurnsASnippet) {
    create_account("ann");
    Snippet secret = owned("a", "ann");
    secret.burn_after_reading = true;
    secret.tags = {"t"};
    create(secret);
    create(snippet("not to be burned"));
    const auto results = at_once(100, [&](int) { return store->burn_snippet("a", deadline()); });
    EXPECT_EQ(std::count_if(results.begin(), results.end(), [](const auto& result) { return result.has_value(); }), 1);
    for (const auto& result : results) {
        if (result) expect_same(*result, secret);
    }
    EXPECT_EQ(load("a").state, State::gone);
    EXPECT_FALSE(run(store->burn_snippet("a", deadline())));
    EXPECT_FALSE(run(store->burn_snippet("not to be burned", deadline())));
    EXPECT_FALSE(run(store->burn_snippet("unknown", deadline())));
    EXPECT_EQ(load("not to be burned").state, State::found);
    EXPECT_EQ(load("unknown").state, State::missing);
}

TEST_P(StoreContract, OnlyItsOwnerMayKnowThatAPrivateOneIsGone) {
    create_account("ann");
    for (const char* id : {"burned", "expired", "open"}) {
        Snippet made = owned(id, "ann");
        made.visibility = id == "open"s ? Visibility::unlisted : Visibility::private_;
        made.burn_after_reading = id != "expired"s;
        if (id == "expired"s) made.expires_at = base::unix_now_ms();
        create(made);
    }
    for (const char* id : {"burned", "open"}) EXPECT_TRUE(run(store->burn_snippet(id, deadline())));
    EXPECT_EQ(purge().snippets, 1);
    for (const char* id : {"burned", "expired"}) {
        EXPECT_EQ(load(id).state, State::missing) << id;
        EXPECT_EQ(load(id).gone_for, "id of ann") << id;
    }
    EXPECT_EQ(load("open").state, State::gone);
    EXPECT_EQ(load("unknown").gone_for, "");
    EXPECT_TRUE(run(store->delete_account("id of ann", deadline())));
    EXPECT_EQ(backend->number("select count(*) from gone_snippets"), 1) << "its marks go with the account";
}

TEST_P(StoreContract, AForkTellsWhetherItsOriginalIsPublic) {
    create_account("ann");
    for (const auto visibility : {Visibility::public_, Visibility::unlisted, Visibility::private_}) {
        Snippet original = owned(std::string{model::to_text(visibility)}, "ann"),
                fork = owned("of " + original.id, "ann");
        original.visibility = visibility;
        fork.forked_from = original.id;
        fork.visibility = Visibility::public_;
        create(original);
        create(fork);
        EXPECT_EQ(load(fork.id).snippet->original_is_public, visibility == Visibility::public_);
        EXPECT_EQ(load(fork.id).snippet->forked_from, original.id);
        EXPECT_FALSE(load(original.id).snippet->original_is_public);
    }
    for (const Snippet& one : run(store->list_public({}, deadline()))) {
        EXPECT_EQ(one.original_is_public, one.id == "of public") << one.id;
    }
    EXPECT_TRUE(run(store->delete_snippet("public", std::nullopt, deadline())));
    EXPECT_FALSE(load("of public").snippet->original_is_public);
}

// --- lists

TEST_P(StoreContract, AListWithoutWhatBurnsIsAsLongAsOneWithIt) {
    create_account("ann");
    for (int i = 0; i < 8; ++i) {
        Snippet made = owned(std::to_string(i), "ann");
        made.created_at = kLongAgo + i;
        made.burn_after_reading = i > 3;
        create(made);
    }
    ListQuery query;
    query.limit = 3;
    query.with_burning = false;
    Ids ids;
    for (const Snippet& one : run(store->list_owned("id of ann", query, deadline()))) ids.push_back(one.id);
    EXPECT_EQ(ids, (Ids{"3", "2", "1"}));
}

TEST_P(StoreContract, TheOwnersListHasTheirsNewestFirstWithoutBodies) {
    create_account("ann");
    create_account("ben");
    std::vector<Snippet> made;
    for (const char* id : {"old", "new", "private", "burn", "expired"}) {
        made.push_back(owned(id, "ann"));
        made.back().created_at = kLongAgo + static_cast<UnixMillis>(made.size());
    }
    made[2].visibility = Visibility::private_;
    made[2].title = "A title";
    made[2].tags = {"t"};
    made[3].burn_after_reading = true;
    made[4].expires_at = base::unix_now_ms();
    made.push_back(owned("ben's", "ben"));
    made.push_back(snippet("nobody's"));
    for (const Snippet& one : made) create(one);
    apply("batch", {{"private", 41}});

    EXPECT_EQ(owned_ids("ann"), (Ids{"burn", "private", "new", "old"}));
    EXPECT_EQ(owned_ids("ben"), Ids{"ben's"});
    EXPECT_EQ(owned_ids("nobody"), Ids{});
    Snippet expected = made[2];
    expected.body = "";
    expected.view_count = 41;
    expect_same(run(store->list_owned("id of ann", {}, deadline())).at(1), expected);
}

TEST_P(StoreContract, ThePublicListHasWhatEverybodyMaySee) {
    create_account("ann");
    for (const char* id : {"public", "unlisted", "private", "burn", "expired", "expires", "ann's"}) {
        Snippet made = id == "ann's"s ? owned(id, "ann") : snippet(id);
        made.visibility = id == "unlisted"s  ? Visibility::unlisted
                          : id == "private"s ? Visibility::private_
                                             : Visibility::public_;
        made.burn_after_reading = id == "burn"s;
        if (id == "expired"s) made.expires_at = base::unix_now_ms();
        if (id == "expires"s) made.expires_at = base::unix_now_ms() + kMinute;
        create(made);
    }
    Ids ids = public_ids();
    std::sort(ids.begin(), ids.end());
    EXPECT_EQ(ids, (Ids{"ann's", "expires", "public"}));
    for (const Snippet& one : run(store->list_public({}, deadline()))) {
        EXPECT_EQ(one.body, "");
        EXPECT_EQ(one.owner_name, one.id == "ann's" ? "ann" : "");
    }
}

TEST_P(StoreContract, PagesCoverAListOnceWhateverTheirSize) {
    create_account("ann");
    Ids expected;
    for (int i = 0; i < 23; ++i) {
        Snippet made = owned("id" + std::to_string(10 + i), "ann");
        made.visibility = Visibility::public_;
        made.created_at = kLongAgo + i / 4;  // ties are told apart by the id
        create(made);
        expected.insert(expected.begin(), made.id);
    }
    for (const int limit : {1, 2, 4, 7, 22, 23, 100}) {
        for (const bool of_owner : {true, false}) {
            Ids seen;
            ListQuery query;
            query.limit = limit;
            for (int page = 0; page < 30; ++page) {
                const auto items = run(of_owner ? store->list_owned("id of ann", query, deadline())
                                                : store->list_public(query, deadline()));
                ASSERT_LE(items.size(), static_cast<std::size_t>(limit));
                if (items.empty()) break;
                for (const Snippet& one : items) seen.push_back(one.id);
                query.after = Position{items.back().created_at, items.back().id};
            }
            EXPECT_EQ(seen, expected) << "limit " << limit;
        }
    }
}

TEST_P(StoreContract, ACursorStaysGoodWhenItsSnippetGoes) {
    for (int i = 0; i < 4; ++i) {
        Snippet made = snippet("id" + std::to_string(i));
        made.visibility = Visibility::public_;
        made.created_at = kLongAgo + i;
        create(made);
    }
    ListQuery query;
    query.after = Position{kLongAgo + 2, "id2"};
    run(store->delete_snippet("id2", std::nullopt, deadline()));
    EXPECT_EQ(public_ids(query), (Ids{"id1", "id0"}));
}

TEST_P(StoreContract, FiltersByLanguageAndTagAreExact) {
    for (const auto& [id, language, tags] : std::vector<std::tuple<std::string, std::string, std::vector<std::string>>>{
             {"1", "cpp", {"a", "b"}},
             {"2", "c", {"ab"}},
             {"3", "cpp", {"A"}},
             {"4", "cpp", {}},
             {"5", "c", {"\"a\"", "%", "a,b", "[\"a\"]"}},
         }) {
        Snippet made = snippet(id);
        made.visibility = Visibility::public_;
        made.language = language;
        made.tags = tags;
        create(made);
    }
    const auto with = [&](const std::string& language, const std::string& tag) {
        ListQuery query;
        query.language = language;
        query.tag = tag;
        return public_ids(query);
    };
    EXPECT_EQ(with("cpp", ""), (Ids{"4", "3", "1"}));
    EXPECT_EQ(with("c", ""), (Ids{"5", "2"}));
    EXPECT_EQ(with("C", ""), Ids{});
    EXPECT_EQ(with("", "a"), Ids{"1"});
    EXPECT_EQ(with("", "A"), Ids{"3"});
    EXPECT_EQ(with("", "ab"), Ids{"2"});
    EXPECT_EQ(with("", "%"), Ids{"5"});
    EXPECT_EQ(with("", "\"a\""), Ids{"5"});
    EXPECT_EQ(with("", "a,b"), Ids{"5"});
    EXPECT_EQ(with("", "[\"a\"]"), Ids{"5"});
    EXPECT_EQ(with("", "c"), Ids{});
    EXPECT_EQ(with("cpp", "a"), Ids{"1"});
    EXPECT_EQ(with("c", "a"), Ids{});
}

TEST_P(StoreContract, AVisibilityFiltersTheOwnersList) {
    create_account("ann");
    const std::vector<std::pair<std::string, Visibility>> all{
        {"open", Visibility::public_}, {"linked", Visibility::unlisted}, {"hidden", Visibility::private_}};
    for (const auto& [id, visibility] : all) {
        Snippet made = owned(id, "ann");
        made.visibility = visibility;
        create(made);
    }
    for (const auto& [id, visibility] : all) {
        ListQuery query;
        query.visibility = visibility;
        EXPECT_EQ(owned_ids("ann", query), Ids{id});
        query.text = "body of";
        query.language = "text";
        EXPECT_EQ(owned_ids("ann", query), Ids{id}) << "together with others";
        query.language = "cpp";
        EXPECT_EQ(owned_ids("ann", query), Ids{});
    }
    EXPECT_EQ(owned_ids("ann").size(), 3u);
}

TEST_P(StoreContract, ASearchFindsTitleAndBodyLiterallyAndIgnoresCase) {
    const std::map<std::string, std::pair<std::string, std::string>> snippets{
        {"1", {"Hello World", "x"}}, {"2", {"", "say hello\nto all"}}, {"3", {"100% sure", "x"}},
        {"4", {"100 sure", "x"}},    {"5", {"snake_case", "x"}},       {"6", {"snakeXcase", "x"}},
        {"7", {"", "C:\\dir\\"}},    {"8", {"", ":id::text '\""}},     {"9", {"größe", "€uro"}},
    };
    for (const auto& [id, texts] : snippets) {
        Snippet made = snippet(id);
        made.visibility = Visibility::public_;
        made.title = texts.first;
        made.body = texts.second;
        create(made);
    }
    const auto found = [&](const std::string& text) {
        ListQuery query;
        query.text = text;
        Ids ids = public_ids(query);
        std::sort(ids.begin(), ids.end());
        return ids;
    };
    EXPECT_EQ(found("hello"), (Ids{"1", "2"}));
    EXPECT_EQ(found("HELLO"), (Ids{"1", "2"}));
    EXPECT_EQ(found("hello w"), Ids{"1"});
    EXPECT_EQ(found("hello\nto"), Ids{"2"});
    EXPECT_EQ(found("100%"), Ids{"3"});
    EXPECT_EQ(found("%"), Ids{"3"});
    EXPECT_EQ(found("100"), (Ids{"3", "4"}));
    EXPECT_EQ(found("e_c"), Ids{"5"});
    EXPECT_EQ(found("_"), Ids{"5"});
    EXPECT_EQ(found("\\"), Ids{"7"});
    EXPECT_EQ(found("r\\"), Ids{"7"});
    EXPECT_EQ(found("\\%"), Ids{});
    EXPECT_EQ(found(":id::text"), Ids{"8"});
    EXPECT_EQ(found("'\""), Ids{"8"});
    EXPECT_EQ(found("größe"), Ids{"9"});
    EXPECT_EQ(found("€"), Ids{"9"});
    EXPECT_EQ(found("zzz"), Ids{});
}

/// Texts, and what finds them and what does not, in any store.
struct Found {
    const char* text;
    std::vector<const char*> by;
    std::vector<const char*> not_by;
};
const std::vector<Found> kFound{
    {"Straße", {"strasse", "STRASSE", "straße", "STRAẞE", "ß", "SS", "raSSe"}, {"strase"}},
    {"GROẞE MASSE", {"große maße", "GROSSE", "ss"}, {}},
    {"Übergröße",
     {"übergrösse", "ÜBER",
      "U\xCC\x88"
      "BERGRÖSSE"},
     {"uber"}},
    {"Zażółć gęślą JAŹŃ", {"zażółć", "ZAŻÓŁĆ GĘŚLĄ", "jaźń", "Ź"}, {"zazolc"}},
    {"Привет, МИР", {"привет", "ПРИВЕТ, мир", "ир", "ИР"}, {"мiр"}},
    {"ὈΔΥΣΣΕΎΣ και Οδυσσεύς", {"ὀδυσσεύς", "ΟΔΥΣΣΕΎΣ", "οδυσσεύσ", "σ", "ς"}, {"οδυσσευς"}},
    // The rules are of no language: a Turkish dotless i is a letter of its own, and a capital I is an i.
    {"ILIK İstanbul ısı", {"ilik", "i\xCC\x87stanbul", "İSTANBUL", "ısı"}, {"ılık", "ISI"}},
    {"cafe\xCC\x81 crème", {"café", "CAFÉ", "cafe\xCC\x81", "CRE\xCC\x80ME"}, {"cafe", "creme"}},
    {"ﬃnal ſet \xE2\x84\xAA", {"FFI", "SET", "set k"}, {}},
    {"Ａｂｃ 𐐀 ՄԻԱՍԻՆ և Ꭰꭰ", {"ａＢＣ", "𐐨", "միասին ԵՒ", "ꭰꭰ"}, {"abc"}},
    {"한글 日本語 ไทย 😀", {"글 日", "日本語", "ทย 😀"}, {}},
};

void find_by_any_letter(Store& store, Loop& loop) {
    const auto deadline = [] { return base::deadline_in(test::kPatience); };
    for (std::size_t i = 0; i < kFound.size(); ++i) {
        Snippet made;
        made.id = std::to_string(i);
        made.visibility = Visibility::public_;
        made.created_at = kLongAgo;
        // In titles and in bodies, in turns.
        (i % 2 ? made.title : made.body) = "x " + std::string{kFound[i].text} + " y";
        loop.run(store.create_snippet(made, std::nullopt, deadline()));
    }
    const auto finds = [&](const char* text, std::size_t wanted) {
        ListQuery query;
        query.text = text;
        query.limit = 100;
        const std::vector<Snippet> found = loop.run(store.list_public(query, deadline()));
        return std::any_of(found.begin(), found.end(),
                           [&](const Snippet& one) { return one.id == std::to_string(wanted); });
    };
    for (std::size_t i = 0; i < kFound.size(); ++i) {
        for (const char* text : kFound[i].by) EXPECT_TRUE(finds(text, i)) << text << " in " << kFound[i].text;
        for (const char* text : kFound[i].not_by) EXPECT_FALSE(finds(text, i)) << text << " in " << kFound[i].text;
    }
}

TEST_P(StoreContract, ASearchIgnoresTheCaseOfEveryLetter) {
    find_by_any_letter(*store, loop);
}

TEST_P(StoreContract, ASearchLooksIntoWhatAnEditHasWritten) {
    Snippet made = snippet("a");
    made.visibility = Visibility::public_;
    made.body = "früher";
    create(made);
    made.title = "ÄNDERUNG";
    made.body = "SPÄTER";
    ASSERT_TRUE(update(made));
    const auto found = [&](const std::string& text) {
        ListQuery query;
        query.text = text;
        return public_ids(query).size();
    };
    EXPECT_EQ(found("FRÜHER"), 0u);
    EXPECT_EQ(found("später"), 1u);
    EXPECT_EQ(found("änderung"), 1u);
}

TEST(PostgresStore, ASearchDoesNotDependOnTheDatabasesLocale) {
    const std::map<std::string, std::string> locales{{"plain_c", "locale 'C'"},
                                                     {"turkish", "locale_provider icu icu_locale 'tr' locale 'C'"}};
    for (const auto& [name, locale] : locales) {
        SCOPED_TRACE(locale);
        const test::PrivatePostgres& cluster = test::SharedPostgres::cluster();
        cluster.execute("create database " + name + " template template0 encoding 'UTF8' " + locale);
        Loop loop;
        test::PostgresBackend backend{cluster.url(name)};
        backend.migrate();
        find_by_any_letter(*backend.open(), loop);
    }
}

TEST_P(StoreContract, FiltersAndCursorGoTogether) {
    create_account("ann");
    for (int i = 0; i < 10; ++i) {
        Snippet made = owned("id" + std::to_string(i), "ann");
        made.created_at = kLongAgo + i;
        made.title = i % 2 ? "odd" : "even";
        made.language = i < 8 ? "cpp" : "c";
        made.tags = {i % 4 == 1 ? "four" : "other"};
        create(made);
    }
    ListQuery query;
    query.text = "ODD";
    query.language = "cpp";
    query.limit = 2;
    EXPECT_EQ(owned_ids("ann", query), (Ids{"id7", "id5"}));
    query.after = Position{kLongAgo + 5, "id5"};
    EXPECT_EQ(owned_ids("ann", query), (Ids{"id3", "id1"}));
    query.tag = "four";
    EXPECT_EQ(owned_ids("ann", query), Ids{"id1"});
}

// --- what is not returned

/// How much of the texts a store reads from the database. SQLite reads files itself, with a cache that is empty when it
/// has just been opened; PostgreSQL counts the pages of large texts, which it keeps apart.
class TextsRead {
  public:
    explicit TextsRead(test::Backend& backend) : backend_{backend} {}

    std::int64_t by(const std::function<void(Store&)>& use) {
        std::unique_ptr<Store> store = backend_.open();
        const std::int64_t before = bytes();
        use(*store);
        if (backend_.dialect() == DialectName::sqlite) return bytes() - before;
        store.reset();
        // A session hands in what it has counted before it is seen to be gone.
        const base::Deadline deadline = base::deadline_in(test::kPatience);
        while (backend_.number("select count(*) from pg_stat_activity where datname = current_database()") > 1 &&
               base::steady_now() < deadline) {
            std::this_thread::sleep_for(std::chrono::milliseconds{5});
        }
        return bytes() - before;
    }

  private:
    std::int64_t bytes() {
        if (backend_.dialect() == DialectName::postgres) {
            return backend_.number(
                "select coalesce(sum(toast_blks_read + toast_blks_hit), 0)::bigint * 8192 from pg_statio_user_tables");
        }
        std::ifstream io{"/proc/self/io"};
        std::string name;
        std::int64_t read = 0;
        io >> name >> read;
        EXPECT_EQ(name, "rchar:");
        return read;
    }
    test::Backend& backend_;
};

TEST_P(StoreContract, WhatIsNotReturnedIsNotRead) {
    constexpr int kVersions = 30, kSnippets = 30;
    constexpr std::size_t kBody = 200'000;
    constexpr std::int64_t kReadMax = 4 * kBody;
    std::mt19937 random{7};  // NOLINT: the same texts each time, that nothing makes smaller
    const auto body = [&random] {
        std::string text(kBody, ' ');
        for (char& c : text) c = static_cast<char>('0' + random() % 64);
        return text;
    };
    if (backend->dialect() == DialectName::postgres) {
        for (const char* table : {"snippets", "revisions"}) {  // whose cleaning is counted too
            backend->execute("alter table "s + table +
                             " set (autovacuum_enabled = false, toast.autovacuum_enabled = false)");
        }
    }
    create_account("ann");
    model::NumbersById views;
    for (int i = 0; i < kSnippets; ++i) {
        Snippet made = owned("s" + std::to_string(i), "ann");
        made.visibility = Visibility::public_;
        made.body = body();
        made.tags = {"tag"};
        create(made);
        views.emplace_back(made.id, 1);
    }
    Snippet edited = owned("edited", "ann");
    create(edited);
    for (; edited.version < kVersions; ++edited.version) {
        edited.body = body();
        ASSERT_TRUE(update(edited));
    }
    store.reset();

    TextsRead read{*backend};
    ListQuery all, tagged, spoken;
    tagged.tag = "other";
    spoken.language = "other";
    const auto list_all = [&](Store& cold) {
        EXPECT_EQ(run(cold.list_owned("id of ann", all, deadline())).size(), 20u);
    };
    const std::map<std::string, std::function<void(Store&)>> uses{
        {"own snippets", list_all},
        {"a tag", [&](Store& cold) { EXPECT_TRUE(run(cold.list_owned("id of ann", tagged, deadline())).empty()); }},
        {"a language", [&](Store& cold) { EXPECT_TRUE(run(cold.list_public(spoken, deadline())).empty()); }},
        {"explore", [&](Store& cold) { EXPECT_EQ(run(cold.list_public(all, deadline())).size(), 20u); }},
        {"old versions",
         [&](Store& cold) {
             const auto revisions = run(cold.list_revisions("edited", deadline()));
             ASSERT_EQ(revisions.size(), std::size_t{kVersions - 1});
             EXPECT_EQ(revisions.front().size, static_cast<std::int64_t>(kBody));
             EXPECT_EQ(revisions.back().size, 14);
         }},
        {"ids", [&](Store& cold) { run(cold.list_owned_ids("id of ann", kEver, 100, deadline())); }},
        {"views", [&](Store& cold) { EXPECT_EQ(run(cold.apply_views("b", views, deadline())).size(), views.size()); }},
        {"a purge", [&](Store& cold) { EXPECT_EQ(run(cold.purge(100, deadline())).snippets, 0); }},
        {"a lost race", [&](Store& cold) { EXPECT_FALSE(run(cold.delete_snippet("s0", 7, deadline()))); }},
        {"an account that stays",
         [&](Store& cold) { EXPECT_FALSE(run(cold.delete_account("id of ann", deadline()))); }},
        {"one text", [&](Store& cold) { EXPECT_TRUE(run(cold.find_revision("edited", 20, deadline()))); }},
    };
    for (const auto& [name, use] : uses) EXPECT_LT(read.by(use), kReadMax) << name;
    const auto load_ten = [&](Store& cold) {
        for (int i = 0; i < 10; ++i) run(cold.load_snippet("s" + std::to_string(i), deadline()));
    };
    EXPECT_GT(read.by(load_ten), static_cast<std::int64_t>(10 * kBody)) << "what is read is counted";
}

// --- idempotency

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

TEST_P(StoreContract, ARecordOfTheEarlierReleaseIsOfTheSameRequest) {
    create(snippet("a"), {"key", "of the bytes", "response"});
    IdempotencyRecord record{"key", "of what is asked", "another"};
    EXPECT_EQ(create(snippet("b"), record).outcome, Outcome::key_reused);
    record.fingerprint_of_bytes = "of the bytes";
    EXPECT_EQ(create(snippet("b"), record).outcome, Outcome::replayed);
    EXPECT_EQ(run(store->find_replay(record, deadline()))->response, "response");
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

// --- views

TEST_P(StoreContract, ViewsAddUpAndTotalsComeBack) {
    create(snippet("a"));
    create(snippet("b"));
    EXPECT_EQ(apply("1", {{"a", 3}, {"b", 1}}), (model::NumbersById{{"a", 3}, {"b", 1}}));
    EXPECT_EQ(apply("2", {{"a", 2}}), (model::NumbersById{{"a", 5}}));
    EXPECT_EQ(load("a").snippet->view_count, 5);
    EXPECT_EQ(load("b").snippet->view_count, 1);
    EXPECT_EQ(apply("3", {}), model::NumbersById{});
}

TEST_P(StoreContract, ABatchThatIsGivenAgainCountsOnce) {
    create(snippet("a"));
    apply("1", {{"a", 3}});
    EXPECT_EQ(apply("1", {{"a", 3}}), (model::NumbersById{{"a", 3}})) << "the total as it is";
    EXPECT_EQ(load("a").snippet->view_count, 3);
    const auto results = at_once(20, [&](int) {
        return store->apply_views("2", model::NumbersById{{"a", 10}}, deadline());
    });
    // Who waits for another one's commit may still see the total of before.
    const auto before = std::count(results.begin(), results.end(), model::NumbersById{{"a", 3}});
    const auto after = std::count(results.begin(), results.end(), model::NumbersById{{"a", 13}});
    EXPECT_GE(after, 1);
    EXPECT_EQ(before + after, 20);
    EXPECT_EQ(load("a").snippet->view_count, 13);
}

TEST_P(StoreContract, ABatchWithAFlushThatHasBeenAppliedIsNotCounted) {
    create(snippet("a"));
    const auto applied = [this](const std::string& batch, ViewFlushes flushes) {
        run(store->apply_views(batch, model::NumbersById{{"a", 1}}, std::move(flushes), deadline()));
        return load("a").snippet->view_count;
    };
    EXPECT_EQ(run(store->last_flush_applied("p.0", deadline())), 0);
    EXPECT_EQ(applied("1", {{"p.0", 1, 3}}), 1);
    EXPECT_EQ(run(store->last_flush_applied("p.0", deadline())), 3);
    EXPECT_EQ(applied("1", {{"p.0", 4, 5}}), 1) << "the ledger knows the batch";
    EXPECT_EQ(run(store->last_flush_applied("p.0", deadline())), 3) << "so this has not been applied";
    EXPECT_EQ(applied("2", {{"p.0", 4, 9}, {"q.0", 1, 1}}), 2);
    EXPECT_EQ(applied("3", {{"p.0", 9, 12}}), 2) << "it has flush 9 in it once more";
    EXPECT_EQ(applied("4", {{"q.0", 2, 2}, {"p.0", 2, 3}}), 2) << "one such flusher is enough";
    EXPECT_EQ(applied("4", {{"q.0", 3, 3}}), 2) << "and it is not counted another time either";
    EXPECT_EQ(applied("5", {{"p.0", 13, 13}, {"p.1", 1, 1}}), 3) << "another shard's numbers are its own";
    EXPECT_EQ(run(store->last_flush_applied("p.0", deadline())), 13);
}

TEST_P(StoreContract, OfTwoBatchesWithOneFlushAtTheSameTimeOneIsCounted) {
    create(snippet("a"));
    at_once(20, [&](int i) {
        const ViewFlushes flushes{{"p.0", 7, 7 + i}, {"q.0", 1, 1}};
        return store->apply_views("batch " + std::to_string(i), model::NumbersById{{"a", 1}}, flushes, deadline());
    });
    EXPECT_EQ(load("a").snippet->view_count, 1);
}

TEST_P(StoreContract, ViewsOfWhatIsGoneAreNobodys) {
    create(snippet("a"));
    create(snippet("deleted"));
    run(store->delete_snippet("deleted", std::nullopt, deadline()));
    EXPECT_EQ(apply("1", {{"unknown", 7}, {"a", 1}, {"deleted", 7}}), (model::NumbersById{{"a", 1}}));
    EXPECT_EQ(backend->number("select count(*) from snippet_views"), 1);
    EXPECT_EQ(apply("1", {{"a", 1}}), (model::NumbersById{{"a", 1}})) << "the batch is in the ledger all the same";
    EXPECT_EQ(apply("2", {{"unknown", 1}}), model::NumbersById{});
}

TEST_P(StoreContract, ABatchIsOneStatementHoweverLarge) {
    backend->execute(
        "with recursive n(i) as (select 1 union all select i + 1 from n where i < 5000) "
        "insert into snippets (id, title, " +
        body_column() +
        ", language, visibility, tags, version, created_at, updated_at, "
        "burn_after_reading, edit_token_hash, forked_from) "
        "select 'id' || cast(i as text), '', '0', 'text', 'public', '[]', 1, 1, 1, 0, '', '' from n");
    model::NumbersById counts;
    for (int i = 1; i <= 5000; ++i) counts.emplace_back("id" + std::to_string(i), i);
    const auto before = backend->statements("apply_views");
    EXPECT_EQ(apply("1", counts).size(), 5000u);
    EXPECT_EQ(backend->statements("apply_views"), before + 1);
    EXPECT_EQ(backend->number("select sum(count) from snippet_views"), 5000 * 5001 / 2);
    EXPECT_EQ(backend->number("select sum(count) from snippet_view_hours"), 5000 * 5001 / 2);
}

TEST_P(StoreContract, BatchesThatOverlapInAnyOrderDoNotDeadlock) {
    constexpr int kIds = 150, kBatches = 40;
    model::NumbersById counts;
    for (int i = 0; i < kIds; ++i) {
        create(snippet("id" + std::to_string(i)));
        counts.emplace_back("id" + std::to_string(i), 1);
    }
    const auto results = at_once(kBatches, [&](int i) {
        model::NumbersById shuffled = counts;
        std::mt19937 random{static_cast<unsigned>(i)};
        std::shuffle(shuffled.begin(), shuffled.end(), random);
        return store->apply_views("batch " + std::to_string(i), shuffled, deadline());
    });
    for (const model::NumbersById& totals : results) EXPECT_EQ(totals.size(), std::size_t{kIds});
    EXPECT_EQ(backend->number("select min(count) from snippet_views"), kBatches);
    EXPECT_EQ(backend->number("select max(count) from snippet_views"), kBatches);
    EXPECT_EQ(backend->number("select sum(count) from snippet_view_hours"), kIds * kBatches);
}

TEST_P(StoreContract, ABatchCountsForTheHourInWhichItIsApplied) {
    create(snippet("a"));
    create(snippet("b"));
    const std::int64_t before = model::hour_of(base::unix_now_ms());
    apply("1", {{"a", 3}, {"b", 1}, {"unknown", 7}});
    apply("2", {{"a", 2}});
    const std::int64_t after = model::hour_of(base::unix_now_ms());
    for (const model::ViewHour& hour : view_hours("a")) {
        EXPECT_GE(hour.hour, before);
        EXPECT_LE(hour.hour, after);
    }
    EXPECT_EQ(viewed("a"), 5);
    EXPECT_EQ(viewed("b"), 1);
    EXPECT_TRUE(view_hours("unknown").empty());
    EXPECT_EQ(backend->number("select count(distinct snippet_id) from snippet_view_hours"), 2);
}

TEST_P(StoreContract, ABatchThatIsGivenAgainCountsOnceForItsHour) {
    create(snippet("a"));
    apply("1", {{"a", 3}});
    apply("1", {{"a", 3}});
    at_once(20, [&](int) { return store->apply_views("2", model::NumbersById{{"a", 10}}, deadline()); });
    EXPECT_EQ(viewed("a"), 13);
}

TEST_P(StoreContract, TheHoursOfABatchAreOneMoreStatementOnSqliteAndNoneOnPostgres) {
    create(snippet("a"));
    apply("1", {{"a", 3}});
    apply("1", {{"a", 3}});
    EXPECT_EQ(backend->statements("apply_view_hours"), GetParam() == "SQLite"s ? 1u : 0u);
    EXPECT_EQ(viewed("a"), 3);
}

TEST_P(StoreContract, HoursAreListedOldestFirstFromTheOneThatWasAskedFor) {
    create(snippet("a"));
    create(snippet("b"));
    backend->execute(
        "insert into snippet_view_hours (snippet_id, hour, count) "
        "values ('a', 1002, 3), ('a', 1000, 1), ('b', 1001, 9), ('a', 1001, 2)");
    const auto hours = [this](UnixMillis since) {
        std::vector<std::pair<std::int64_t, std::int64_t>> pairs;
        for (const model::ViewHour& hour : view_hours("a", since)) pairs.emplace_back(hour.hour, hour.count);
        return pairs;
    };
    using Pairs = std::vector<std::pair<std::int64_t, std::int64_t>>;
    constexpr UnixMillis kHour = 60 * kMinute;
    EXPECT_EQ(hours(0), (Pairs{{1000, 1}, {1001, 2}, {1002, 3}}));
    EXPECT_EQ(hours(1001 * kHour), (Pairs{{1001, 2}, {1002, 3}}));
    EXPECT_EQ(hours(1002 * kHour - 1), (Pairs{{1001, 2}, {1002, 3}}));
    EXPECT_EQ(hours(1003 * kHour), Pairs{});
}

TEST_P(StoreContract, HoursGoWithTheirSnippet) {
    for (const char* id : {"deleted", "burned", "expired", "edited"}) {
        Snippet made = snippet(id);
        made.burn_after_reading = id == "burned"s;
        if (id == "expired"s) made.expires_at = kLongAgo;
        create(made);
    }
    apply("1", {{"deleted", 1}, {"burned", 1}, {"expired", 1}, {"edited", 1}});
    run(store->delete_snippet("deleted", std::nullopt, deadline()));
    run(store->burn_snippet("burned", deadline()));
    purge();
    update(snippet("edited"));
    EXPECT_EQ(backend->number("select count(distinct snippet_id) from snippet_view_hours"), 1);
    EXPECT_EQ(viewed("edited"), 1);
}

TEST_P(StoreContract, APurgeForgetsHoursOlderThan400DaysInBatches) {
    create(snippet("a"));
    const std::int64_t oldest_kept = model::hour_of(base::unix_now_ms()) - 400 * 24;
    // A little away from the bound, so that the end of an hour in the middle of the test does not matter.
    for (const std::int64_t age : {-3, -2, -1, 2}) {
        backend->execute("insert into snippet_view_hours (snippet_id, hour, count) values ('a', " +
                         std::to_string(oldest_kept + age) + ", 1)");
    }
    const Purged first = purge(2);
    EXPECT_EQ(first.others, 2);
    EXPECT_TRUE(first.more);
    const Purged second = purge(2);
    EXPECT_EQ(second.others, 1);
    EXPECT_FALSE(second.more);
    EXPECT_EQ(viewed("a"), 1);
}

TEST_P(StoreContract, ViewsEditsAndDeletionsGoOnSideBySide) {
    constexpr int kIds = 30;
    model::NumbersById counts;
    for (int i = 0; i < kIds; ++i) {
        create(snippet("id" + std::to_string(i)));
        counts.emplace_back("id" + std::to_string(i), 1);
    }
    std::vector<std::future<model::NumbersById>> batches;
    std::vector<std::future<bool>> writes;
    for (int i = 0; i < kIds; ++i) {
        batches.push_back(loop.start(store->apply_views("batch " + std::to_string(i), counts, deadline())));
        const std::string id = "id" + std::to_string(i);
        writes.push_back(loop.start(i % 3 ? store->update_snippet(snippet(id), deadline())
                                          : store->delete_snippet(id, std::nullopt, deadline())));
    }
    for (auto& write : writes) EXPECT_TRUE(Loop::get(std::move(write)));
    for (auto& batch : batches) EXPECT_GE(Loop::get(std::move(batch)).size(), 20u);
    for (int i = 0; i < kIds; ++i) {
        const Loaded loaded = load("id" + std::to_string(i));
        ASSERT_EQ(loaded.state, i % 3 ? State::found : State::missing);
        if (i % 3) {
            EXPECT_EQ(loaded.snippet->view_count, kIds);
            EXPECT_EQ(loaded.snippet->version, 2);
        }
    }
}

// --- the outbox

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

// --- deletion of accounts

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

// --- purge

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

// --- durability and migrations

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

TEST(SqliteStore, WhatWasAcknowledgedIsInTheFilesThatACrashLeaves) {
    const test::TemporaryFolder folder, crashed;
    Loop loop;  // outlives the store, whose threads answer to it
    test::SqliteBackend backend{folder.file("snippets.db")};
    backend.migrate();
    const auto store = backend.open();
    for (int i = 0; i < 20; ++i) {
        Snippet snippet;
        snippet.id = std::to_string(i);
        snippet.body = "body";
        loop.run(store->create_snippet(snippet, std::nullopt, base::deadline_in(test::kPatience)));
    }
    // The memory of the process is lost (the -shm file is that), the files are not, and nothing has been closed.
    for (const char* file : {"snippets.db", "snippets.db-wal"}) {
        std::filesystem::copy_file(folder.path() / file, crashed.path() / file);
    }
    test::SqliteBackend again{crashed.file("snippets.db")};
    EXPECT_EQ(again.number("select count(*) from snippets"), 20);
}

/// A database without the schema.
class MigrationContract : public testing::TestWithParam<const char*> {
  protected:
    MigrationContract() {
        if (GetParam() == "SQLite"s) {
            backend = std::make_unique<test::SqliteBackend>(folder.file("snippets.db"));
        } else {
            backend = std::make_unique<test::PostgresBackend>(test::SharedPostgres::cluster().create_database());
        }
    }
    test::TemporaryFolder folder;
    std::unique_ptr<test::Backend> backend;
};
INSTANTIATE_TEST_SUITE_P(, MigrationContract, testing::Values("SQLite", "PostgreSQL"),
                         [](const auto& test) { return std::string{test.param}; });

TEST_P(MigrationContract, OfManyInstancesThatStartAtOnceOneMigrates) {
    const int all = static_cast<int>(migrations(backend->dialect()).size());
    ASSERT_GE(all, 1);
    std::vector<std::future<int>> futures;
    for (int i = 0; i < 6; ++i)
        futures.push_back(std::async(std::launch::async, [this] { return backend->migrate(); }));
    std::vector<int> applied;
    for (auto& future : futures) applied.push_back(future.get());
    EXPECT_EQ(std::count(applied.begin(), applied.end(), all), 1);
    EXPECT_EQ(std::count(applied.begin(), applied.end(), 0), 5);
    EXPECT_EQ(backend->number("select count(*) from schema_migrations"), all);
    EXPECT_EQ(backend->number("select count(*) from snippets"), 0);
}

TEST_P(MigrationContract, WhatWasThereBeforeTextsMovedIsThereAndIsFound) {
    const Migrations all = migrations(backend->dialect());
    backend->execute(
        "create table schema_migrations (version integer primary key, name text not null, applied_at bigint not null)");
    for (std::size_t i = 0; i < 4; ++i) {
        backend->execute(std::string{all[i].second});
        backend->execute("insert into schema_migrations (version, name, applied_at) values (" + std::to_string(i + 1) +
                         ", '" + std::string{all[i].first} + "', 1)");
    }
    backend->execute(
        "insert into accounts (id, username, password_hash, created_at) values ('id of ann', 'ann', 'hash', 1)");
    for (const char* values : {"('a', 'id of ann', 'Größe', 'ПРИВЕТ 2'", "('b', 'id of ann', '', 'zwei €'"}) {
        backend->execute(
            "insert into snippets (id, owner_id, title, body, language, visibility, tags, version, created_at, "
            "updated_at, burn_after_reading, edit_token_hash, forked_from) values " +
            std::string{values} + ", 'text', 'public', '[]', 2, 5, 6, 0, '', '')");
    }
    backend->execute(
        "insert into revisions (snippet_id, version, title, body, language, visibility, created_at) "
        "values ('a', 1, 'old', 'früher', 'text', 'public', 5)");
    backend->execute("insert into snippet_views (snippet_id, count) values ('a', 7)");
    EXPECT_EQ(backend->migrate(), static_cast<int>(all.size()) - 4);

    Loop loop;
    const auto store = backend->open();
    const auto deadline = [] { return base::deadline_in(test::kPatience); };
    const Loaded loaded = loop.run(store->load_snippet("a", deadline()));
    ASSERT_TRUE(loaded.snippet);
    EXPECT_EQ(loaded.snippet->title, "Größe");
    EXPECT_EQ(loaded.snippet->body, "ПРИВЕТ 2");
    EXPECT_EQ(loaded.snippet->view_count, 7);
    const auto revisions = loop.run(store->list_revisions("a", deadline()));
    ASSERT_EQ(revisions.size(), 1u);
    EXPECT_EQ(revisions.front().size, 7) << "bytes";
    EXPECT_EQ(loop.run(store->find_revision("a", 1, deadline())).value().body, "früher");
    const auto found = [&](const std::string& text) {
        ListQuery query;
        query.text = text;
        const auto snippets = loop.run(store->list_owned("id of ann", query, deadline()));
        return snippets.size() == 1 ? snippets.front().id : std::to_string(snippets.size());
    };
    EXPECT_EQ(found("GRÖSSE"), "a");
    EXPECT_EQ(found("привет"), "a");
    EXPECT_EQ(found("ZWEI"), "b");
    Snippet next = *loaded.snippet;
    next.body = "three";
    EXPECT_TRUE(loop.run(store->update_snippet(next, deadline())));
    EXPECT_EQ(loop.run(store->find_revision("a", 2, deadline())).value().body, "ПРИВЕТ 2");
    EXPECT_EQ(loop.run(store->load_snippet("a", deadline())).snippet->body, "three");
    EXPECT_TRUE(loop.run(store->delete_snippet("a", std::nullopt, deadline())));
    const bool apart = backend->dialect() == DialectName::sqlite;
    EXPECT_EQ(backend->number(apart ? "select count(*) from bodies" : "select count(*) from snippets"), 1);
}

TEST_P(MigrationContract, ADatabaseOfANewerReleaseIsLeftAlone) {
    backend->migrate();
    backend->execute("insert into schema_migrations (version, name, applied_at) values (9999, 'newer', 1)");
    EXPECT_THROW(backend->migrate(), std::runtime_error);
    EXPECT_EQ(backend->number("select max(version) from schema_migrations"), 9999);
    backend->execute("delete from schema_migrations where version = 9999");
    EXPECT_EQ(backend->migrate(), 0) << "the lock was let go";
}

TEST_P(MigrationContract, AMigrationThatFailsLeavesNothingOfItself) {
    // In the way of one of the tables that the first migration makes, though not of the first of them.
    backend->execute("create table idempotency_records (id text)");
    EXPECT_ANY_THROW(backend->migrate());
    EXPECT_ANY_THROW(backend->number("select count(*) from accounts"));
    backend->execute("drop table idempotency_records");
    EXPECT_EQ(backend->migrate(), static_cast<int>(migrations(backend->dialect()).size()));
}

}  // namespace
}  // namespace snippetd::store
