#include "base/sieve_cache.hpp"

#include <algorithm>
#include <list>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

namespace snippetd::base {
namespace {

struct Value {
    std::string key;
    std::size_t size;
    int number = 0;

    std::string_view cache_key() const { return key; }
    std::size_t bytes() const { return size; }
};
using Cache = SieveCache<Value>;

constexpr std::size_t kSize = 100;

std::shared_ptr<Value> make(std::string key, std::size_t size = kSize, int number = 0) {
    return std::make_shared<Value>(Value{std::move(key), size, number});
}

/// A cache for `count` values of that size.
Cache cache_for(std::size_t count) {
    return Cache{count * kSize};
}

void put_all(Cache& cache, const std::string& keys) {
    for (const char key : keys) cache.put(make(std::string{key}));
}

/// Which of `keys` are there, without marking them as visited.
std::string present(const Cache& cache, const std::string& keys) {
    std::string found;
    for (const char key : keys) {
        if (cache.peek(std::string_view{&key, 1})) found += key;
    }
    return found;
}

TEST(SieveCache, FindsWhatWasPut) {
    Cache cache = cache_for(10);
    const auto entry = make("a");
    cache.put(entry);
    EXPECT_EQ(cache.find("a"), entry);
    EXPECT_EQ(cache.find("b"), nullptr);
    EXPECT_EQ(cache.size(), 1u);
    EXPECT_EQ(cache.bytes(), entry->bytes());
}

TEST(SieveCache, AReplacementTakesTheBytesAndThePlaceOfTheOldOne) {
    Cache cache{100 * kSize};
    cache.put(make("a", 5 * kSize));
    const auto newer = make("a", kSize / 2);
    cache.put(newer);
    EXPECT_EQ(cache.find("a"), newer);
    EXPECT_EQ(cache.size(), 1u);
    EXPECT_EQ(cache.bytes(), newer->bytes());
    EXPECT_EQ(cache.evictions(), 0u);
}

TEST(SieveCache, PuttingTheSameEntryAgainKeepsIt) {
    Cache cache = cache_for(10);
    const auto entry = make("a");
    cache.put(entry);
    cache.put(cache.peek("a"));
    EXPECT_EQ(cache.find("a"), entry);
    EXPECT_EQ(cache.bytes(), entry->bytes());
}

TEST(SieveCache, AnEntryAboveHalfIsNotKeptAndDisplacesOnlyItsOlderSelf) {
    Cache cache = cache_for(4);
    put_all(cache, "abc");
    cache.put(make("b", 2 * kSize + 1));
    EXPECT_EQ(present(cache, "abc"), "ac") << "the old version must not stay behind";
    EXPECT_EQ(cache.evictions(), 0u);
}

TEST(SieveCache, HowLargeAnEntryMayBeCanBeSaid) {
    Cache cache{4 * kSize, 4 * kSize};
    put_all(cache, "abcd");
    cache.put(make("e", 4 * kSize));
    EXPECT_EQ(present(cache, "abcde"), "e") << "all others have given way";
    cache.put(make("f", 4 * kSize + 1));
    EXPECT_EQ(present(cache, "ef"), "e");
}

TEST(SieveCache, OneLapOfTheHandMayFindNothing) {
    Cache cache = cache_for(8);
    EXPECT_FALSE(cache.evict_unread());
    put_all(cache, "ab");
    cache.find("a");
    cache.find("b");
    EXPECT_FALSE(cache.evict_unread()) << "both have been read";
    EXPECT_TRUE(cache.evict_unread());
    EXPECT_EQ(present(cache, "ab"), "b");
}

TEST(SieveCache, WithoutCapacityNothingIsKept) {
    Cache cache{0};
    cache.put(make("a"));
    EXPECT_EQ(cache.find("a"), nullptr);
    EXPECT_EQ(cache.bytes(), 0u);
    cache.erase("a");
    EXPECT_EQ(cache.size(), 0u);
}

TEST(SieveCache, EvictsTheOldestFirstWhenNothingIsRead) {
    Cache cache = cache_for(8);
    put_all(cache, "abcdefgh");
    put_all(cache, "ij");
    EXPECT_EQ(present(cache, "abcdefghij"), "cdefghij");
    EXPECT_EQ(cache.evictions(), 2u);
}

TEST(SieveCache, WhatWasReadIsPassedOverOnce) {
    Cache cache = cache_for(8);
    put_all(cache, "abcdefgh");
    cache.find("a");
    cache.find("b");
    put_all(cache, "i");  // the hand clears a and b and takes c
    EXPECT_EQ(present(cache, "abcdefghi"), "abdefghi");
    put_all(cache, "jklmno");
    EXPECT_EQ(present(cache, "abcdefghijklmno"), "abjklmno")
        << "the hand goes on from where it stopped, up to the newest";
}

TEST(SieveCache, TheHandGoesOnFromTheOldestAfterTheNewest) {
    Cache cache = cache_for(8);
    put_all(cache, "abcdefgh");
    for (const char id : std::string{"abcdefgh"}) cache.find(std::string_view{&id, 1});
    put_all(cache, "i");
    EXPECT_EQ(present(cache, "abcdefghi"), "bcdefghi") << "all were read: one round clears them, then the oldest goes";
}

TEST(SieveCache, AScanDoesNotDisplaceWhatIsPopular) {
    Cache cache = cache_for(64);
    const std::string popular = "abcdefgh";
    put_all(cache, popular);
    std::size_t hits = 0;
    for (int i = 0; i < 5000; ++i) {
        cache.put(make("scan " + std::to_string(i)));
        const char id = popular[static_cast<std::size_t>(i) % popular.size()];
        hits += cache.find(std::string_view{&id, 1}) != nullptr;
    }
    EXPECT_EQ(present(cache, popular), popular);
    EXPECT_EQ(hits, 5000u);
}

TEST(SieveCache, EraseUnderTheHandMovesItOn) {
    Cache cache = cache_for(8);
    put_all(cache, "abcdefgh");
    cache.find("a");
    put_all(cache, "i");  // takes b; the hand is on c now
    ASSERT_EQ(present(cache, "abcdefghi"), "acdefghi");
    cache.erase("c");
    put_all(cache, "jk");  // j fits, k needs room: d, where the hand went
    EXPECT_EQ(present(cache, "abcdefghijk"), "aefghijk");
}

TEST(SieveCache, EraseOfTheNewestUnderTheHandStartsAgainAtTheOldest) {
    Cache cache = cache_for(8);
    put_all(cache, "abcdefgh");
    for (const char id : std::string{"abcdef"}) cache.find(std::string_view{&id, 1});
    put_all(cache, "i");  // clears a to f and takes g; the hand is on h
    ASSERT_EQ(present(cache, "abcdefghi"), "abcdefhi");
    cache.erase("i");
    cache.erase("h");  // the newest now
    put_all(cache, "jkl");
    EXPECT_EQ(present(cache, "abcdefhijkl"), "bcdefjkl");
}

TEST(SieveCache, ClearForgetsAllAndTheCacheGoesOn) {
    Cache cache = cache_for(8);
    put_all(cache, "abcdefghij");
    cache.clear();
    EXPECT_EQ(cache.size(), 0u);
    EXPECT_EQ(cache.bytes(), 0u);
    put_all(cache, "abcdefghij");
    EXPECT_EQ(present(cache, "abcdefghij"), "cdefghij");
}

TEST(SieveCache, WhatIsRefusedHasNotBeenReadAndIsNotProtected) {
    Cache cache = cache_for(8);
    put_all(cache, "abcdefgh");
    EXPECT_EQ(cache.find_if("a", [](const Value&) { return false; }), nullptr);
    EXPECT_NE(cache.find_if("b", [](const Value& value) { return value.key == "b"; }), nullptr);
    put_all(cache, "i");
    EXPECT_EQ(present(cache, "ab"), "b");
}

TEST(SieveCache, ErasesOneOrAllOfWhatIsNotGoodAnyMore) {
    Cache cache = cache_for(16);
    for (int i = 0; i < 10; ++i) cache.put(make(std::to_string(i), kSize, i % 3));
    cache.erase_if("4", [](const Value& value) { return value.number != 1; });
    cache.erase_if("none", [](const Value&) { return true; });
    EXPECT_EQ(cache.size(), 10u);
    cache.erase_if("4", [](const Value& value) { return value.number == 1; });
    EXPECT_EQ(present(cache, "0123456789"), "012356789");
    cache.erase_all_if([](const Value& value) { return value.number == 0; });
    EXPECT_EQ(present(cache, "0123456789"), "12578");
    EXPECT_EQ(cache.bytes(), 5 * kSize);
}

TEST(SieveCache, HasRoomForWhatItWouldKeep) {
    const Cache cache{10 * kSize, 3 * kSize};
    EXPECT_TRUE(cache.has_room_for(*make("a", 3 * kSize)));
    EXPECT_FALSE(cache.has_room_for(*make("a", 3 * kSize + 1)));
}

TEST(SieveCacheDeathTest, AValueThatChangesItsSizeWhileItIsKeptEndsTheProcess) {
    const auto change = [] {
        Cache cache = cache_for(10);
        const auto value = make("a");
        cache.put(value);
        value->size = 7;
        cache.erase("a");
    };
    EXPECT_DEATH(change(), "does not hold.*node.bytes == node.value->bytes.*7, 100, 100");
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
        const std::size_t capacity = (8 + pick(24)) * kSize;
        Cache cache{capacity};
        Model model{capacity};
        std::vector<std::string> ids;
        for (int i = 0; i < 60; ++i) ids.push_back("id" + std::to_string(i));
        for (int step = 0; step < 2000; ++step) {
            const std::string& id = ids[pick(pick(1) ? 9 : ids.size() - 1)];
            const std::size_t action = pick(9);
            if (action < 5) {
                ASSERT_EQ(cache.find(id) != nullptr, model.find(id)) << "seed " << seed << " step " << step;
            } else if (action < 9) {
                const auto entry = make(id, kSize / 2 + pick(10 * kSize), step);
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
            if (cache.peek(id)) kept.push_back(id);
        }
        std::sort(kept.begin(), kept.end());
        EXPECT_EQ(kept, model.ids()) << "seed " << seed;
        EXPECT_EQ(cache.size(), kept.size());
    }
}

}  // namespace
}  // namespace snippetd::base
