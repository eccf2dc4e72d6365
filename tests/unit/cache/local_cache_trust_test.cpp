#include "base/unreachable.hpp"
#include "support/cache_site.hpp"

#include <algorithm>
#include <exception>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

/// Where other instances write too: what may be believed, for how long, and refreshes.
namespace snippetd::cache {
namespace {

using namespace std::chrono_literals;

TEST(LocalCache, WhatComesFromRedisIsSaidAndCountedSo) {
    Site site{1};
    site.source.fill = [](const std::string& id) {
        const auto entry = test::make_entry(id);
        if (id == "missing") entry->kind = Entry::Kind::missing;
        return Fill{entry, nullptr, Status::redis_hit};
    };
    const std::vector<Site::Reading> readings{site.read(0, "a"), site.read(0, "a"), site.read(0, "missing")};
    site.release_all();
    for (const auto& reading : readings) EXPECT_EQ(reading->read.status, Status::redis_hit);
    EXPECT_EQ(site.counted("redis_hit"), 2u);
    EXPECT_EQ(site.counted("negative_hit"), 1u);
    EXPECT_EQ(site.counted("miss"), 0u);
    const auto again = site.read(0, "a");
    site.settle();
    EXPECT_EQ(again->read.status, Status::near_hit);
    EXPECT_EQ(site.counted("near_hit"), 1u);
    EXPECT_EQ(site.counted("redis_hit"), 2u);
}

TEST(LocalCache, SwitchedOffWhatComesFromRedisIsSaidAndCountedSo) {
    Site site{1, {false, Site::kNearBytes, true}};
    site.source.hold = false;
    site.source.fill = [](const std::string& id) { return Fill{test::make_entry(id), nullptr, Status::redis_hit}; };
    const auto reading = site.read(0, "a");
    site.settle();
    EXPECT_EQ(reading->read.status, Status::redis_hit);
    EXPECT_EQ(reading->version(), 1);
    EXPECT_EQ(site.counted("redis_hit"), 1u);
}

/// Where other instances write too.
class AmongOthers : public testing::Test {
  protected:
    AmongOthers() {
        site.source.hold = false;
        site.source.fill = [this](const std::string& id) {
            const auto entry = test::make_entry(id, site.source.version);
            entry->loaded_at = loaded_at;
            if (refresh_due) entry->refresh_from = start;
            return Fill{entry, nullptr};
        };
    }
    /// Proofs without a gap from `from` until long after the test.
    void prove(std::size_t worker, base::SteadyTime from, std::uint64_t connection) {
        for (base::SteadyTime asked = from; asked < start + 1h; asked += Trust::kSilenceMax) {
            site.caches[worker]->proven({asked, asked, connection});
        }
    }
    void read_to_the_end(std::size_t worker) {
        site.read(worker, "a");
        site.settle();
    }

    const base::SteadyTime start = base::steady_now();
    base::SteadyTime loaded_at = start - 1s;
    bool refresh_due = false;
    Site site{2, {true, Site::kNearBytes, false}};
};

TEST_F(AmongOthers, WithoutAProofAnEntryIsServedForAMomentAfterItsLoadOnly) {
    loaded_at = start - Trust::kSilenceMax;
    for (const std::size_t loads : {1u, 2u, 3u}) {
        read_to_the_end(0);
        EXPECT_EQ(site.source.loads.size(), loads);
        EXPECT_EQ(site.caches[0]->find_near("a", base::steady_now()), nullptr);
    }
    read_to_the_end(1);
    EXPECT_EQ(site.source.loads.size(), 4u) << "another worker does not get it from the shared cache either";

    loaded_at = start + 1h;  // its moment lasts longer than any test
    for (const std::size_t worker : {0, 0, 1}) read_to_the_end(worker);
    EXPECT_EQ(site.source.loads.size(), 5u);
    EXPECT_NE(site.caches[0]->find_near("a", base::steady_now()), nullptr);
    EXPECT_NE(site.caches[1]->find_near("a", base::steady_now()), nullptr);
}

TEST_F(AmongOthers, AnEntryIsServedWhileProofsCoverIt) {
    prove(0, loaded_at, 1);
    read_to_the_end(0);
    read_to_the_end(0);
    EXPECT_NE(site.caches[0]->find_near("a", base::steady_now()), nullptr);
    EXPECT_EQ(site.source.loads.size(), 1u);
    read_to_the_end(1);
    EXPECT_EQ(site.source.loads.size(), 2u) << "each worker has to hear of the proofs itself";
    prove(1, loaded_at + 1ms, 1);
    read_to_the_end(1);
    EXPECT_EQ(site.source.loads.size(), 3u) << "it was loaded before the first proof";
    prove(0, loaded_at + 1ms, 2);
    const auto unproven = [this] { return site.metrics.counter("snippetd_cache_unproven_total", "").value(); };
    const auto before = unproven();
    EXPECT_EQ(site.caches[0]->find_near("a", base::steady_now()), nullptr) << "the proof came over another connection";
    EXPECT_EQ(unproven(), before + 1);
}

TEST_F(AmongOthers, NobodyWaitsForALoadThatBeganTooLongBeforeHeAsked) {
    site.source.hold = true;
    const auto first = site.read(0, "a");
    site.settle();
    ASSERT_EQ(site.source.loads.size(), 1u);
    std::this_thread::sleep_for(Trust::kSilenceMax);
    site.source.version = 2;
    loaded_at = start + 1h;
    const auto late = site.read(0, "a");
    site.settle();
    ASSERT_EQ(site.source.loads.size(), 2u);
    site.source.release(1);
    site.settle();
    EXPECT_EQ(late->version(), 2);
    site.source.release(0);
    site.settle();
    EXPECT_EQ(first->version(), 1);
    ASSERT_NE(site.caches[0]->find_near("a", base::steady_now()), nullptr);
    EXPECT_EQ(site.caches[0]->find_near("a", base::steady_now())->version, 2) << "what comes last is not kept";
}

TEST_F(AmongOthers, NobodyGetsWhatIsOlderThanAMomentBeforeHeAsked) {
    // As from Redis, whose proof may be of before the load.
    site.source.hold = true;
    site.source.fill = [this](const std::string& id) {
        const auto entry = test::make_entry(id, site.source.version);
        entry->loaded_at = start - 1h;
        return Fill{entry, nullptr, Status::redis_hit, site.source.version == 1 ? start - 1h : start + 1h};
    };
    Site::Reading first, second;
    // Until the second waits for what the first loads: on a busy machine he may come too late for that.
    for (bool waits = false; !waits;) {
        site.release_all();
        const std::size_t before = site.source.loads.size();
        first = site.read(0, "a");
        second = site.read(0, "a");
        site.settle();
        waits = site.source.loads.size() == before + 1;
    }
    site.source.version = 2;
    site.release_all();
    EXPECT_EQ(first->version(), 1) << "under the proof that there was when he asked";
    EXPECT_EQ(second->version(), 2);
}

TEST_F(AmongOthers, WithoutAStoreTheChannelAloneIsEnoughButNotForAStoreThatIsLate) {
    loaded_at = start;
    site.caches[0]->proven({start, start, 1});
    read_to_the_end(0);
    read_to_the_end(0);
    // Heard of since, until long after the test, but without a look at the outbox.
    site.caches[0]->proven({start - 1h, start + 1h, 1});
    loaded_at = start - 1h;
    std::this_thread::sleep_for(Trust::kSilenceMax);
    EXPECT_EQ(site.caches[0]->find_near("a", base::steady_now()), nullptr);
    site.source.error = std::make_exception_ptr(base::Unavailable{"late"});
    const auto late = site.read(0, "a");
    site.settle();
    EXPECT_TRUE(late->unavailable());
    site.source.error = std::make_exception_ptr(base::Unreachable{"away"});
    const auto away = site.read(0, "a");
    site.settle();
    EXPECT_EQ(away->version(), 1);
}

TEST_F(AmongOthers, WhoNeedsAnEntryDoesNotDependOnARefreshThatIsSomebodyElses) {
    refresh_due = true;
    prove(0, loaded_at, 1);
    read_to_the_end(0);
    read_to_the_end(0);
    site.source.hold = true;
    site.source.error = away();  // what a refresh gets when another instance makes it
    ASSERT_NE(site.caches[0]->find_near("a", base::steady_now()), nullptr);
    site.settle();
    ASSERT_EQ(site.source.loads.size(), 2u);
    ASSERT_EQ(site.source.loads[1]->wanted, Wanted::refresh);
    prove(0, loaded_at + 1ms, 2);  // the entry is not covered any more: it may be old
    site.source.error = nullptr;
    site.source.version = 2;
    const auto reading = site.read(0, "a");
    site.release_all();
    EXPECT_EQ(reading->version(), 2);
}

/// An entry whose time is nearly over, in the near cache of every worker: of one, or of two.
class Refresh : public testing::TestWithParam<std::size_t> {
  protected:
    Refresh() {
        site.source.hold = false;
        site.source.fill = [this](const std::string& id) {
            const auto entry = test::make_entry(id, site.source.version);
            if (due) entry->refresh_from = entry->loaded_at;
            return Fill{entry, nullptr};
        };
        // A lone worker keeps what it loads; of two, each keeps what it then finds in the shared cache.
        const std::vector<std::size_t> readers =
            workers() == 1 ? std::vector<std::size_t>{0} : std::vector<std::size_t>{0, 0, 1};
        for (const std::size_t worker : readers) {
            site.read(worker, "a");
            site.settle();
        }
        site.source.hold = true;
        site.source.version = 2;
        due = false;
    }
    static std::size_t workers() { return GetParam(); }
    std::int64_t near_version(std::size_t worker) {
        const auto entry = site.caches[worker]->find_near("a", base::steady_now());
        return entry ? entry->version : 0;
    }
    std::size_t refreshes() const {
        const auto& loads = site.source.loads;
        return static_cast<std::size_t>(std::count_if(
            loads.begin(), loads.end(), [](const auto& load) { return load->wanted == Wanted::refresh; }));
    }

    bool due = true;
    Site site{GetParam()};
};
INSTANTIATE_TEST_SUITE_P(LocalCache, Refresh, testing::Values(1, 2));

TEST_P(Refresh, TheEntryIsServedAndLoadedAnewOnceHoweverManyReadIt) {
    ASSERT_EQ(refreshes(), 0u);
    for (int i = 0; i < 100; ++i) {
        ASSERT_EQ(near_version(0), 1);
        if (i == 50) site.settle();  // half of them while the refresh is under way
    }
    const auto reading = site.read(0, "a");
    site.settle();
    EXPECT_EQ(reading->version(), 1) << "nobody waits for a refresh";
    EXPECT_EQ(reading->read.status, Status::near_hit);
    EXPECT_EQ(refreshes(), 1u);
    EXPECT_EQ(site.source.loads.size(), 2u);

    site.release_all();
    EXPECT_EQ(near_version(0), 2);
    site.settle();
    EXPECT_EQ(site.source.loads.size(), 2u) << "the new entry is not due";
}

TEST_P(Refresh, AnInvalidationMeanwhileDoomsIt) {
    site.source.version = 1;
    ASSERT_EQ(near_version(0), 1);
    site.settle();
    ASSERT_EQ(refreshes(), 1u);
    site.source.version = 2;
    site.invalidate(0, "a", 2);
    site.settle();
    site.release_all();
    EXPECT_EQ(near_version(0), 0) << "the refresh has brought the old version";
    const auto reading = site.read(0, "a");
    site.release_all();
    EXPECT_EQ(reading->version(), 2);
}

TEST_P(Refresh, WhenItFailsTheEntryStaysAndItIsNotTriedAgainAtOnce) {
    constexpr auto kPause = 500ms;
    site.source.error = away();
    site.source.hold = false;
    const auto begin = base::steady_now();
    for (int i = 0; i < 50; ++i) {
        ASSERT_EQ(near_version(0), 1);
        site.settle();
    }
    const auto pauses = static_cast<std::size_t>((base::steady_now() - begin) / kPause);
    EXPECT_GE(refreshes(), 1u);
    EXPECT_LE(refreshes(), 1 + pauses);
}

TEST_P(Refresh, WhatHasBecomeMissingMeanwhileIsNotServedAsASnippet) {
    site.source.fill = [](const std::string& id) {
        const auto entry = test::make_entry(id, 0);
        entry->kind = Entry::Kind::missing;
        entry->refresh_from = entry->loaded_at;
        return Fill{entry, nullptr};
    };
    ASSERT_EQ(near_version(0), 1);
    site.release_all();
    ASSERT_EQ(refreshes(), 1u);
    const auto entry = site.caches[0]->find_near("a", base::steady_now());
    ASSERT_NE(entry, nullptr);
    EXPECT_EQ(entry->kind, Entry::Kind::missing);
    site.settle();
    EXPECT_EQ(refreshes(), 1u) << "what is not there is not refreshed";
}

TEST(LocalCache, WhatOneWorkerHasRefreshedNoOtherLoadsAnew) {
    Site site{2};
    bool due = true;
    site.source.hold = false;
    site.source.fill = [&](const std::string& id) {
        const auto entry = test::make_entry(id, site.source.version);
        if (due) entry->refresh_from = entry->loaded_at;
        return Fill{entry, nullptr};
    };
    for (const std::size_t worker : {0, 0, 1}) {
        site.read(worker, "a");
        site.settle();
    }
    due = false;
    site.source.version = 2;
    site.caches[0]->find_near("a", base::steady_now());
    site.settle();
    ASSERT_EQ(site.source.loads.size(), 2u);
    ASSERT_NE(site.caches[1]->find_near("a", base::steady_now()), nullptr);
    site.settle();
    EXPECT_EQ(site.source.loads.size(), 2u);
    ASSERT_NE(site.caches[1]->find_near("a", base::steady_now()), nullptr);
    EXPECT_EQ(site.caches[1]->find_near("a", base::steady_now())->version, 2);
}

}  // namespace
}  // namespace snippetd::cache
