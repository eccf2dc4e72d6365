#include "base/thread_pool.hpp"

#include "support/run.hpp"

#include <atomic>
#include <future>

#include <gtest/gtest.h>

namespace snippetd::base {
namespace {

class ThreadPoolTest : public testing::Test {
  protected:
    /// Holds the pool's one thread up until `release_` is set.
    std::future<int> occupy() {
        auto work = [this] {
            begun_.set_value();
            test::Loop::get(release_.get_future());
            return 1;
        };
        auto done = loop_.start(pool_.run(work));
        test::Loop::get(begun_.get_future());
        return done;
    }

    /// Asks behind what has been started.
    bool has_room_for(const Party& party) {
        const auto ask = [this, &party]() -> Awaitable<bool> { co_return pool_.has_room(party); };
        return loop_.run(ask());
    }

    std::promise<void> begun_, release_;
    test::Loop loop_;  // outlives the threads, which answer to it
    ThreadPool pool_{1, Admission::at_any_time(2), "too many"};
};

TEST_F(ThreadPoolTest, GivesWhatTheWorkReturnsAndThrowsWhatItThrows) {
    EXPECT_EQ(loop_.run(pool_.run([] { return 7; }, deadline_in(test::kPatience))), 7);
    auto failing = []() -> int { throw std::runtime_error{"no"}; };
    EXPECT_THROW(loop_.run(pool_.run(failing, deadline_in(test::kPatience))), std::runtime_error);
}

TEST_F(ThreadPoolTest, WhoWaitsGetsUnavailableAtTheDeadlineAndTheWorkIsNotBegun) {
    std::future<int> first = occupy();
    std::atomic<bool> begun{false};
    auto work = [&begun] {
        begun = true;
        return 2;
    };
    EXPECT_THROW(loop_.run(pool_.run(work, deadline_in(Milliseconds{10}))), Unavailable);
    release_.set_value();
    EXPECT_EQ(test::Loop::get(std::move(first)), 1);
    EXPECT_EQ(loop_.run(pool_.run([] { return 3; })), 3) << "the thread has come past it";
    EXPECT_FALSE(begun);
}

TEST_F(ThreadPoolTest, WorkThatWasNotBegunLeavesRoomInTheQueue) {
    std::future<int> first = occupy();
    std::future<int> second = loop_.start(pool_.run([] { return 2; }, deadline_in(Milliseconds{1})));
    std::future<int> third = loop_.start(pool_.run([] { return 3; }));
    EXPECT_THROW(loop_.run(pool_.run([] { return 4; })), Unavailable);
    EXPECT_THROW(test::Loop::get(std::move(second)), Unavailable);
    release_.set_value();
    test::Loop::get(std::move(first));
    EXPECT_EQ(test::Loop::get(std::move(third)), 3);
    for (int i = 0; i < 6; ++i) EXPECT_EQ(loop_.run(pool_.run([i] { return i; })), i);
}

TEST_F(ThreadPoolTest, TellsBeforehandWhomItWouldRefuse) {
    const Party many{1, Work::auth, Standing::account}, newcomer{2, Work::auth, Standing::account};
    std::future<int> first = occupy();
    EXPECT_TRUE(has_room_for(many));
    std::future<int> second = loop_.start(pool_.run([] { return 2; }, many));
    EXPECT_TRUE(has_room_for(many));
    std::future<int> third = loop_.start(pool_.run([] { return 3; }, many));
    EXPECT_FALSE(has_room_for(many));
    EXPECT_TRUE(has_room_for(newcomer)) << "one of the others would give way";
    release_.set_value();
    test::Loop::get(std::move(first));
    EXPECT_EQ(test::Loop::get(std::move(second)) + test::Loop::get(std::move(third)), 5) << "none has given way";
    EXPECT_TRUE(has_room_for(many));
    pool_.close();
    EXPECT_FALSE(has_room_for(newcomer));
}

}  // namespace
}  // namespace snippetd::base
