#include "base/assert.hpp"

#include <string>

#include <gtest/gtest.h>

namespace snippetd::base {
namespace {

enum class State { open, closed };

TEST(Assert, SaysWhatItSawAndAborts) {
    const int sent = 7, size = 5;
    const State state = State::closed;
    const std::string name = "reader";
    EXPECT_EXIT(SNIPPETD_ASSERT(sent <= size, sent, size, state, name), testing::KilledBySignal(SIGABRT),
                "an assertion does not hold condition=\"sent <= size\" saw=\"sent, size, state, name\" "
                "values=\"7, 5, 1, reader\" place=.*assert_test.cpp:[0-9]+");
    EXPECT_DEATH(SNIPPETD_ASSERT(size == 6), "condition=\"size == 6\"");
}

TEST(Assert, LooksAtTheValuesOnlyWhenItDoesNotHold) {
    int looks = 0;
    const auto look = [&looks] { return ++looks; };
    SNIPPETD_ASSERT(looks == 0, look());
    EXPECT_EQ(looks, 0);
}

}  // namespace
}  // namespace snippetd::base
