#include "cache/sieve_cache.hpp"

#include "support/entries.hpp"

#include <algorithm>
#include <list>
#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace snippetd::cache {
namespace {

using test::make_entry;

const base::SteadyTime kNow = base::steady_now();
const std::size_t kEntrySize = make_entry("0")->bytes();

/// A cache for `count` entries with an id of one character.
SieveCache cache_for(std::size_t count) {
    return SieveCache{count * kEntrySize};
}

void put_all(SieveCache& cache, const std::string& ids) {
    for (const char id : ids) cache.put(make_entry(std::string{id}));
}

/// Which of `ids` are there, without marking them as visited.
std::string present(const SieveCache& cache, const std::string& ids) {
    std::string found;
    for (const char id : ids) {
        if (cache.find_stale(std::string_view{&id, 1})) found += id;
    }
    return found;
}

TEST(SieveCache, WhatHasExpiredByEitherClockIsNotFound) {
    SieveCache cache = cache_for(10);
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

TEST(SieveCache, FindsWhatWasPut) {
    SieveCache cache = cache_for(10);
    const auto entry = make_entry("a", 7);
    cache.put(entry);
    EXPECT_EQ(cache.find("a", kNow), entry);
    EXPECT_EQ(cache.find("b", kNow), nullptr);
    EXPECT_EQ(cache.size(), 1u);
    EXPECT_EQ(cache.bytes(), entry->bytes());
}

TEST(SieveCache, WhatHasExpiredIsStaleAndNotFound) {
    SieveCache cache = cache_for(10);
    const auto entry = make_entry("a");
    entry->valid_until = kNow;
    cache.put(entry);
    EXPECT_EQ(cache.find("a", kNow), nullptr);
    EXPECT_EQ(cache.find_stale("a"), entry);
    EXPECT_EQ(cache.find("a", kNow - base::Milliseconds{1}), entry);
}

TEST(SieveCache, AReplacementTakesTheBytesAndThePlaceOfTheOldOne) {
    SieveCache cache{100 * kEntrySize};
    cache.put(make_entry("a", 1, std::string(500, 'x')));
    const auto newer = make_entry("a", 2, "short");
    cache.put(newer);
    EXPECT_EQ(cache.find("a", kNow), newer);
    EXPECT_EQ(cache.size(), 1u);
    EXPECT_EQ(cache.bytes(), newer->bytes());
    EXPECT_EQ(cache.evictions(), 0u);
}

TEST(SieveCache, PuttingTheSameEntryAgainKeepsIt) {
    SieveCache cache = cache_for(10);
    const auto entry = make_entry("a");
    cache.put(entry);
    cache.put(cache.find_stale("a"));
    EXPECT_EQ(cache.find("a", kNow), entry);
    EXPECT_EQ(cache.bytes(), entry->bytes());
}

TEST(SieveCache, AnEntryAboveHalfIsNotKeptAndDisplacesOnlyItsOlderSelf) {
    SieveCache cache = cache_for(4);
    put_all(cache, "abc");
    cache.put(make_entry("b", 2, std::string(2 * kEntrySize, 'x')));
    EXPECT_EQ(present(cache, "abc"), "ac") << "the old version must not stay behind";
    EXPECT_EQ(cache.evictions(), 0u);
}

TEST(SieveCache, HowLargeAnEntryMayBeCanBeSaid) {
    SieveCache cache{4 * kEntrySize, 4 * kEntrySize};
    put_all(cache, "abcd");
    cache.put(make_entry("e", 1, std::string(3 * kEntrySize, 'x')));
    EXPECT_EQ(present(cache, "abcde"), "e") << "all others have given way";
    cache.put(make_entry("f", 1, std::string(4 * kEntrySize, 'x')));
    EXPECT_EQ(present(cache, "ef"), "e");
}

TEST(SieveCache, ReplacesOnlyWhatIsStillThereAndOnlyByWhatFits) {
    SieveCache cache = cache_for(8);
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

TEST(SieveCache, OneLapOfTheHandMayFindNothing) {
    SieveCache cache = cache_for(8);
    EXPECT_FALSE(cache.evict_unread());
    put_all(cache, "ab");
    cache.find("a", kNow);
    cache.find("b", kNow);
    EXPECT_FALSE(cache.evict_unread()) << "both have been read";
    EXPECT_TRUE(cache.evict_unread());
    EXPECT_EQ(present(cache, "ab"), "b");
}

TEST(SieveCache, WithoutCapacityNothingIsKept) {
    SieveCache cache{0};
    cache.put(make_entry("a"));
    EXPECT_EQ(cache.find("a", kNow), nullptr);
    EXPECT_EQ(cache.bytes(), 0u);
    cache.erase("a");
    EXPECT_EQ(cache.size(), 0u);
}

TEST(SieveCache, EvictsTheOldestFirstWhenNothingIsRead) {
    SieveCache cache = cache_for(8);
    put_all(cache, "abcdefgh");
    put_all(cache, "ij");
    EXPECT_EQ(present(cache, "abcdefghij"), "cdefghij");
    EXPECT_EQ(cache.evictions(), 2u);
}

TEST(SieveCache, WhatWasReadIsPassedOverOnce) {
    SieveCache cache = cache_for(8);
    put_all(cache, "abcdefgh");
    cache.find("a", kNow);
    cache.find("b", kNow);
    put_all(cache, "i");  // the hand clears a and b and takes c
    EXPECT_EQ(present(cache, "abcdefghi"), "abdefghi");
    put_all(cache, "jklmno");
    EXPECT_EQ(present(cache, "abcdefghijklmno"), "abjklmno")
        << "the hand goes on from where it stopped, up to the newest";
}

TEST(SieveCache, TheHandGoesOnFromTheOldestAfterTheNewest) {
    SieveCache cache = cache_for(8);
    put_all(cache, "abcdefgh");
    for (const char id : std::string{"abcdefgh"}) cache.find(std::string_view{&id, 1}, kNow);
    put_all(cache, "i");
    EXPECT_EQ(present(cache, "abcdefghi"), "bcdefghi") << "all were read: one round clears them, then the oldest goes";
}

TEST(SieveCache, AReadOfWhatHasExpiredDoesNotProtectIt) {
    SieveCache cache = cache_for(8);
    put_all(cache, "abcdefgh");
    cache.find("a", kNow + std::chrono::hours{2});
    put_all(cache, "i");
    EXPECT_EQ(present(cache, "a"), "");
}

TEST(SieveCache, AScanDoesNotDisplaceWhatIsPopular) {
    SieveCache cache = cache_for(64);
    const std::string popular = "abcdefgh";
    put_all(cache, popular);
    std::size_t hits = 0;
    for (int i = 0; i < 5000; ++i) {
        cache.put(make_entry("scan " + std::to_string(i)));
        const char id = popular[static_cast<std::size_t>(i) % popular.size()];
        hits += cache.find(std::string_view{&id, 1}, kNow) != nullptr;
    }
    EXPECT_EQ(present(cache, popular), popular);
    EXPECT_EQ(hits, 5000u);
}

TEST(SieveCache, EraseUnderTheHandMovesItOn) {
    SieveCache cache = cache_for(8);
    put_all(cache, "abcdefgh");
    cache.find("a", kNow);
    put_all(cache, "i");  // takes b; the hand is on c now
    ASSERT_EQ(present(cache, "abcdefghi"), "acdefghi");
    cache.erase("c");
    put_all(cache, "jk");  // j fits, k needs room: d, where the hand went
    EXPECT_EQ(present(cache, "abcdefghijk"), "aefghijk");
}

TEST(SieveCache, EraseOfTheNewestUnderTheHandStartsAgainAtTheOldest) {
    SieveCache cache = cache_for(8);
    put_all(cache, "abcdefgh");
    for (const char id : std::string{"abcdef"}) cache.find(std::string_view{&id, 1}, kNow);
    put_all(cache, "i");  // clears a to f and takes g; the hand is on h
    ASSERT_EQ(present(cache, "abcdefghi"), "abcdefhi");
    cache.erase("i");
    cache.erase("h");  // the newest now
    put_all(cache, "jkl");
    EXPECT_EQ(present(cache, "abcdefhijkl"), "bcdefjkl");
}

TEST(SieveCache, EraseBelowTakesOlderVersionsOfOneIdOnly) {
    SieveCache cache = cache_for(10);
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

TEST(SieveCache, ClearForgetsAllAndTheCacheGoesOn) {
    SieveCache cache = cache_for(8);
    put_all(cache, "abcdefghij");
    cache.clear();
    EXPECT_EQ(cache.size(), 0u);
    EXPECT_EQ(cache.bytes(), 0u);
    put_all(cache, "abcdefghij");
    EXPECT_EQ(present(cache, "abcdefghij"), "cdefghij");
}

/// SIEVE as the paper's pseudocode has it, on a plain list, the head (newest) first.
class Model {
  public:
    explicit Model(std::size_t capacity) : capacity_{capacity} {}

    bool find(const std::string& id) {
        const auto at = position(id);
        if (at == nodes_.end()) return false;
        at->visited = true;
        return true;
    }
    void erase(const std::string& id) {
        const auto at = position(id);
        if (at != nodes_.end()) remove(at);
    }
    void put(const std::string& id, std::size_t size) {
        erase(id);
        if (size > capacity_ / 2) return;
        while (bytes() + size > capacity_) evict();
        nodes_.push_front({id, size, false});
    }
    std::size_t bytes() const {
        std::size_t sum = 0;
        for (const Node& node : nodes_) sum += node.size;
        return sum;
    }
    std::vector<std::string> ids() const {
        std::vector<std::string> ids;
        for (const Node& node : nodes_) ids.push_back(node.id);
        std::sort(ids.begin(), ids.end());
        return ids;
    }

  private:
    struct Node {
        std::string id;
        std::size_t size;
        bool visited;
    };
    using List = std::list<Node>;

    List::iterator position(const std::string& id) {
        return std::find_if(nodes_.begin(), nodes_.end(), [&](const Node& node) { return node.id == id; });
    }
    List::iterator towards_the_head(List::iterator at) { return at == nodes_.begin() ? nodes_.end() : std::prev(at); }
    void remove(List::iterator at) {
        if (hand_ == at) hand_ = towards_the_head(at);
        nodes_.erase(at);
    }
    void evict() {
        if (hand_ == nodes_.end()) hand_ = std::prev(nodes_.end());
        while (hand_->visited) {
            hand_->visited = false;
            hand_ = towards_the_head(hand_);
            if (hand_ == nodes_.end()) hand_ = std::prev(nodes_.end());
        }
        remove(hand_);
    }

    std::size_t capacity_;
    List nodes_;
    List::iterator hand_ = nodes_.end();
};

TEST(SieveCache, DoesWhatASimpleModelDoesAndNeverExceedsItsBytes) {
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        std::mt19937_64 random{seed};
        const auto pick = [&](std::size_t max) { return std::uniform_int_distribution<std::size_t>{0, max}(random); };
        const std::size_t capacity = (8 + pick(24)) * kEntrySize;
        SieveCache cache{capacity};
        Model model{capacity};
        std::vector<std::string> ids;
        for (int i = 0; i < 60; ++i) ids.push_back("id" + std::to_string(i));
        for (int step = 0; step < 2000; ++step) {
            const std::string& id = ids[pick(pick(1) ? 9 : ids.size() - 1)];
            const std::size_t action = pick(9);
            if (action < 5) {
                ASSERT_EQ(cache.find(id, kNow) != nullptr, model.find(id)) << "seed " << seed << " step " << step;
            } else if (action < 9) {
                const auto entry = make_entry(id, step, std::string(pick(10 * kEntrySize), 'x'));
                cache.put(entry);
                model.put(id, entry->bytes());
            } else {
                cache.erase(id);
                model.erase(id);
            }
            ASSERT_LE(cache.bytes(), capacity);
            ASSERT_EQ(cache.bytes(), model.bytes()) << "seed " << seed << " step " << step;
        }
        std::vector<std::string> kept;
        for (const std::string& id : ids) {
            if (cache.find_stale(id)) kept.push_back(id);
        }
        std::sort(kept.begin(), kept.end());
        EXPECT_EQ(kept, model.ids()) << "seed " << seed;
        EXPECT_EQ(cache.size(), kept.size());
    }
}

}  // namespace
}  // namespace snippetd::cache
