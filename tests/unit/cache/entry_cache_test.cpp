#include "cache/entry_cache.hpp"

#include "support/entries.hpp"

#include <string>
#include <string_view>

#include <gtest/gtest.h>

namespace snippetd::cache {
namespace {

using test::make_entry;

const base::SteadyTime kNow = base::steady_now();
const std::size_t kEntrySize = make_entry("0")->bytes();

/// A cache for `count` entries with an id of one character.
EntryCache cache_for(std::size_t count) {
    return EntryCache{count * kEntrySize};
}

void put_all(EntryCache& cache, const std::string& ids) {
    for (const char id : ids) cache.put(make_entry(std::string{id}));
}

/// Which of `ids` are there, without marking them as visited.
std::string present(const EntryCache& cache, const std::string& ids) {
    std::string found;
    for (const char id : ids) {
        if (cache.peek(std::string_view{&id, 1})) found += id;
    }
    return found;
}

TEST(EntryCache, WhatHasExpiredByEitherClockIsNotFound) {
    EntryCache cache = cache_for(10);
    const auto put = [&cache](base::Milliseconds lifetime) {
        const auto entry = make_entry("a");
        entry->expire_in(lifetime);
        cache.put(entry);
        return entry;
    };
    const base::Milliseconds minute{60'000};
    put(minute);
    const base::SteadyTime now = base::steady_now();
    EXPECT_TRUE(cache.find("a", now));
    EXPECT_TRUE(cache.find("a", now + minute - base::Milliseconds{1000}));
    EXPECT_FALSE(cache.find("a", now + minute)) << "its TTL would be an hour";
    put(base::Milliseconds{0});
    EXPECT_FALSE(cache.find("a", base::steady_now()));
    // The machine has slept, or the wall clock has been set: the steady one knows of neither.
    put(minute)->expires_by_wall = base::unix_now_ms() - 100;
    EXPECT_FALSE(cache.find("a", now));
    cache.put(make_entry("a"));
    EXPECT_TRUE(cache.find("a", now + minute)) << "what does not expire has its TTL alone";
}

TEST(EntryCache, WhatHasExpiredIsStaleAndNotFound) {
    EntryCache cache = cache_for(10);
    const auto entry = make_entry("a");
    entry->valid_until = kNow;
    cache.put(entry);
    EXPECT_EQ(cache.find("a", kNow), nullptr);
    EXPECT_EQ(cache.peek("a"), entry);
    EXPECT_EQ(cache.find("a", kNow - base::Milliseconds{1}), entry);
}

TEST(EntryCache, ReplacesOnlyWhatIsStillThereAndOnlyByWhatFits) {
    EntryCache cache = cache_for(8);
    const auto entry = make_entry("a", 1);
    cache.put(entry);
    entry->view_count = 7;
    const auto whole = make_entry("a", 1, std::string(kEntrySize, 'x'));
    cache.replace(make_entry("a", 1), whole);
    EXPECT_EQ(cache.find("a", kNow), entry) << "made of another one";
    cache.replace(entry, make_entry("a", 1, std::string(4 * kEntrySize, 'x')));
    EXPECT_EQ(cache.find("a", kNow), entry) << "what is too large must not take the body's place";
    cache.replace(entry, whole);
    EXPECT_EQ(cache.find("a", kNow), whole);
    EXPECT_EQ(whole->view_count, 7);
    EXPECT_EQ(cache.bytes(), whole->bytes());
    cache.erase("a");
    cache.replace(whole, entry);
    EXPECT_EQ(cache.size(), 0u) << "an invalidation came first";
}

TEST(EntryCache, AReadOfWhatHasExpiredDoesNotProtectIt) {
    EntryCache cache = cache_for(8);
    put_all(cache, "abcdefgh");
    cache.find("a", kNow + std::chrono::hours{2});
    put_all(cache, "i");
    EXPECT_EQ(present(cache, "a"), "");
}

TEST(EntryCache, EraseBelowTakesOlderVersionsOfOneIdOnly) {
    EntryCache cache = cache_for(10);
    cache.put(make_entry("a", 3));
    cache.put(make_entry("b", 1));
    cache.erase_below("a", 2);
    cache.erase_below("a", 3);
    cache.erase_below("c", 9);
    EXPECT_EQ(present(cache, "ab"), "ab");
    cache.erase_below("a", 4);
    EXPECT_EQ(present(cache, "ab"), "b");
    EXPECT_EQ(cache.size(), 1u);
    EXPECT_EQ(cache.bytes(), make_entry("b")->bytes());
    cache.erase_below("a", 4);
    EXPECT_EQ(cache.size(), 1u);
}

}  // namespace
}  // namespace snippetd::cache
