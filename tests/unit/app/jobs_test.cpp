#include "app/jobs.hpp"

#include <gtest/gtest.h>

namespace snippetd::app {
namespace {

using base::Milliseconds;

TEST(JobsTest, TheIndexerTakesLittleOfTheTimeAndMoreTheMoreIsLeft) {
    EXPECT_EQ(Jobs::rest_of_indexer(Milliseconds{500}, 0), Milliseconds{250}) << "until something is written";
    EXPECT_EQ(Jobs::rest_of_indexer(Milliseconds{10}, 1), Milliseconds{490});
    EXPECT_EQ(Jobs::rest_of_indexer(Milliseconds{10}, 2'000), Milliseconds{90});
    EXPECT_EQ(Jobs::rest_of_indexer(Milliseconds{10}, 1'000'000), Milliseconds{10});
    EXPECT_EQ(Jobs::rest_of_indexer(Milliseconds{0}, 1), Milliseconds{49});
    EXPECT_EQ(Jobs::rest_of_indexer(Milliseconds{400}, 1), Milliseconds{5000}) << "but not for long";
}

}  // namespace
}  // namespace snippetd::app
