#include "base/fold_case.hpp"
#include "contract/store_contract.hpp"
#include "support/letters.hpp"

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

/// The index of searches: what it finds is what is there, at every moment.
namespace snippetd::store {
namespace {

class SearchContract : public StoreContract {
  protected:
    Snippet open_one(const std::string& id, const std::string& body) {
        Snippet made = snippet(id);
        made.visibility = Visibility::public_;
        made.body = body;
        return made;
    }
    static ListQuery with(const std::string& text) {
        ListQuery query;
        query.text = text;
        return query;
    }
    Ids found(const std::string& text) { return public_ids(with(text)); }
    bool is_sqlite() const { return backend->dialect() == DialectName::sqlite; }
    /// How many snippets the index knows of.
    long long indexed() { return backend->number("select count(*) from search_terms"); }
};
INSTANTIATE_TEST_SUITE_P(, SearchContract, testing::Values("SQLite", "PostgreSQL"),
                         [](const auto& test) { return std::string{test.param}; });

TEST_P(SearchContract, ItIgnoresTheCaseOfEveryLetter) {
    test::find_by_any_letter(*store, loop);
}

TEST_P(SearchContract, ItIgnoresTheCaseOfEveryLetterOnceIndexed) {
    test::find_by_any_letter(*store, loop, [this] { index_all(); });
    EXPECT_EQ(backend->number("select count(*) from search_pending"), 0);
    EXPECT_EQ(indexed(), static_cast<long long>(test::kFound.size()));
}

TEST_P(SearchContract, AnyPartOfAnyTextFindsIt) {
    std::mt19937 random{7};
    std::vector<std::string> texts;
    for (std::size_t i = 0; i < kOddTexts.size(); ++i) {
        if (kOddTexts[i].empty()) continue;
        texts.push_back(kOddTexts[i] + " " + std::to_string(i) + " 函数（关数）" + kOddTexts[random() % 8]);
        create(open_one(std::to_string(i), texts.back()));
    }
    ListQuery query;
    query.limit = 100;
    std::size_t found_any = 0;
    for (int round = 0; round < 60; ++round) {
        const std::string& text = texts[random() % texts.size()];
        // From one character to another one.
        std::size_t begin = random() % text.size();
        while ((static_cast<unsigned char>(text[begin]) & 0xC0) == 0x80) --begin;
        std::size_t end = begin + 1 + random() % (text.size() - begin);
        while (end < text.size() && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) ++end;
        query.text = text.substr(begin, end - begin);
        const Ids ids = public_ids(query);
        const std::size_t whole =
            static_cast<std::size_t>(std::count_if(texts.begin(), texts.end(), [&query](const std::string& one) {
                return base::fold_case(one).find(base::fold_case(query.text)) != std::string::npos;
            }));
        EXPECT_EQ(ids.size(), whole) << "“" << query.text << "”";
        found_any += whole;
    }
    EXPECT_GE(found_any, 60u);
}

TEST_P(SearchContract, WhatIsCommonAndWhatIsRareIsFoundOnceInOrderPageByPage) {
    create_account("ann");
    // More than are looked at before the index is asked, and many of the same time.
    constexpr int kMany = 2300;
    const auto create_one = [&](int i) {
        Snippet made = owned("id" + std::to_string(10'000 + i), "ann");
        made.visibility = i % 3 == 0 ? Visibility::private_ : Visibility::public_;
        made.created_at = kLongAgo + i / 5;
        made.body = "common " + std::string{i % 500 == 4 ? "rare " : ""} + std::to_string(i);
        made.tags = {i % 2 == 0 ? "even" : "odd"};
        return store->create_snippet(made, std::nullopt, deadline());
    };
    for (int begin = 0; begin < kMany; begin += 100) {
        at_once(100, [&](int i) { return create_one(begin + i); });
    }
    index_all();
    const auto pages = [&](ListQuery query, bool of_owner) {
        Ids seen;
        query.limit = 97;
        while (true) {
            const auto items = run(of_owner ? store->list_owned("id of ann", query, deadline())
                                            : store->list_public(query, deadline()));
            for (const Snippet& one : items) seen.push_back(one.id);
            if (items.size() < 97) return seen;
            query.after = Position{items.back().created_at, items.back().id};
        }
    };
    const auto expected = [](auto is_in) {
        Ids ids;
        for (int i = kMany - 1; i >= 0; --i) {
            if (is_in(i)) ids.push_back("id" + std::to_string(10'000 + i));
        }
        return ids;
    };
    EXPECT_EQ(pages(with("COMMON"), true), expected([](int) { return true; }));
    EXPECT_EQ(pages(with("common"), false), expected([](int i) { return i % 3 != 0; }));
    EXPECT_EQ(pages(with("rare"), true), expected([](int i) { return i % 500 == 4; }));
    EXPECT_EQ(pages(with("rare"), false), expected([](int i) { return i % 500 == 4 && i % 3 != 0; }));
    EXPECT_EQ(pages(with("n 4"), true).size(), 110u);  // 40 to 49 and 400 to 499; a rare one has a word in between
    EXPECT_EQ(pages(with("mon rare 4"), true), Ids{"id10004"});
    ListQuery odd = with("common 1");
    odd.tag = "odd";
    EXPECT_EQ(pages(odd, true), expected([](int i) { return i % 2 == 1 && std::to_string(i)[0] == '1'; }));
}

TEST_P(SearchContract, AnEditIsFoundAtOnceAndWhatItReplacedIsNot) {
    Snippet made = open_one("a", "früher");
    create(made);
    for (const int edit : {1, 2}) {
        if (edit == 2) index_all();
        made.title = "ÄNDERUNG" + std::to_string(edit);
        made.body = "SPÄTER" + std::to_string(edit);
        made.tags = {"tag" + std::to_string(edit)};
        ASSERT_TRUE(update(made));
        ++made.version;
        EXPECT_EQ(ids_of(run(store->list_public(with("FRÜHER"), deadline()))), Ids{});
        EXPECT_EQ(ids_of(run(store->list_public(with("später"), deadline()))), Ids{"a"});
    }
    EXPECT_EQ(found("SPÄTER1"), Ids{});
    EXPECT_EQ(found("später2"), Ids{"a"});
    EXPECT_EQ(found("änderung2"), Ids{"a"});
    ListQuery tagged;
    tagged.tag = "tag1";
    EXPECT_EQ(public_ids(tagged), Ids{});
    tagged.tag = "tag2";
    EXPECT_EQ(public_ids(tagged), Ids{"a"});
    EXPECT_EQ(indexed(), 1);
}

TEST_P(SearchContract, WhatNobodyMaySeeAnyMoreIsNotFound) {
    for (const char* id : {"hidden", "deleted", "burning", "expiring", "stays"}) create(open_one(id, "the same text"));
    EXPECT_EQ(found("same").size(), 5u);
    Snippet hidden = open_one("hidden", "the same text");
    hidden.visibility = Visibility::private_;
    ASSERT_TRUE(update(hidden));
    ASSERT_TRUE(run(store->delete_snippet("deleted", std::nullopt, deadline())));
    backend->execute("update snippets set burn_after_reading = 1 where id = 'burning'");
    backend->execute("update snippets set expires_at = 1 where id = 'expiring'");
    EXPECT_EQ(found("same"), Ids{"stays"});
    purge();
    EXPECT_EQ(found("same"), Ids{"stays"});
    EXPECT_EQ(indexed(), 3) << "what is gone is gone from the index";
}

TEST_P(SearchContract, OnSqliteNothingIsLeftOfWhatIsGone) {
    if (!is_sqlite()) GTEST_SKIP() << "PostgreSQL takes care of that by itself";
    std::mt19937 random{13};
    for (int i = 0; i < 100; ++i) {
        std::string body;
        while (body.size() < 1000) body += static_cast<char>('a' + random() % 26);
        create(open_one(std::to_string(i), body));
    }
    index_all();
    for (int i = 1; i < 100; ++i) {
        run(store->delete_snippet(std::to_string(i), std::nullopt, deadline()));
        create(open_one(std::to_string(1000 + i), "x"));
    }
    EXPECT_EQ(backend->number("select count(*) from search_dropped"), 99);
    index_all();
    EXPECT_EQ(backend->number("select count(*) from search_dropped"), 0);
    // By hand, as an operator may: only with what SQLite itself has.
    backend->execute("delete from snippets");
    EXPECT_EQ(backend->number("select count(*) from search_dropped"), 100);
    index_all();
    backend->execute("insert into search_index (search_index) values ('integrity-check')");
    backend->execute("create virtual table words using fts5vocab(search_index, 'row')");
    EXPECT_EQ(backend->number("select count(*) from words"), 0);
}

TEST_P(SearchContract, ATextOfTooMuchToIndexIsFoundAllTheSame) {
    std::mt19937 random{11};
    std::string body;
    while (body.size() < 400'000) body += static_cast<char>(' ' + random() % 95);
    create(open_one("huge", body));
    create(open_one("small", "small"));
    EXPECT_EQ(found(body.substr(200'000, 40)), Ids{"huge"});
    EXPECT_EQ(found(std::string(12, '~') + " is not in it"), Ids{});
    if (is_sqlite()) {
        EXPECT_LT(backend->number("select max(length(terms)) from search_terms"), 100'000);
    }
}

TEST_P(SearchContract, AnyNumberOfIndexersLeaveOneIndex) {
    const auto other = backend->open();
    for (int i = 0; i < 150; ++i) create(open_one(std::to_string(100 + i), "text " + std::to_string(i % 10)));
    for (int round = 0; round < 10; ++round) {
        at_once(4, [&](int i) { return (i % 2 == 0 ? *store : *other).index_some(deadline()); });
        if (round == 3) {
            for (int i = 0; i < 50; ++i) run(store->delete_snippet(std::to_string(100 + i), std::nullopt, deadline()));
        }
    }
    index_all();
    EXPECT_EQ(indexed(), 100);
    EXPECT_EQ(found("text 3").size(), 10u);
    if (is_sqlite()) backend->execute("insert into search_index (search_index) values ('integrity-check')");
}

TEST_P(SearchContract, WhatIsWrittenWhileAnotherOneIndexesWaits) {
    const auto other = backend->open();
    for (int i = 0; i < 200; ++i) {
        const std::string id = std::to_string(1000 + i);
        create(open_one(id, "text"));
        auto first = loop.start(store->index_some(deadline()));
        auto second = loop.start(other->index_some(deadline()));
        Snippet edited = open_one(id, "changed");
        ASSERT_TRUE(update(edited));
        Loop::get(std::move(first));
        Loop::get(std::move(second));
        ASSERT_EQ(ids_of(run(store->list_public(with("changed"), deadline()))).front(), id);
    }
    ListQuery all = with("changed");
    all.limit = 200;
    EXPECT_EQ(public_ids(all).size(), 200u);
    EXPECT_EQ(found("text"), Ids{});
}

TEST_P(SearchContract, OnSqliteWhatFindsNoNumberInItsSecondIsFoundAllTheSame) {
    if (!is_sqlite()) GTEST_SKIP() << "PostgreSQL numbers nothing";
    // As an import may write it: all of one second, which has 65,536 numbers.
    backend->execute(
        "with recursive i (n) as (select 0 union all select n + 1 from i where n < 65551) "
        "insert into snippets (id, title, size, language, visibility, tags, version, created_at, updated_at, "
        "burn_after_reading, edit_token_hash, forked_from) select 'id' || (100000 + n), case when n < 65532 then '' "
        "else 'late' end, 1, 'text', 'public', '[]', 1, 1500000000000, 1, 0, '', '' from i;"
        "insert into bodies (snippet_id, version, body) select id, 1, 'x' from snippets;"
        "insert into search_terms (doc, snippet_id, terms) select 1500000000 * 65536 + substr(id, 3) - 100000, id, '0' "
        "from snippets where title = '';"
        "delete from search_pending where snippet_id in (select snippet_id from search_terms)");
    for (int round = 0; round < 10; ++round) run(store->index_some(deadline()));
    const long long placed = indexed() - 65'532;
    EXPECT_LE(placed, 4);
    EXPECT_EQ(backend->number("select count(*) from search_pending"), 20 - placed);
    const Indexed stuck = run(store->index_some(deadline()));
    EXPECT_EQ(stuck.done, 0);
    EXPECT_EQ(stuck.left, 20 - placed) << "which tells that there is no use in going on at once";
    create(open_one("after", "later"));
    for (int round = 0; round < 10; ++round) run(store->index_some(deadline()));
    EXPECT_EQ(backend->number("select count(*) from search_terms where snippet_id = 'after'"), 0) << "of that second";
    ListQuery query = with("late");
    query.limit = 7;
    Ids seen;
    for (auto items = run(store->list_public(query, deadline())); !items.empty();
         items = run(store->list_public(query, deadline()))) {
        for (const Snippet& one : items) seen.push_back(one.id);
        query.after = Position{items.back().created_at, items.back().id};
    }
    Ids expected;
    for (int n = 65'551; n >= 65'532; --n) expected.push_back("id" + std::to_string(100'000 + n));
    expected.push_back("after");
    EXPECT_EQ(seen, expected);
}

TEST_P(SearchContract, WhileMuchIsNotIndexedAllIsLookedThrough) {
    create(open_one("a", "wanted"));
    index_all();
    // The numbers of what is waiting are far apart: as many may be.
    const std::string at = is_sqlite() ? "" : " overriding system value";
    backend->execute("insert into search_pending (n, snippet_id)" + at + " values (1000000, 'x'), (9000000, 'x')");
    create(open_one("b", "wanted"));
    EXPECT_EQ(ids_of(run(store->list_public(with("wanted"), deadline()))), (Ids{"b", "a"}));
}

}  // namespace
}  // namespace snippetd::store
