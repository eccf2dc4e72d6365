#include "auth/identities.hpp"

#include "base/error.hpp"
#include "base/timer.hpp"
#include "support/run.hpp"

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <boost/asio/co_spawn.hpp>
#include <gtest/gtest.h>

namespace snippetd::auth {
namespace {

namespace asio = boost::asio;
using Found = std::optional<model::Bearer>;

/// What the store has, and what it was asked for.
struct FakeStore {
    static constexpr base::Milliseconds kLook{1};

    base::Awaitable<Found> find(SecretKind kind, std::string hash) {
        asked.push_back(hash);
        const auto at = accounts.find({kind, hash});
        const Found found = at == accounts.end() ? Found{} : at->second;
        if (broken) throw base::Unavailable{"the store is away"};
        // What it has found is on its way.
        const base::Executor executor = co_await asio::this_coro::executor;
        base::Timer timer{executor};
        while (slow) co_await base::pause(timer, kLook);
        co_return found;
    }

    std::map<std::pair<SecretKind, std::string>, model::Bearer> accounts;
    std::vector<std::string> asked;
    bool broken = false;
    bool slow = false;
};

/// Two workers, on one thread.
class IdentitiesTest : public testing::Test {
  protected:
    IdentitiesTest() {
        give("s1", "ada");
        give("s2", "ada");
        give("s3", "bob");
    }
    void give(const std::string& secret, const std::string& account, SecretKind kind = SecretKind::session) {
        store.accounts[{kind, hash_secret(kind, secret)}] = {{"id-" + account, account, 0}, {}};
    }
    /// The store has removed it; who believes in it is to be told yet.
    std::string take_away(const std::string& secret) {
        std::string hash = hash_secret(SecretKind::session, secret);
        store.accounts.erase({SecretKind::session, hash});
        return hash;
    }

    void run_until(const std::function<bool()>& condition) {
        const auto end = std::chrono::steady_clock::now() + test::kPatience;
        while (!condition()) {
            ASSERT_LT(std::chrono::steady_clock::now(), end);
            for (asio::io_context* loop : {&context, &other_context}) {
                loop->restart();
                loop->run_one_for(std::chrono::milliseconds{1});
            }
        }
    }
    /// Begins to look for the owner of a secret; the answer is there once `ended` is.
    struct Search {
        bool ended = false;
        std::exception_ptr error;
        Found found;
    };
    std::shared_ptr<Search> begin(Identities& worker, const std::string& secret,
                                  SecretKind kind = SecretKind::session) {
        auto search = std::make_shared<Search>();
        secrets.insert(secret);  // a request's, which lives as long as it
        asio::co_spawn(context, worker.find(kind, *secrets.find(secret), base::deadline_in(test::kPatience)),
                       [search](std::exception_ptr error, Found found) {
                           *search = {true, error, std::move(found)};
                       });
        return search;
    }
    std::string owner(Identities& worker, const std::string& secret, SecretKind kind = SecretKind::session) {
        const std::shared_ptr<Search> search = begin(worker, secret, kind);
        run_until([&] { return search->ended; });
        if (search->error) std::rethrow_exception(search->error);
        return search->found ? search->found->username : "nobody";
    }
    void run(base::Awaitable<void> coroutine) {
        bool ended = false;
        asio::co_spawn(context, std::move(coroutine), [&](std::exception_ptr) { ended = true; });
        run_until([&] { return ended; });
    }
    /// Looks it up again, so that it is believed from now on; its time is not over before a second.
    void believe(Identities& worker, const std::string& secret) {
        run(worker.forget(hash_secret(SecretKind::session, secret)));
        owner(worker, secret);
        store.asked.clear();
    }

    asio::io_context context{1}, other_context{1};
    FakeStore store;
    std::set<std::string> secrets;
    Identities::Lookup lookup = [this](SecretKind kind, std::string hash, base::Deadline) {
        return store.find(kind, std::move(hash));
    };
    const base::PerWorker<Identities> all{base::Workers{{context.get_executor(), other_context.get_executor()}},
                                          [this](const base::Executor&, const base::PerWorker<Identities>& every) {
                                              return std::make_unique<Identities>(lookup, every);
                                          }};
    Identities& first = all.of(context.get_executor());
    Identities& second = all.of(other_context.get_executor());
};

TEST_F(IdentitiesTest, AsksTheStoreForAHashAndNeverForTheSecret) {
    EXPECT_EQ(owner(first, "s1"), "ada");
    EXPECT_EQ(store.asked, std::vector<std::string>{hash_secret(SecretKind::session, "s1")});
    EXPECT_EQ(owner(first, "unknown"), "nobody");
}

TEST_F(IdentitiesTest, WhatWasSaidIsBelievedForASecond) {
    const base::SteadyTime begin = base::steady_now();
    EXPECT_EQ(owner(first, "s1"), "ada");
    EXPECT_EQ(owner(first, "s1"), "ada");
    const std::size_t asked = store.asked.size();
    // A machine may stop for a second between any two lines.
    if (base::steady_now() < begin + Identities::kBelievedFor) {
        EXPECT_EQ(asked, 1u);
    }
    EXPECT_EQ(owner(second, "s1"), "ada");
    EXPECT_EQ(store.asked.size(), asked + 1) << "each worker believes for itself";
    take_away("s1");  // elsewhere, so that nobody here is told
    const base::SteadyTime end = base::steady_now() + Identities::kBelievedFor;
    run_until([&] { return base::steady_now() > end; });
    EXPECT_EQ(owner(first, "s1"), "nobody") << "and no longer";
}

TEST_F(IdentitiesTest, NobodyIsNotBelieved) {
    EXPECT_EQ(owner(first, "new"), "nobody");
    give("new", "eve");
    EXPECT_EQ(owner(first, "new"), "eve") << "who has just logged in is known";
}

TEST_F(IdentitiesTest, ASecretOpensByItsKindAlone) {
    give("both", "ada", SecretKind::token);
    EXPECT_EQ(owner(first, "both", SecretKind::token), "ada");
    for (const SecretKind kind : {SecretKind::session, SecretKind::host_session, SecretKind::edit}) {
        EXPECT_EQ(owner(first, "both", kind), "nobody") << static_cast<int>(kind);
    }
}

TEST_F(IdentitiesTest, ARevocationIsKnownToAllWorkersAtOnce) {
    believe(first, "s1");
    believe(second, "s1");
    believe(second, "s3");
    run(first.forget(take_away("s1")));
    EXPECT_EQ(owner(first, "s1"), "nobody");
    EXPECT_EQ(owner(second, "s1"), "nobody");
    EXPECT_EQ(owner(second, "s3"), "bob");
}

TEST_F(IdentitiesTest, AllSecretsOfAnAccountAreForgottenTogether) {
    believe(first, "s1");
    believe(second, "s2");
    take_away("s1");
    run(second.forget_account("id-ada"));
    store.asked.clear();
    EXPECT_EQ(owner(first, "s1"), "nobody");
    EXPECT_EQ(owner(second, "s2"), "ada") << "one that is left";
    EXPECT_EQ(store.asked.size(), 2u) << "is looked up again";
}

TEST_F(IdentitiesTest, AnAnswerThatWasUnderWayWhileSomethingWasRevokedIsNotKept) {
    using Revoke = std::function<base::Awaitable<void>()>;
    const Revoke revocations[] = {[&] { return second.forget(take_away("s1")); },
                                  [&] {
                                      take_away("s1");
                                      return second.forget_account("id-ada");
                                  }};
    for (const Revoke& revoke : revocations) {
        give("s1", "ada");
        store.slow = true;
        const std::shared_ptr<Search> search = begin(first, "s1");
        run_until([&] { return !store.asked.empty(); });
        run(revoke());
        store.slow = false;
        run_until([&] { return search->ended; });
        EXPECT_TRUE(search->found) << "it was asked before";
        EXPECT_EQ(owner(first, "s1"), "nobody");
        store.asked.clear();
    }
}

TEST_F(IdentitiesTest, ManyWhoAskAtTheSameTimeAreOneLookUp) {
    store.slow = true;
    std::vector<std::shared_ptr<Search>> searches;
    for (int i = 0; i < 5; ++i) searches.push_back(begin(first, "s1"));
    searches.push_back(begin(first, "s3"));
    run_until([&] { return store.asked.size() == 2; });
    store.slow = false;
    for (const std::shared_ptr<Search>& search : searches) {
        run_until([&] { return search->ended; });
        ASSERT_TRUE(search->found);
    }
    EXPECT_EQ(searches[4]->found->username, "ada");
    EXPECT_EQ(searches[5]->found->username, "bob");
    EXPECT_EQ(store.asked.size(), 2u);
}

TEST_F(IdentitiesTest, WhoAsksAfterARevocationDoesNotWaitForWhatBeganBefore) {
    store.slow = true;
    const std::shared_ptr<Search> before = begin(first, "s1");
    run_until([&] { return store.asked.size() == 1; });
    run(second.forget(take_away("s1")));
    const std::shared_ptr<Search> after = begin(first, "s1");
    run_until([&] { return store.asked.size() == 2; });
    store.slow = false;
    run_until([&] { return before->ended && after->ended; });
    EXPECT_TRUE(before->found);
    EXPECT_FALSE(after->found);
}

TEST_F(IdentitiesTest, ABrokenStoreIsToldAndNotKept) {
    store.broken = true;
    EXPECT_THROW(owner(first, "s1"), base::Unavailable);
    store.broken = false;
    EXPECT_EQ(owner(first, "s1"), "ada");
}

TEST(HashSecret, DiffersByKind) {
    std::set<std::string> hashes;
    for (const SecretKind kind : {SecretKind::session, SecretKind::host_session, SecretKind::token, SecretKind::edit}) {
        hashes.insert(hash_secret(kind, "the same"));
        EXPECT_EQ(hash_secret(kind, "the same"), hash_secret(kind, "the same"));
        EXPECT_NE(hash_secret(kind, "the same"), hash_secret(kind, "another"));
    }
    EXPECT_EQ(hashes.size(), 4u);
    for (const std::string& hash : hashes) EXPECT_EQ(hash.size(), 64u);
}

}  // namespace
}  // namespace snippetd::auth
