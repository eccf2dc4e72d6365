#include "cache/ttl.hpp"

#include <algorithm>
#include <memory>
#include <set>

#include <gtest/gtest.h>

namespace snippetd::cache {
namespace {

using namespace std::chrono_literals;
using State = model::Loaded::State;

constexpr base::UnixMillis kToday = 1'700'000'000'000;

model::Loaded row_of(const model::Snippet& snippet) {
    return {State::found, std::make_shared<const model::Snippet>(snippet), {}, kToday};
}

TEST(Ttl, IsUpToATenthMoreOrLessSoThatWhatWasFilledTogetherDoesNotExpireTogether) {
    const model::Loaded loaded = row_of({});
    std::set<base::Milliseconds> seen;
    for (int i = 0; i < 1000; ++i) {
        const base::Milliseconds ttl = ttl_for(loaded, 300s);
        ASSERT_GE(ttl, 270s);
        ASSERT_LE(ttl, 330s);
        seen.insert(ttl);
    }
    EXPECT_GT(seen.size(), 100u);
    EXPECT_LT(*seen.begin(), 280s);
    EXPECT_GT(*seen.rbegin(), 320s);
}

TEST(Ttl, NeverGoesPastTheSnippetsOwnExpiry) {
    model::Snippet snippet;
    snippet.expires_at = kToday + 2000;
    EXPECT_EQ(ttl_for(row_of(snippet), 300s), 2s);
    EXPECT_LE(ttl_for(row_of(snippet), 1s), 1100ms) << "nor does a late expiry prolong it";
    for (const base::UnixMillis over : {kToday, kToday - 1, kToday - 1'000'000, base::UnixMillis{0}}) {
        snippet.expires_at = over;
        EXPECT_EQ(ttl_for(row_of(snippet), 300s), 0s);
    }
}

TEST(Ttl, WhatMayNotBeCachedIsNotKept) {
    model::Snippet hidden, burning;
    hidden.visibility = model::Visibility::private_;
    burning.burn_after_reading = true;
    EXPECT_EQ(ttl_for(row_of(hidden), 300s), 0s);
    EXPECT_EQ(ttl_for(row_of(burning), 300s), 0s);
}

TEST(Ttl, WhatIsNotThereIsKeptForSecondsWhateverTheTtl) {
    for (const State state : {State::missing, State::gone}) {
        EXPECT_EQ(ttl_for({state, nullptr}, 300s), 5s);
        EXPECT_EQ(ttl_for({state, nullptr}, 1h), 5s);
    }
}

}  // namespace
}  // namespace snippetd::cache
