#include "contract/store_contract.hpp"

#include <algorithm>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

/// Snippets: made, loaded, edited, deleted, burned.
namespace snippetd::store {
namespace {

using namespace std::string_literals;

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
        EXPECT_EQ(run(store->list_revisions(first.id, kAfterAllVersions, 1000, deadline())).at(0).size, revision->size);
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

    const auto revisions = run(store->list_revisions("a", kAfterAllVersions, 1000, deadline()));
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
    EXPECT_TRUE(run(store->list_revisions("b", kAfterAllVersions, 1000, deadline())).empty());
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
    EXPECT_EQ(run(store->list_revisions("a", kAfterAllVersions, 1000, deadline())).size(), 1u);
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
    EXPECT_EQ(run(store->list_revisions("a", kAfterAllVersions, 1000, deadline())).size(), 1u);
}

TEST_P(StoreContract, RevisionsAreListedUpToAThousandNewestFirst) {
    create(snippet("a"));
    backend->execute(
        "with recursive n(i) as (select 1 union all select i + 1 from n where i < 1005) "
        "insert into revisions (snippet_id, version, title, " +
        body_column() +
        ", language, visibility, created_at) "
        "select 'a', i, '', '0', 'text', 'public', i from n");
    const auto revisions = run(store->list_revisions("a", kAfterAllVersions, 1000, deadline()));
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
    EXPECT_TRUE(run(store->list_revisions("a", kAfterAllVersions, 1000, deadline())).empty());
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

}  // namespace
}  // namespace snippetd::store
