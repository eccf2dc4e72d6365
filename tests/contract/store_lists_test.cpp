#include "contract/store_contract.hpp"
#include "support/letters.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

/// Lists, and what is looked for in them.
namespace snippetd::store {
namespace {

using namespace std::string_literals;

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

TEST_P(StoreContract, AListBackwardsIsTheListBackwardsWhateverItIsOf) {
    create_account("ann");
    for (int i = 0; i < 23; ++i) {
        Snippet made = owned("id" + std::to_string(10 + i), "ann");
        made.visibility = Visibility::public_;
        made.created_at = kLongAgo + i * 400 / 3;  // several in a second, which the index does not tell apart
        made.language = i % 2 == 1 ? "go" : "text";
        if (i % 5 == 0) made.created_at = kLongAgo;
        create(made);
    }
    const auto walk = [this](bool of_owner, ListQuery query) {
        Ids seen;
        while (true) {
            const auto items = run(of_owner ? store->list_owned("id of ann", query, deadline())
                                            : store->list_public(query, deadline()));
            if (items.empty()) return seen;
            for (const Snippet& one : items) seen.push_back(one.id);
            query.after = Position{items.back().created_at, items.back().id};
        }
    };
    for (const bool indexed : {false, true}) {
        if (indexed) index_all();
        for (const bool of_owner : {false, true}) {
            for (const char* language : {"", "go"}) {
                for (const int limit : {1, 3, 100}) {
                    ListQuery query;
                    query.limit = limit;
                    query.language = language;
                    const Ids newest = walk(of_owner, query);
                    query.order = ListOrder::oldest;
                    Ids oldest = walk(of_owner, query);
                    std::reverse(oldest.begin(), oldest.end());
                    EXPECT_EQ(oldest, newest) << "indexed " << indexed << ", limit " << limit << " " << language;
                    EXPECT_EQ(newest.size(), language[0] == '\0' ? 23u : 11u);
                }
            }
        }
    }
}

TEST_P(StoreContract, TheMostViewedComeFirstAndOfEquallyViewedTheNewest) {
    create_account("ann");
    for (const char* id : {"a", "b", "c", "d", "hidden", "burns"}) {
        Snippet made = owned(id, "ann");
        made.created_at = kLongAgo + id[0];
        made.visibility = id == "hidden"s ? Visibility::unlisted : Visibility::public_;
        made.burn_after_reading = id == "burns"s;
        made.language = id == "c"s ? "go" : "text";
        create(made);
    }
    apply("batch", {{"a", 3}, {"b", 7}, {"hidden", 50}, {"burns", 60}});
    ListQuery query;
    query.order = ListOrder::most_viewed;
    EXPECT_EQ(public_ids(query), (Ids{"b", "a", "d", "c"}));
    query.language = "text";
    EXPECT_EQ(public_ids(query), (Ids{"b", "a", "d"}));
    query.limit = 2;
    EXPECT_EQ(public_ids(query), (Ids{"b", "a"}));
}

TEST_P(StoreContract, ABeginningIsOfTheCurrentTextAndEndsBetweenCharacters) {
    Snippet euros = snippet("euros");
    euros.body.clear();
    for (int i = 0; i < 1000; ++i) euros.body += "€";  // three bytes each
    Snippet large = snippet("large");
    large.body = std::string(900'000, 'x');
    Snippet brief = snippet("brief");
    brief.body = "a\nb";
    for (const Snippet& one : {euros, large, brief}) create(one);
    brief.body = "another text";
    update(brief);

    std::map<std::string, Beginning> found;
    for (Beginning& one : run(store->load_beginnings({"euros", "large", "brief", "nobody's"}, deadline()))) {
        found[one.id] = one;
    }
    ASSERT_EQ(found.size(), 3u);
    EXPECT_EQ(found["brief"].text, "another text");
    EXPECT_EQ(found["brief"].version, 2);
    EXPECT_EQ(found["brief"].size, 12);
    EXPECT_EQ(found["large"].text, std::string(kBeginningBytesMax, 'x'));
    EXPECT_EQ(found["large"].size, 900'000);
    EXPECT_EQ(found["euros"].size, static_cast<std::int64_t>(euros.body.size()));
    EXPECT_EQ(found["euros"].text, euros.body.substr(0, kBeginningBytesMax / 3 * 3));
}

TEST_P(StoreContract, WhatIsListedIsCountedAsFarAsIsAskedFor) {
    create_account("ann");
    EXPECT_EQ(run(store->count_listed("id of ann", 10, deadline())), 0);
    for (int i = 0; i < 6; ++i) {
        Snippet made = owned(std::to_string(i), "ann");
        if (i < 3) made.visibility = Visibility::public_;
        made.burn_after_reading = i == 1;
        if (i == 2) made.expires_at = base::unix_now_ms();
        create(made);
    }
    EXPECT_EQ(run(store->count_listed("id of ann", 10, deadline())), 5) << "all but the expired one";
    EXPECT_EQ(run(store->count_listed("id of ann", 4, deadline())), 4);
    EXPECT_EQ(run(store->count_listed("", 10, deadline())), 1) << "that everybody may see";
    EXPECT_EQ(run(store->count_listed("id of nobody", 10, deadline())), 0);
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

}  // namespace
}  // namespace snippetd::store
