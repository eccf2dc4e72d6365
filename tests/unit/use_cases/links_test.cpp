#include "use_cases/links.hpp"

#include "limiter/memory_limiter.hpp"
#include "support/idle_services.hpp"
#include "support/run.hpp"

#include <optional>
#include <string>
#include <utility>

#include <gtest/gtest.h>

namespace snippetd::use_cases {
namespace {

constexpr std::string_view kId = "abcdefghijkl";

model::Snippet snippet_of(model::Visibility visibility, bool burns) {
    model::Snippet snippet;
    snippet.id = kId;
    snippet.body = "text";
    snippet.version = 3;
    snippet.visibility = visibility;
    snippet.burn_after_reading = burns;
    snippet.owner_id = "owner";
    return snippet;
}

/// Gives a burning snippet to who comes first.
class BurningStore : public test::UntouchedStore {
  public:
    Awaitable<std::optional<model::Snippet>> burn_snippet(std::string, Deadline) override {
        co_return std::exchange(burns, std::nullopt);
    }
    Awaitable<store::Loaded> load_snippet(std::string, Deadline) override { co_return loaded; }

    std::optional<model::Snippet> burns;
    store::Loaded loaded;
};

/// Answers each read with what the test says.
class KnownCache : public test::UntouchedCache {
  public:
    base::Awaitable<cache::Read> read(std::string, base::Deadline) override { co_return known; }

    void share(const model::Snippet& snippet) {
        auto entry = std::make_shared<cache::Entry>();
        entry->kind = cache::Entry::Kind::snippet;
        entry->snippet = std::make_shared<const model::Snippet>(snippet);
        known.fill.entry = std::move(entry);
        known.status = cache::Status::near_hit;
    }
    void lack(cache::Entry::Kind kind) {
        auto entry = std::make_shared<cache::Entry>();
        entry->kind = kind;
        known.fill.entry = std::move(entry);
    }
    void pass_through(const model::Snippet& snippet) {
        known.fill.snippet = std::make_shared<const model::Snippet>(snippet);
    }

    cache::Read known;
};

class LinksTest : public ::testing::Test {
  protected:
    /// Somebody, who turns out to have the account when they are asked.
    Visit visit_by(std::string account_id = {}) {
        Visit visit;
        visit.identify = [this, account_id]() -> Awaitable<void> {
            ++identified;
            if (!account_id.empty()) {
                call.caller.account.emplace();
                call.caller.account->id = account_id;
            }
            co_return;
        };
        return visit;
    }
    Result<Followed> follow(Visit visit) { return loop.run(follow_link(call, std::string{kId}, std::move(visit))); }
    std::int64_t views() {
        std::int64_t sum = 0;
        for (const auto& [id, count] : services.recorder.take()) sum += count;
        return sum;
    }

    limiter::MemoryLimiter limiter{limiter::Algorithm::sliding_window};
    BurningStore store;
    KnownCache cache;
    test::IdleServices services{limiter, store, cache};
    Call call{services.services, base::deadline_in(std::chrono::hours{1})};
    int identified = 0;
    test::Loop loop;
};

TEST_F(LinksTest, WhatEverybodyMayReadIsCountedAndNobodyIsAskedWhoTheyAre) {
    cache.share(snippet_of(model::Visibility::public_, false));
    const Result<Followed> followed = follow(visit_by());
    ASSERT_TRUE(followed);
    EXPECT_EQ(followed->snippet->body, "text");
    EXPECT_EQ(followed->snippet.get(), followed->entry->snippet.get());
    EXPECT_EQ(followed->status, cache::Status::near_hit);
    EXPECT_TRUE(call.listable);
    EXPECT_EQ(identified, 0);
    EXPECT_EQ(views(), 1);
}

TEST_F(LinksTest, WhoOnlyLooksCountsNoView) {
    cache.share(snippet_of(model::Visibility::unlisted, false));
    Visit visit = visit_by();
    visit.only_looks = true;
    ASSERT_TRUE(follow(std::move(visit)));
    EXPECT_FALSE(call.listable);
    EXPECT_EQ(views(), 0);
}

TEST_F(LinksTest, WhatIsPrivateIsTheOwnersAlone) {
    cache.pass_through(snippet_of(model::Visibility::private_, false));
    EXPECT_EQ(follow(visit_by()).error().kind, ErrorKind::not_found);
    EXPECT_EQ(follow(visit_by("another")).error().kind, ErrorKind::not_found);
    EXPECT_EQ(views(), 0);
    const Result<Followed> followed = follow(visit_by("owner"));
    ASSERT_TRUE(followed);
    EXPECT_EQ(followed->entry, nullptr);
    EXPECT_EQ(views(), 1);
}

TEST_F(LinksTest, WhatHasExpiredIsGoneForWhoMayReadItAndMissingForOthers) {
    cache.pass_through(snippet_of(model::Visibility::private_, false));
    cache.known.fill.snippet_expired = true;
    EXPECT_EQ(follow(visit_by()).error().kind, ErrorKind::not_found);
    EXPECT_EQ(follow(visit_by("owner")).error().kind, ErrorKind::gone);
}

TEST_F(LinksTest, WhatBurnsIsShownOnPurposeAndOnce) {
    const model::Snippet snippet = snippet_of(model::Visibility::unlisted, true);
    cache.pass_through(snippet);
    store.burns = snippet;
    const Result<Followed> unasked = follow(visit_by());
    ASSERT_TRUE(unasked);
    EXPECT_TRUE(unasked->unasked);
    EXPECT_FALSE(unasked->burned);
    EXPECT_EQ(views(), 0);
    Visit on_purpose = visit_by();
    on_purpose.burns = true;
    const Result<Followed> burned = follow(on_purpose);
    ASSERT_TRUE(burned);
    EXPECT_TRUE(burned->burned);
    EXPECT_EQ(burned->snippet->body, "text");
    EXPECT_EQ(views(), 1);
    EXPECT_EQ(follow(on_purpose).error().kind, ErrorKind::gone);
}

TEST_F(LinksTest, NothingBurnsForWhoOnlyLooksAsksForWhatIsNotInItOrHasAnotherVersion) {
    const model::Snippet snippet = snippet_of(model::Visibility::unlisted, true);
    cache.pass_through(snippet);
    store.burns = snippet;
    Visit looking = visit_by();
    looking.burns = looking.only_looks = true;
    ASSERT_TRUE(follow(std::move(looking)));
    Visit stale = visit_by();
    stale.burns = true;
    stale.condition = [](const model::Snippet& now) { return now.version == 2; };
    EXPECT_EQ(follow(std::move(stale)).error().kind, ErrorKind::precondition_failed);
    Visit mistaken = visit_by();
    mistaken.burns = true;
    mistaken.has_it = [](const model::Snippet&) { return false; };
    EXPECT_EQ(follow(std::move(mistaken)).error().kind, ErrorKind::not_found);
    EXPECT_TRUE(store.burns);
    EXPECT_EQ(views(), 0);
}

TEST_F(LinksTest, AnOwnerIsToldWhatIsGoneOfWhatNobodyElseKnew) {
    cache.lack(cache::Entry::Kind::missing);
    store.loaded.state = store::Loaded::State::missing;
    store.loaded.gone_for = "owner";
    EXPECT_EQ(follow(visit_by()).error().kind, ErrorKind::not_found);
    EXPECT_EQ(follow(visit_by("another")).error().kind, ErrorKind::not_found);
    EXPECT_EQ(follow(visit_by("owner")).error().kind, ErrorKind::gone);
    cache.lack(cache::Entry::Kind::gone);
    EXPECT_EQ(follow(visit_by()).error().kind, ErrorKind::gone);
}

TEST_F(LinksTest, AnybodyReadsWhatIsSharedAndNothingElse) {
    cache.pass_through(snippet_of(model::Visibility::private_, false));
    EXPECT_EQ(loop.run(read_as_anybody(call, std::string{kId})).error().kind, ErrorKind::not_found);
    cache.known = {};
    cache.share(snippet_of(model::Visibility::public_, false));
    EXPECT_TRUE(loop.run(read_as_anybody(call, std::string{kId})));
    EXPECT_EQ(loop.run(read_as_anybody(call, "../etc/passwd")).error().kind, ErrorKind::not_found);
    EXPECT_EQ(views(), 0);
}

}  // namespace
}  // namespace snippetd::use_cases
