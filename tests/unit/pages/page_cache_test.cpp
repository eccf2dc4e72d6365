#include "pages/page_cache.hpp"

#include <string>

#include <gtest/gtest.h>

namespace snippetd::pages {
namespace {

const base::SteadyTime kStart = base::SteadyTime{} + std::chrono::hours{1};

std::shared_ptr<Page> page_of(const std::string& key, std::int64_t version, std::size_t size = 1000) {
    auto page = std::make_shared<Page>();
    page->key = key;
    page->version = version;
    page->view_count = 5;
    page->renew_from = kStart + PageCache::kCountAgeMax;
    page->identity.assign(size, 'x');
    return page;
}

TEST(PageCache, GivesThePageOfTheVersionThatIsAskedFor) {
    PageCache cache{100000};
    EXPECT_EQ(cache.find("a", 1, 5, kStart), nullptr);
    cache.put(page_of("a", 2));
    EXPECT_NE(cache.find("a", 2, 5, kStart), nullptr);
    EXPECT_EQ(cache.find("a", 3, 5, kStart), nullptr);
    EXPECT_EQ(cache.find("a", 1, 5, kStart), nullptr);
    cache.put(page_of("a", 3));
    EXPECT_NE(cache.find("a", 3, 5, kStart), nullptr);
    EXPECT_EQ(cache.find("a", 2, 5, kStart), nullptr);
    EXPECT_EQ(cache.size(), 1u);
}

TEST(PageCache, ANewCountIsShownAfterAWhileAndOneReaderHasItRendered) {
    PageCache cache{100000};
    cache.put(page_of("a", 1));
    const base::SteadyTime later = kStart + PageCache::kCountAgeMax;
    EXPECT_NE(cache.find("a", 1, 6, later - base::Milliseconds{1}), nullptr);
    EXPECT_NE(cache.find("a", 1, 5, later), nullptr) << "the count is the same";
    EXPECT_EQ(cache.find("a", 1, 6, later), nullptr);
    EXPECT_NE(cache.find("a", 1, 6, later), nullptr) << "the others do not wait";
    EXPECT_EQ(cache.find("a", 1, 6, later + PageCache::kCountAgeMax), nullptr)
        << "when whoever was to render it has failed, the next one is asked";
}

TEST(PageCache, IsBoundedAndLetsTheLongestUnusedGo) {
    const std::size_t one = page_of("a0", 1)->bytes();
    PageCache cache{one * 10};
    for (int i = 0; i < 10; ++i) cache.put(page_of("a" + std::to_string(i), 1));
    EXPECT_EQ(cache.size(), 10u);
    EXPECT_NE(cache.find("a0", 1, 5, kStart), nullptr);
    cache.put(page_of("b0", 1));
    EXPECT_LE(cache.bytes(), one * 10);
    EXPECT_NE(cache.find("a0", 1, 5, kStart), nullptr) << "it has just been used";
    EXPECT_EQ(cache.find("a1", 1, 5, kStart), nullptr);
}

TEST(PageCache, WhatIsTooLargeIsNotKeptNorIsAnythingWithoutRoom) {
    PageCache cache{80000};
    cache.put(page_of("a", 1, 20000));
    EXPECT_EQ(cache.size(), 0u);
    PageCache none{0};
    none.put(page_of("a", 1, 1));
    EXPECT_EQ(none.size(), 0u);
}

TEST(PageCache, ALargerPageInThePlaceOfASmallerOneThatIsNotKeptLeavesNothingOld) {
    PageCache cache{80000};
    cache.put(page_of("a", 1, 100));
    cache.put(page_of("a", 2, 20000));
    EXPECT_EQ(cache.find("a", 1, 5, kStart), nullptr);
    EXPECT_EQ(cache.bytes(), 0u);
}

}  // namespace
}  // namespace snippetd::pages
