#include "cache/shared_cache.hpp"

#include "support/entries.hpp"

#include <atomic>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace snippetd::cache {
namespace {

using test::make_entry;

constexpr std::size_t kPlenty = 64 * 1024 * 1024;

std::int64_t version_of(SharedCache& cache, std::string_view id) {
    const auto entry = cache.copy(id, base::steady_now());
    return entry ? entry->version : 0;
}

TEST(SharedCache, GivesCopiesThatAreIndependent) {
    SharedCache cache{kPlenty};
    const auto original = make_entry("a", 3, "the body");
    cache.put(original);
    const auto first = cache.copy("a", base::steady_now());
    const auto second = cache.copy("a", base::steady_now());
    ASSERT_TRUE(first && second);
    EXPECT_EQ(first->snippet->body, "the body");
    EXPECT_EQ(first->version, 3);
    EXPECT_NE(first, second);
    EXPECT_NE(first, original);
    first->view_count = 9;
    EXPECT_EQ(second->view_count, 0);
    EXPECT_EQ(cache.copy("a", base::steady_now())->view_count, 0);
    EXPECT_EQ(first->snippet, second->snippet) << "what never changes is not copied";
}

TEST(SharedCache, GivesNothingThatHasExpired) {
    SharedCache cache{kPlenty};
    cache.put(test::make_stale_entry("a"));
    EXPECT_EQ(cache.copy("a", base::steady_now()), nullptr);
}

TEST(SharedCache, AnInvalidationForgetsAndRefusesWhatIsBelowTheFloor) {
    SharedCache cache{kPlenty};
    cache.put(make_entry("a", 1));
    cache.invalidate("a", 2);
    EXPECT_EQ(version_of(cache, "a"), 0);
    cache.put(make_entry("a", 1));
    EXPECT_EQ(version_of(cache, "a"), 0) << "a slow load has put the old version back";
    cache.put(make_entry("a", 2));
    EXPECT_EQ(version_of(cache, "a"), 2);
    cache.put(make_entry("a", 1));
    EXPECT_EQ(version_of(cache, "a"), 2) << "what is refused must not displace what is there";
}

TEST(SharedCache, AnInvalidationLeavesWhatIsNewEnough) {
    SharedCache cache{kPlenty};
    cache.put(make_entry("a", 3));
    cache.invalidate("a", 2);
    cache.invalidate("a", 3);
    EXPECT_EQ(version_of(cache, "a"), 3) << "told again, or late";
    cache.put(make_entry("a", 2));
    EXPECT_EQ(version_of(cache, "a"), 3) << "the floor stands all the same";
    cache.invalidate("a", 4);
    EXPECT_EQ(version_of(cache, "a"), 0);
}

TEST(SharedCache, AFloorNeverSinks) {
    SharedCache cache{kPlenty};
    cache.invalidate("a", 5);
    cache.invalidate("a", 3);
    cache.put(make_entry("a", 4));
    EXPECT_EQ(version_of(cache, "a"), 0);
    cache.put(make_entry("a", 5));
    EXPECT_EQ(version_of(cache, "a"), 5);
}

TEST(SharedCache, AFloorIsOfOneIdAlone) {
    SharedCache cache{kPlenty};
    cache.put(make_entry("b", 1));
    cache.invalidate("a", 9);
    EXPECT_EQ(version_of(cache, "b"), 1);
}

TEST(SharedCache, NoVersionStandsUpToADeletion) {
    SharedCache cache{kPlenty};
    cache.invalidate("a", model::kDeletedFloor);
    cache.put(make_entry("a", 1'000'000'000));
    EXPECT_EQ(version_of(cache, "a"), 0);
}

/// Ids of the shard that `first` is in, `first` not among them.
std::vector<std::string> neighbours(std::string_view first, std::size_t count) {
    const auto shard = [](std::string_view id) { return std::hash<std::string_view>{}(id) % SharedCache::kShards; };
    std::vector<std::string> ids;
    for (std::uint64_t i = 0; ids.size() < count; ++i) {
        std::string id = "neighbour " + std::to_string(i);
        if (shard(id) == shard(first)) ids.push_back(std::move(id));
    }
    return ids;
}

TEST(SharedCache, TombstonesAreBoundedAndTheOldestGo) {
    SharedCache cache{kPlenty};
    const std::vector<std::string> others = neighbours("a", SharedCache::kTombstonesMax);
    cache.invalidate("a", 2);
    for (std::size_t i = 0; i + 1 < others.size(); ++i) cache.invalidate(others[i], 2);
    cache.put(make_entry("a", 1));
    EXPECT_EQ(version_of(cache, "a"), 0) << "exactly as many as there may be";
    cache.invalidate(others.back(), 2);
    cache.put(make_entry("a", 1));
    EXPECT_EQ(version_of(cache, "a"), 1) << "the oldest had to give way";
    cache.put(make_entry(others.front(), 1));
    EXPECT_EQ(version_of(cache, others.front()), 0) << "one more than had to has gone";
}

TEST(SharedCache, ARenewedTombstoneOutlivesItsFirstBurial) {
    SharedCache cache{kPlenty};
    const std::vector<std::string> others = neighbours("a", SharedCache::kTombstonesMax);
    cache.invalidate("a", 2);
    // The steady clock has to move, or the renewal could not be told from the first time.
    for (const auto begin = base::steady_now(); base::steady_now() == begin;) {
    }
    for (std::size_t i = 0; i + 2 < others.size(); ++i) cache.invalidate(others[i], 2);
    cache.invalidate("a", 3);
    cache.invalidate(others.back(), 2);  // takes the place of a's first burial
    cache.put(make_entry("a", 2));
    EXPECT_EQ(version_of(cache, "a"), 0);
}

TEST(SharedCache, UpdateCountReachesLaterCopiesOnly) {
    SharedCache cache{kPlenty};
    cache.put(make_entry("a"));
    const auto before = cache.copy("a", base::steady_now());
    cache.update_count("a", 41);
    cache.update_count("unknown", 1);
    EXPECT_EQ(before->view_count, 0);
    EXPECT_EQ(cache.copy("a", base::steady_now())->view_count, 41);
}

TEST(SharedCache, WithoutCapacityItKeepsNothing) {
    SharedCache cache{0};
    cache.put(make_entry("a"));
    EXPECT_EQ(version_of(cache, "a"), 0);
    cache.invalidate("a", 2);
}

constexpr std::size_t kLarge = SharedCache::kCopiedBytesMax;

TEST(SharedCache, ALargeEntryIsNotCopied) {
    SharedCache cache{kPlenty};
    const auto large = make_entry("a", 1, std::string(kLarge, 'x'));
    cache.put(large);
    EXPECT_EQ(cache.copy("a", base::steady_now()), large);
    EXPECT_EQ(cache.copy_stale("a"), large);
    cache.update_count("a", 5);
    EXPECT_EQ(large->view_count, 5);
}

TEST(SharedCache, AnEntryMayBeAsLargeAsAllShardsTogether) {
    const auto large = make_entry("large", 1, std::string(1024 * 1024, 'x'));
    SharedCache cache{large->bytes()};
    for (int i = 0; i < 1000; ++i) cache.put(make_entry(std::to_string(i)));
    cache.put(large);
    EXPECT_EQ(cache.copy_stale("large"), large);
    EXPECT_EQ(cache.bytes(), large->bytes()) << "everything has given way to it";
    cache.put(make_entry("larger", 1, std::string(1024 * 1024 + 1, 'x')));
    EXPECT_EQ(version_of(cache, "larger"), 0);
    EXPECT_EQ(version_of(cache, "large"), 1) << "what does not fit displaces nothing";
}

TEST(SharedCache, WhatDoesNotFitDisplacesItsOlderSelf) {
    SharedCache cache{100'000};
    cache.put(make_entry("a", 1));
    cache.put(make_entry("a", 2, std::string(100'000, 'x')));
    EXPECT_EQ(version_of(cache, "a"), 0);
    EXPECT_EQ(cache.bytes(), 0u);
}

TEST(SharedCache, WhatIsReadStaysWhileOthersPassThrough) {
    SharedCache cache{8 * 1024 * 1024};
    const auto now = base::steady_now();
    cache.put(make_entry("hot", 1, std::string(1024 * 1024, 'x')));
    for (int i = 0; i < 200; ++i) {
        ASSERT_NE(cache.copy("hot", now), nullptr) << i;
        cache.put(make_entry(std::to_string(i), 1, std::string(1024 * 1024, 'x')));
        ASSERT_LE(cache.bytes(), 8u * 1024 * 1024);
    }
}

TEST(SharedCache, AWholeEntryTakesThePlaceOfWhatItWasMadeOf) {
    SharedCache cache{1024 * 1024};
    const auto entry = make_entry("a", 1, std::string(kLarge, 'x'));
    const auto whole = make_entry("a", 1, std::string(2 * kLarge, 'x'));
    cache.put(entry);
    cache.replace(entry, whole);
    EXPECT_EQ(cache.copy_stale("a"), whole);
    EXPECT_EQ(cache.bytes(), whole->bytes());
    cache.replace(whole, make_entry("a", 1, std::string(1024 * 1024, 'x')));
    EXPECT_EQ(cache.copy_stale("a"), whole) << "the larger one does not fit";
    cache.invalidate("a", 2);
    cache.replace(whole, entry);
    EXPECT_EQ(cache.copy_stale("a"), nullptr);
    EXPECT_EQ(cache.bytes(), 0u) << "nothing stays reserved";
}

TEST(SharedCache, ManyThreadsNeverExceedItsBytesAndCountThemRight) {
    constexpr std::size_t kCapacity = 4 * 1024 * 1024;
    SharedCache cache{kCapacity};
    std::vector<std::thread> threads;
    for (int t = 0; t < 6; ++t) {
        threads.emplace_back([&cache, t] {
            for (int i = 0; i < 400; ++i) {
                const std::string id = std::to_string((t * 7 + i) % 40);
                const auto entry = make_entry(id, i, std::string(static_cast<std::size_t>(i % 8) * 150'000, 'x'));
                cache.put(entry);
                if (i % 3 == 0) cache.replace(entry, make_entry(id, i, std::string(200'000, 'y')));
                if (i % 11 == 0) cache.invalidate(id, i);
                cache.copy(id, base::steady_now());
            }
        });
    }
    for (std::thread& thread : threads) thread.join();
    EXPECT_LE(cache.bytes(), kCapacity);
    for (int id = 0; id < 40; ++id) cache.invalidate(std::to_string(id), model::kDeletedFloor);
    EXPECT_EQ(cache.bytes(), 0u);
}

TEST(SharedCache, ThreadsSeeNoVersionBelowAFloorThatWasSetBefore) {
    SharedCache cache{kPlenty};
    std::atomic<std::int64_t> floor{0};
    std::atomic<bool> done{false};
    std::atomic<int> violations{0};
    std::vector<std::thread> threads;
    threads.emplace_back([&] {
        for (std::int64_t version = 1; version <= 2000; ++version) {
            cache.invalidate("a", version);
            floor = version;
            cache.put(make_entry("a", version));
        }
        done = true;
    });
    for (int t = 0; t < 2; ++t) {
        threads.emplace_back([&] {
            while (!done) {
                const std::int64_t at_least = floor;
                cache.put(make_entry("a", at_least));  // as slow as a load can be
                const auto entry = cache.copy("a", base::steady_now());
                if (entry && entry->version < at_least) ++violations;
            }
        });
    }
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(violations, 0);
    EXPECT_EQ(version_of(cache, "a"), 2000);
}

}  // namespace
}  // namespace snippetd::cache
