#include "support/cache_site.hpp"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

/// Entries that are large, and not whole at first.
namespace snippetd::cache {
namespace {

/// Sites whose entries are large and not whole.
class LargeEntries : public testing::TestWithParam<std::size_t> {
  protected:
    LargeEntries() {
        site.source.fill = [this](const std::string& id) {
            auto entry = test::make_entry(id, site.source.version, std::string(100'000, 'x'));
            entry->completion = std::make_shared<Entry::Completion>();
            return Fill{std::move(entry), nullptr};
        };
    }
    std::shared_ptr<const Entry> load(std::size_t worker) {
        const auto reading = site.read(worker, "a");
        site.release_all();
        return reading->read.fill.entry;
    }

    Site site{GetParam()};
};

TEST_P(LargeEntries, AreInMemoryOnceForAllWorkers) {
    const auto entry = load(0);
    ASSERT_TRUE(entry);
    for (std::size_t worker = 0; worker < GetParam(); ++worker) {
        EXPECT_EQ(site.caches[worker]->find_near("a", base::steady_now()), entry) << worker;
        EXPECT_EQ(load(worker), entry) << worker;
    }
    EXPECT_EQ(site.source.loads.size(), 1u);
}

TEST_P(LargeEntries, AreMadeWholeOnceForAllWhoWaitAndAreKeptSo) {
    const auto entry = load(0);
    const std::vector<Site::Reading> waiting{site.complete(0, entry), site.complete(0, entry)};
    site.settle();
    ASSERT_EQ(site.source.completed.size(), 1u);
    EXPECT_FALSE(waiting[0]->done || waiting[1]->done);
    site.source.release_completion();
    site.settle();
    const auto whole = waiting[0]->read.fill.entry;
    ASSERT_TRUE(whole && whole->whole());
    EXPECT_EQ(waiting[1]->read.fill.entry, whole);
    for (std::size_t worker = 0; worker < GetParam(); ++worker) {
        EXPECT_EQ(site.caches[worker]->find_near("a", base::steady_now()), whole) << worker;
    }
    const auto again = site.complete(0, whole);
    site.settle();
    EXPECT_EQ(again->read.fill.entry, whole);
    EXPECT_EQ(site.source.completed.size(), 1u) << "it is whole already";
}

TEST_P(LargeEntries, WhatIsMadeOfAnOldVersionIsNotPutBack) {
    const auto entry = load(0);
    const auto completing = site.complete(0, entry);
    site.settle();
    site.source.version = 2;
    site.invalidate(0, "a", 2);
    site.settle();
    const auto newer = load(0);
    ASSERT_EQ(newer->version, 2);
    site.source.release_completion();
    site.settle();
    EXPECT_EQ(completing->version(), 1) << "it was asked for before the write was acknowledged";
    EXPECT_EQ(site.caches[0]->find_near("a", base::steady_now()), newer);
}

TEST_P(LargeEntries, AFailureToMakeThemWholeReachesAllAndIsNotRemembered) {
    const auto entry = load(0);
    site.source.error = away();
    const std::vector<Site::Reading> failing{site.complete(0, entry), site.complete(0, entry)};
    site.settle();
    site.source.release_completion();
    site.settle();
    for (const auto& reading : failing) EXPECT_TRUE(reading->unavailable());
    site.source.error = nullptr;
    const auto again = site.complete(0, entry);
    site.settle();
    site.source.release_completion();
    site.settle();
    EXPECT_TRUE(again->read.fill.entry && again->read.fill.entry->whole());
}

TEST_P(LargeEntries, AreServedWhileTheStoreIsAway) {
    site.source.fill = [](const std::string& id) {
        auto entry = test::make_stale_entry(id, 1, std::string(100'000, 'x'));
        return Fill{std::move(entry), nullptr};
    };
    const auto entry = load(0);
    site.source.error = away();
    for (std::size_t worker = 0; worker < GetParam(); ++worker) EXPECT_EQ(load(worker), entry) << worker;
}
INSTANTIATE_TEST_SUITE_P(LocalCache, LargeEntries, testing::Values(1u, 2u, 6u));

}  // namespace
}  // namespace snippetd::cache
