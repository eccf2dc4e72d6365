#include "support/cache_site.hpp"

#include <exception>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

/// Loads, flights, and what is kept.
namespace snippetd::cache {
namespace {

using namespace std::chrono_literals;

TEST(LocalCache, AThousandConcurrentReadsOfOneIdAreOneLoad) {
    Site site{1};
    std::vector<Site::Reading> readings;
    for (int i = 0; i < 1000; ++i) {
        readings.push_back(site.read(0, "a"));
        if (i == 500) site.settle();  // half of them while the load is under way
    }
    site.settle();
    ASSERT_EQ(site.source.loads.size(), 1u);
    for (const auto& reading : readings) ASSERT_FALSE(reading->done);
    site.source.release();
    site.settle();
    for (const auto& reading : readings) {
        ASSERT_TRUE(reading->done);
        ASSERT_EQ(reading->version(), 1);
        ASSERT_EQ(reading->read.status, Status::miss);
    }
    EXPECT_EQ(site.counted("miss"), 1000u);

    const auto later = site.read(0, "a");
    site.settle();
    EXPECT_EQ(later->read.status, Status::near_hit);
    EXPECT_EQ(site.caches[0]->find_near("a", base::steady_now()), later->read.fill.entry);
    EXPECT_EQ(site.counted("near_hit"), 2u);
    EXPECT_EQ(site.source.loads.size(), 1u);
}

TEST(LocalCache, DifferentIdsAreLoadedAtTheSameTime) {
    Site site{1};
    std::vector<Site::Reading> readings;
    for (const char* id : {"a", "b", "c", "a"}) readings.push_back(site.read(0, id));
    site.settle();
    ASSERT_EQ(site.source.loads.size(), 3u);
    site.source.release(1);
    site.settle();
    EXPECT_TRUE(readings[1]->done);
    EXPECT_FALSE(readings[0]->done || readings[2]->done || readings[3]->done);
    site.release_all();
    EXPECT_EQ(readings[1]->read.fill.entry->id, "b");
    EXPECT_EQ(readings[2]->read.fill.entry->id, "c");
    EXPECT_EQ(readings[3]->read.fill.entry->id, "a");
}

TEST(LocalCache, AFailureReachesAllWhoWaitAndIsNotRemembered) {
    Site site{1};
    site.source.error = away();
    const std::vector<Site::Reading> readings{site.read(0, "a"), site.read(0, "a")};
    site.release_all();
    EXPECT_EQ(site.source.loads.size(), 1u);
    for (const auto& reading : readings) EXPECT_TRUE(reading->unavailable());
    site.source.error = nullptr;
    const auto again = site.read(0, "a");
    site.release_all();
    EXPECT_EQ(again->version(), 1);
}

TEST(LocalCache, AnEntryIsCopiedToAWorkerWhenItIsReadAgain) {
    Site site{2};
    const auto first = site.read(0, "a");
    site.release_all();
    const auto again = site.read(0, "a");
    site.settle();
    EXPECT_EQ(again->read.status, Status::near_hit);
    EXPECT_NE(again->read.fill.entry, first->read.fill.entry) << "a copy of its own";
    EXPECT_EQ(site.caches[0]->find_near("a", base::steady_now()), again->read.fill.entry);
    EXPECT_EQ(site.source.loads.size(), 1u);
}

TEST(LocalCache, WhatOneWorkerHasLoadedNoOtherLoadsAgain) {
    Site site{2};
    const auto first = site.read(0, "a");
    site.release_all();
    const auto second = site.read(1, "a");
    site.settle();
    ASSERT_TRUE(second->done);
    EXPECT_EQ(second->read.status, Status::near_hit);
    EXPECT_NE(second->read.fill.entry, first->read.fill.entry) << "a copy of its own";
    EXPECT_EQ(site.caches[1]->find_near("a", base::steady_now()), second->read.fill.entry);
    EXPECT_EQ(site.source.loads.size(), 1u);
}

TEST(LocalCache, ALoneWorkerKeepsNothingTwice) {
    Site site{1};
    site.read(0, "a");
    site.release_all();
    EXPECT_NE(site.caches[0]->find_near("a", base::steady_now()), nullptr);
    EXPECT_EQ(site.shared.copy("a", base::steady_now()), nullptr);
}

/// By the worker that has loaded it, and by another one.
class StaleIfError : public testing::TestWithParam<std::size_t> {};

TEST_P(StaleIfError, WhileTheStoreIsAwayWhatHasOutlivedItsTtlIsServed) {
    const std::size_t workers = GetParam(), reader = workers - 1;
    Site site{workers};
    site.source.hold = false;
    site.source.fill = [](const std::string& id) { return Fill{test::make_stale_entry(id, 3), nullptr}; };
    site.read(0, "a");
    site.settle();
    EXPECT_EQ(site.caches[reader]->find_near("a", base::steady_now()), nullptr);
    site.source.error = away();
    const auto stale = site.read(reader, "a");
    const auto unknown = site.read(reader, "b");
    site.settle();
    EXPECT_EQ(stale->version(), 3);
    EXPECT_EQ(stale->read.status, Status::near_hit);
    EXPECT_TRUE(unknown->unavailable());
    EXPECT_EQ(site.source.loads.size(), 3u) << "the store is asked first";
}
INSTANTIATE_TEST_SUITE_P(LocalCache, StaleIfError, testing::Values(1, 2));

TEST(LocalCache, StaleIfErrorEndsWithTheSnippetsOwnExpiryWithAnInvalidationAndForNegativeEntries) {
    Site site{1};
    site.source.hold = false;
    site.source.fill = [](const std::string& id) {
        const auto entry = test::make_stale_entry(id);
        if (id == "expired") entry->expire_in(base::Milliseconds{0});
        if (id == "expires") entry->expire_in(base::Milliseconds{3'600'000});
        if (id == "missing") entry->kind = Entry::Kind::missing;
        return Fill{entry, nullptr};
    };
    const std::vector<std::string> ids{"expired", "expires", "missing", "invalidated"};
    for (const std::string& id : ids) site.read(0, id);
    site.settle();
    site.invalidate(0, "invalidated", 2);
    site.settle();
    site.source.error = away();
    for (const std::string& id : ids) {
        const auto reading = site.read(0, id);
        site.settle();
        EXPECT_EQ(reading->unavailable(), id != "expires") << id;
    }
}

TEST(LocalCache, AnErrorThatIsNotUnavailableReachesAllWhoWaitAndNothingStaleIsServed) {
    Site site{1};
    site.source.hold = false;
    site.source.fill = [](const std::string& id) { return Fill{test::make_stale_entry(id), nullptr}; };
    site.read(0, "a");
    site.settle();
    site.source.error = std::make_exception_ptr(std::logic_error{"a defect"});
    const std::vector<Site::Reading> readings{site.read(0, "a"), site.read(0, "a")};
    site.settle();
    for (const auto& reading : readings) {
        ASSERT_TRUE(reading->done && reading->error);
        EXPECT_THROW(std::rethrow_exception(reading->error), std::logic_error);
    }
}

TEST(LocalCache, NegativeEntriesAreKeptAndCountedApart) {
    for (const Entry::Kind kind : {Entry::Kind::missing, Entry::Kind::gone}) {
        Site site{2};
        site.source.hold = false;
        site.source.fill = [kind](const std::string& id) {
            const auto entry = test::make_entry(id, 0);
            entry->kind = kind;
            return Fill{entry, nullptr};
        };
        site.read(0, "a");
        site.settle();
        const auto again = site.read(0, "a");
        const auto elsewhere = site.read(1, "a");
        site.settle();
        EXPECT_EQ(again->read.fill.entry->kind, kind);
        EXPECT_EQ(elsewhere->read.fill.entry->kind, kind);
        EXPECT_EQ(site.source.loads.size(), 1u);
        EXPECT_EQ(site.counted("negative_hit"), 2u);
        EXPECT_EQ(site.counted("near_hit"), 0u);
    }
}

TEST(LocalCache, WhatMayNotBeCachedIsGivenToWhoeverWaitsAndForgotten) {
    Site site{2};
    site.source.fill = [](const std::string& id) {
        auto snippet = std::make_shared<model::Snippet>();
        snippet->id = id;
        return Fill{nullptr, snippet};
    };
    const std::vector<Site::Reading> readings{site.read(0, "a"), site.read(0, "a")};
    site.release_all();
    for (const auto& reading : readings) {
        ASSERT_TRUE(reading->read.fill.snippet);
        EXPECT_EQ(reading->read.fill.snippet->id, "a");
        EXPECT_EQ(reading->read.fill.entry, nullptr);
    }
    site.read(0, "a");
    site.read(1, "a");
    site.release_all();
    EXPECT_EQ(site.source.loads.size(), 3u);
}

TEST(LocalCache, AReaderWhoseDeadlinePassesGoesAndTheFlightGoesOn) {
    Site site{1};
    const auto patient = site.read(0, "a");
    const auto hasty = site.read(0, "a", base::steady_now());
    ASSERT_TRUE(test::wait_until([&] {
        site.settle();
        return hasty->done;
    }));
    EXPECT_TRUE(hasty->unavailable());
    EXPECT_FALSE(patient->done);
    site.release_all();
    EXPECT_EQ(patient->version(), 1);
    EXPECT_NE(site.caches[0]->find_near("a", base::steady_now()), nullptr);
}

TEST(LocalCache, FlightsAreBounded) {
    Site site{1};
    std::vector<Site::Reading> readings;
    for (std::size_t i = 0; i < LocalCache::kFlightsMax; ++i) readings.push_back(site.read(0, std::to_string(i)));
    site.settle();
    const auto one_more = site.read(0, "one more");
    const auto passenger = site.read(0, "0");
    site.settle();
    ASSERT_TRUE(one_more->done);
    EXPECT_TRUE(one_more->unavailable());
    EXPECT_FALSE(passenger->done) << "a flight that is under way takes any number";
    site.source.hold = false;
    site.release_all();
    for (const auto& reading : readings) ASSERT_EQ(reading->version(), 1);
    EXPECT_EQ(passenger->version(), 1);
    const auto later = site.read(0, "one more");
    site.settle();
    EXPECT_EQ(later->version(), 1);
}

TEST(LocalCache, SwitchedOffEveryReadIsALoadOfItsOwn) {
    Site site{2, {false, Site::kNearBytes, true}};
    const base::Deadline deadline = base::deadline_in(7s);
    const std::vector<Site::Reading> readings{site.read(0, "a", deadline), site.read(0, "a", deadline)};
    site.settle();
    ASSERT_EQ(site.source.loads.size(), 2u);
    EXPECT_EQ(site.source.loads[0]->deadline, deadline);
    site.release_all();
    for (const auto& reading : readings) {
        EXPECT_EQ(reading->version(), 1);
        EXPECT_EQ(reading->read.status, Status::miss);
    }
    EXPECT_EQ(site.caches[0]->find_near("a", base::steady_now()), nullptr);
    EXPECT_EQ(site.shared.copy("a", base::steady_now()), nullptr);
    site.source.error = away();
    const auto failed = site.read(0, "a");
    site.release_all();
    EXPECT_TRUE(failed->unavailable());
}

TEST(LocalCache, WithoutANearCacheTheSharedOneAndSingleFlightStillWork) {
    Site site{2, {true, 0, true}};
    const std::vector<Site::Reading> readings{site.read(0, "a"), site.read(0, "a")};
    site.release_all();
    EXPECT_EQ(site.source.loads.size(), 1u);
    EXPECT_EQ(readings[1]->version(), 1);
    EXPECT_NE(site.caches[0]->find_near("a", base::steady_now()), nullptr);
    const auto again = site.read(1, "a");
    site.settle();
    EXPECT_EQ(again->version(), 1);
    site.source.version = 2;
    site.invalidate(0, "a", 2);
    const auto newer = site.read(1, "a");
    site.release_all();
    EXPECT_EQ(newer->version(), 2);
}

TEST(LocalCache, UpdateCountReachesThisWorkersEntryOnly) {
    Site site{2};
    site.read(0, "a");
    site.release_all();
    for (const std::size_t worker : {0, 1}) site.read(worker, "a");
    site.settle();
    const auto entry = site.caches[0]->find_near("a", base::steady_now());
    ASSERT_NE(entry, nullptr);
    site.caches[0]->update_count("a", 41);
    site.caches[0]->update_count("unknown", 1);
    EXPECT_EQ(entry->view_count, 41);
    EXPECT_EQ(site.caches[1]->find_near("a", base::steady_now())->view_count, 0);
    EXPECT_EQ(site.source.loads.size(), 1u);
}

TEST(LocalCache, AnOldVersionIsNotKeptWhenTheStoreCannotSayWhatIsNewer) {
    for (const std::size_t workers : {1u, 2u}) {
        Site site{workers};
        site.source.hold = false;
        site.source.fill = [&site](const std::string& id) {
            if (!site.source.loads.empty()) throw base::Unavailable{"the store is away"};
            return Fill{test::make_entry(id, 1), nullptr, Status::redis_hit};
        };
        site.invalidate(0, "a", 2);  // Redis has not heard of it
        site.settle();
        for (int i = 0; i < 2; ++i) {
            const auto reading = site.read(0, "a");
            site.settle();
            EXPECT_TRUE(reading->unavailable()) << workers;
            EXPECT_EQ(reading->version(), 0) << "the write has been acknowledged here";
        }
        EXPECT_EQ(site.caches[0]->find_near("a", base::steady_now()), nullptr);
    }
}

}  // namespace
}  // namespace snippetd::cache
