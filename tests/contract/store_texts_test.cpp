#include "contract/store_contract.hpp"

#include <chrono>
#include <fstream>
#include <functional>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <thread>

#include <gtest/gtest.h>

/// What is not returned is not read.
namespace snippetd::store {
namespace {

using namespace std::string_literals;

/// How much of the texts a store reads from the database. SQLite reads files itself, with a cache that is empty when it
/// has just been opened; PostgreSQL counts the pages of large texts, which it keeps apart.
class TextsRead {
  public:
    explicit TextsRead(test::Backend& backend) : backend_{backend} {}

    std::int64_t by(const std::function<void(Store&)>& use) {
        wait_for_sessions();  // of the one before
        std::unique_ptr<Store> store = backend_.open();
        const std::int64_t before = bytes();
        use(*store);
        if (backend_.dialect() == DialectName::sqlite) return bytes() - before;
        store.reset();
        wait_for_sessions();
        return bytes() - before;
    }

  private:
    /// A session hands in what it has counted before it is seen to be gone.
    void wait_for_sessions() {
        if (backend_.dialect() == DialectName::sqlite) return;
        const base::Deadline deadline = base::deadline_in(test::kPatience);
        while (backend_.number("select count(*) from pg_stat_activity where datname = current_database()") > 1 &&
               base::steady_now() < deadline) {
            std::this_thread::sleep_for(std::chrono::milliseconds{5});
        }
    }

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
             const auto revisions = run(cold.list_revisions("edited", kAfterAllVersions, 1000, deadline()));
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

}  // namespace
}  // namespace snippetd::store
