#include "contract/store_contract.hpp"

#include <future>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

/// Creates that arrive at the same time, which may share a statement and a commit: each is answered as if it had been
/// alone, whatever the others say.
namespace snippetd::store {
namespace {

struct Asked {
    Snippet snippet;
    std::optional<IdempotencyRecord> record{};
};

class GatheredCreates : public StoreContract {
  protected:
    /// The outcome of each; nothing for one that was refused.
    std::vector<std::optional<Outcome>> create_at_once(const std::vector<Asked>& all) {
        std::vector<std::future<CreateResult>> started;
        for (const Asked& one : all) {
            started.push_back(loop.start(store->create_snippet(one.snippet, one.record, deadline())));
        }
        std::vector<std::optional<Outcome>> outcomes;
        for (std::future<CreateResult>& future : started) {
            try {
                outcomes.push_back(Loop::get(std::move(future)).outcome);
            } catch (const base::Unavailable&) {
                outcomes.emplace_back(std::nullopt);
            }
        }
        return outcomes;
    }
    static std::string name(std::size_t i) { return "id" + std::to_string(i); }
    static IdempotencyRecord record(const std::string& key) { return {key, "fingerprint", "response to " + key}; }
};

constexpr std::size_t kAtOnce = 24;

TEST_P(GatheredCreates, AreAllThereAsTheyWere) {
    create_account("ann");
    std::vector<Asked> all;
    for (std::size_t i = 0; i < 10 * kOddTexts.size(); ++i) {
        const std::string& odd = kOddTexts[i % kOddTexts.size()];
        Snippet made = i % 3 == 0 ? snippet(name(i)) : owned(name(i), "ann");
        made.title = odd;
        made.body = odd + std::string(i % 7 == 0 ? 100'000 : i, 'x') + odd;
        made.tags = {odd, "tag"};
        made.visibility = i % 2 == 0 ? Visibility::public_ : Visibility::unlisted;
        made.burn_after_reading = i % 5 == 0;
        made.language_chosen = i % 2 == 0;
        if (i % 3 == 0) made.edit_token_hash = odd;
        if (i % 4 == 0) made.expires_at = base::unix_now_ms() + kDay + static_cast<UnixMillis>(i);
        all.push_back({made, i % 2 == 0 ? std::optional{record(odd + name(i))} : std::nullopt});
    }
    for (const auto& outcome : create_at_once(all)) EXPECT_EQ(outcome, Outcome::created);
    if (backend->dialect() == DialectName::postgres) {
        EXPECT_GT(backend->statements("create_snippets"), 0u);
        EXPECT_LT(backend->statements("create_snippets") + backend->statements("create_snippet"), all.size() / 2);
    }
    for (const Asked& one : all) {
        const Loaded loaded = load(one.snippet.id);
        ASSERT_TRUE(loaded.snippet) << one.snippet.id;
        expect_same(*loaded.snippet, one.snippet);
        EXPECT_EQ(loaded.snippet->language_chosen, one.snippet.language_chosen);
        if (one.record) {
            EXPECT_EQ(create(snippet("other"), *one.record).outcome, Outcome::replayed);
        }
    }
}

TEST_P(GatheredCreates, OneWhoseOwnerIsGoneIsToldAloneWhereverItIs) {
    create_account("ann");
    for (const bool recorded : {false, true}) {
        for (std::size_t at = 0; at < kAtOnce; at += 5) {
            std::vector<Asked> all;
            for (std::size_t i = 0; i < kAtOnce; ++i) {
                const std::string id = name(i) + " of " + std::to_string(at) + (recorded ? " recorded" : "");
                Asked one{owned(id, i == at ? "nobody" : "ann")};
                if (recorded) one.record = record(id);
                if (recorded) one.record->account_id = one.snippet.owner_id;
                all.push_back(std::move(one));
            }
            const auto outcomes = create_at_once(all);
            for (std::size_t i = 0; i < kAtOnce; ++i) {
                EXPECT_EQ(outcomes[i], i == at ? Outcome::owner_gone : Outcome::created) << i << " of " << at;
                EXPECT_EQ(load(all[i].snippet.id).state, i == at ? State::missing : State::found);
            }
        }
    }
    EXPECT_EQ(backend->number("select count(*) from idempotency_records where account_id = 'id of nobody'"), 0);
}

TEST_P(GatheredCreates, OneThatTheDatabaseRefusesFailsAloneWhereverItIs) {
    ASSERT_EQ(create(snippet("taken")), Outcome::created);
    for (std::size_t at = 0; at < kAtOnce; at += 5) {
        std::vector<Asked> all;
        for (std::size_t i = 0; i < kAtOnce; ++i) {
            const std::string id = name(i) + " of " + std::to_string(at);
            all.push_back({snippet(i == at ? "taken" : id), record(id)});
        }
        const auto outcomes = create_at_once(all);
        for (std::size_t i = 0; i < kAtOnce; ++i) {
            EXPECT_EQ(outcomes[i], i == at ? std::nullopt : std::optional{Outcome::created}) << i << " of " << at;
        }
        EXPECT_FALSE(run(store->find_replay(*all[at].record, deadline()))) << "no record without its snippet";
    }
}

TEST_P(GatheredCreates, OfAKeyThatIsThereTwiceOneIsMade) {
    std::vector<Asked> all;
    for (std::size_t i = 0; i < 60; ++i) all.push_back({snippet(name(i)), record("key " + std::to_string(i % 20))});
    all[40].record->fingerprint = "another";
    const auto outcomes = create_at_once(all);
    std::map<std::string, int> made;
    for (std::size_t i = 0; i < all.size(); ++i) {
        ASSERT_TRUE(outcomes[i]) << i;
        if (*outcomes[i] == Outcome::created) ++made[all[i].record->id];
        EXPECT_NE(*outcomes[i], Outcome::owner_gone);
        EXPECT_EQ(load(name(i)).state, *outcomes[i] == Outcome::created ? State::found : State::missing) << i;
    }
    EXPECT_EQ(made.size(), 20u);
    for (const auto& [key, count] : made) EXPECT_EQ(count, 1) << key;
}

TEST_P(GatheredCreates, WhatIsThereIsReplayedBesideWhatIsNew) {
    for (std::size_t i = 0; i < kAtOnce; i += 3) create(snippet("first " + name(i)), record(name(i)));
    std::vector<Asked> all;
    for (std::size_t i = 0; i < kAtOnce; ++i) all.push_back({snippet(name(i)), record(name(i))});
    all[3].record->fingerprint = "another";
    const auto outcomes = create_at_once(all);
    for (std::size_t i = 0; i < kAtOnce; ++i) {
        const Outcome there = i == 3 ? Outcome::key_reused : Outcome::replayed;
        EXPECT_EQ(outcomes[i], i % 3 == 0 ? there : Outcome::created) << i;
    }
}

TEST_P(GatheredCreates, TwoInstancesWithTheSameKeysDoNotHoldEachOtherUp) {
    if (backend->dialect() == DialectName::sqlite) GTEST_SKIP() << "a file has one instance";
    const std::unique_ptr<Store> other = backend->open();
    for (int round = 0; round < 10; ++round) {
        std::vector<std::future<CreateResult>> started;
        std::vector<std::string> keys;
        for (std::size_t i = 0; i < kAtOnce; ++i) keys.push_back("key " + std::to_string(round) + " " + name(i));
        for (std::size_t i = 0; i < kAtOnce; ++i) {
            const std::string up = name(i) + " up " + keys[i], down = name(i) + " down " + keys[i];
            started.push_back(loop.start(store->create_snippet(snippet(up), record(keys[i]), deadline())));
            started.push_back(
                loop.start(other->create_snippet(snippet(down), record(keys[kAtOnce - 1 - i]), deadline())));
        }
        std::size_t created = 0;
        for (auto& future : started) {
            const Outcome outcome = Loop::get(std::move(future)).outcome;
            created += outcome == Outcome::created ? 1 : 0;
            EXPECT_TRUE(outcome != Outcome::owner_gone && outcome != Outcome::key_reused);
        }
        EXPECT_EQ(created, kAtOnce);
    }
    EXPECT_EQ(backend->number("select deadlocks from pg_stat_database where datname = current_database()"), 0);
}

TEST_P(GatheredCreates, AKeyThatSomebodyHoldsHoldsUpNobodyElse) {
    if (backend->dialect() == DialectName::sqlite) GTEST_SKIP() << "it has one writer";
    const auto holder = backend->connect();
    holder->execute_script(
        "begin; insert into idempotency_records (id, fingerprint, response, created_at) "
        "values ('held', 'fingerprint', 'r', 0)");
    std::vector<Asked> all;
    for (std::size_t i = 0; i < kAtOnce; ++i) all.push_back({snippet(name(i)), record(i == 7 ? "held" : name(i))});
    const auto outcomes = create_at_once(all);
    for (std::size_t i = 0; i < kAtOnce; ++i) {
        EXPECT_EQ(outcomes[i], i == 7 ? Outcome::in_progress : Outcome::created) << i;
    }
}

INSTANTIATE_TEST_SUITE_P(, GatheredCreates, testing::Values("SQLite", "PostgreSQL"),
                         [](const auto& backend) { return std::string{backend.param}; });

}  // namespace
}  // namespace snippetd::store
