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
    page->claim(kStart);
    page->identity.assign(size, 'x');
    return page;
}

TEST(PageCache, GivesThePageOfTheVersionThatIsAskedFor) {
    PageCache cache{100000};
    EXPECT_EQ(cache.find("a", 1), nullptr);
    cache.put(page_of("a", 2));
    EXPECT_NE(cache.find("a", 2), nullptr);
    EXPECT_EQ(cache.find("a", 3), nullptr);
    EXPECT_EQ(cache.find("a", 1), nullptr);
    cache.put(page_of("a", 3));
    EXPECT_NE(cache.find("a", 3), nullptr);
    EXPECT_EQ(cache.find("a", 2), nullptr);
    EXPECT_EQ(cache.size(), 1u);
}

TEST(PageCache, ANewCountIsShownAfterAWhileAndOneReaderHasItRendered) {
    const std::shared_ptr<Page> page = page_of("a", 1);
    const base::SteadyTime later = kStart + Page::kCountAgeMax;
    EXPECT_FALSE(page->due(6, later - base::Milliseconds{1}));
    EXPECT_FALSE(page->due(5, later)) << "the count is the same";
    EXPECT_TRUE(page->due(6, later));
    page->claim(later);
    EXPECT_FALSE(page->due(6, later)) << "the others do not wait";
    EXPECT_TRUE(page->due(6, later + Page::kCountAgeMax)) << "when whoever was to render it has failed";
}

TEST(PageCache, IsBoundedAndLetsGoWhatNobodyHasRead) {
    const std::size_t one = page_of("a0", 1)->bytes();
    PageCache cache{one * 10};
    for (int i = 0; i < 10; ++i) cache.put(page_of("a" + std::to_string(i), 1));
    EXPECT_EQ(cache.size(), 10u);
    EXPECT_NE(cache.find("a0", 1), nullptr);
    cache.put(page_of("b0", 1));
    EXPECT_LE(cache.bytes(), one * 10);
    EXPECT_NE(cache.find("a0", 1), nullptr) << "it has just been used";
    EXPECT_EQ(cache.find("a1", 1), nullptr);
}

TEST(PageCache, WhatIsTooLargeIsNotKeptNorIsAnythingWithoutRoom) {
    PageCache cache{80000};
    cache.put(page_of("a", 1, 45000));
    EXPECT_EQ(cache.size(), 0u);
    cache.put(page_of("a", 1, 35000));
    EXPECT_EQ(cache.size(), 1u);
    PageCache none{0};
    none.put(page_of("a", 1, 1));
    EXPECT_EQ(none.size(), 0u);
}

TEST(PageCache, ALargerPageInThePlaceOfASmallerOneThatIsNotKeptLeavesNothingOld) {
    PageCache cache{80000};
    cache.put(page_of("a", 1, 100));
    cache.put(page_of("a", 2, 45000));
    EXPECT_EQ(cache.find("a", 1), nullptr);
    EXPECT_EQ(cache.bytes(), 0u);
}

}  // namespace
}  // namespace snippetd::pages
