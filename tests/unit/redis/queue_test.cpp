#include "redis/queue.hpp"

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <boost/asio/bind_executor.hpp>
#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

namespace snippetd::redis {
namespace {

using namespace std::chrono_literals;

constexpr base::Milliseconds kTimeout{150};
const base::SteadyTime kStart = base::SteadyTime{} + 1h;

struct Outcome {
    bool done = false;
    std::exception_ptr error;

    /// What it failed with: `busy`, or the reason of another Unavailable.
    std::string failure() const {
        try {
            if (error) std::rethrow_exception(error);
        } catch (const Busy&) {
            return "busy";
        } catch (const base::Unavailable& away) {
            return away.what();
        }
        return done ? "answered" : "";
    }
};

class QueueTest : public testing::Test {
  protected:
    std::shared_ptr<Outcome> park(Queue& queue, const std::string& word, base::SteadyTime now = kStart) {
        auto answer = std::make_shared<Outcome>();
        auto take = [answer](std::exception_ptr error, std::optional<Reply>) {
            EXPECT_FALSE(answer->done) << "answered twice";
            answer->done = true;
            answer->error = std::move(error);
        };
        queue.park({word}, now, base::Completion<Reply>{boost::asio::bind_executor(context_.get_executor(), take)});
        settle();
        return answer;
    }
    void settle() {
        context_.restart();
        context_.poll();
    }
    /// Takes the first one, answers it, and returns its word.
    std::string take(Queue& queue) {
        Queue::Parked first = queue.take();
        first.done.resolve(Reply{});
        settle();
        return first.words.front();
    }

    boost::asio::io_context context_{1};
    Queue small_{false, kTimeout}, bulk_{true, kTimeout};
};

TEST_F(QueueTest, GivesThemInTheirOrder) {
    const auto first = park(small_, "a"), second = park(small_, "b", kStart + 1ms);
    EXPECT_EQ(small_.size(), 2u);
    EXPECT_EQ(take(small_), "a");
    EXPECT_TRUE(first->done && !second->done);
    EXPECT_EQ(take(small_), "b");
    EXPECT_TRUE(small_.empty());
}

TEST_F(QueueTest, AFewSmallCommandsAreOnTheirWayAtATime) {
    EXPECT_TRUE(small_.has_room(0));
    EXPECT_TRUE(small_.has_room(Queue::kAwaitedMax - 1));
    EXPECT_FALSE(small_.has_room(Queue::kAwaitedMax));
    small_.received(100 * 1024 * 1024, 1);
    EXPECT_TRUE(small_.has_room(Queue::kAwaitedMax - 1)) << "whatever the size of answers";
}

TEST_F(QueueTest, OfBulkAsManyAreOnTheirWayAsTheirAnswersLeaveRoomFor) {
    const std::size_t guessed = Queue::kBulkAwaitedBytesMax / Queue::kBulkAnswerGuess;
    EXPECT_TRUE(bulk_.has_room(guessed - 1));
    EXPECT_FALSE(bulk_.has_room(guessed));
    bulk_.received(Queue::kBulkAwaitedBytesMax / 2, 0);
    EXPECT_TRUE(bulk_.has_room(guessed - 1)) << "it is not whole";
    bulk_.received(Queue::kBulkAwaitedBytesMax / 2, 1);
    EXPECT_TRUE(bulk_.has_room(0));
    EXPECT_FALSE(bulk_.has_room(1)) << "one is as large as all may be";
    for (std::uint64_t answers = 2; answers < 100; ++answers) bulk_.received(1000, answers);
    EXPECT_TRUE(bulk_.has_room(guessed)) << "the large one is forgotten after a while";
    bulk_.connection_lost();
    bulk_.received(1000, 1);
    EXPECT_TRUE(bulk_.has_room(guessed)) << "answers are counted anew";
}

TEST_F(QueueTest, ForANewConnectionOneWaitsATimeOutAndForRoomLonger) {
    EXPECT_EQ(small_.due(true), base::SteadyTime::max());
    const auto first = park(small_, "a"), second = park(small_, "b", kStart + 10ms);
    EXPECT_EQ(small_.due(false), kStart + kTimeout);
    EXPECT_EQ(small_.due(true), kStart + Queue::kQueuedMax);
    EXPECT_FALSE(small_.expire(kStart + kTimeout - 1ms, false));
    EXPECT_TRUE(small_.expire(kStart + kTimeout, false)) << "no connection was there for it";
    settle();
    EXPECT_EQ(first->failure(), "no connection to Redis in time");
    EXPECT_FALSE(second->done);
    EXPECT_FALSE(small_.expire(kStart + 10ms + Queue::kQueuedMax, true)) << "the server works";
    settle();
    EXPECT_EQ(second->failure(), "busy");
    EXPECT_TRUE(small_.empty());
}

TEST_F(QueueTest, OfBulkWaitingIsTimeOfTheAnswer) {
    EXPECT_EQ(bulk_.patience(), kTimeout);
    EXPECT_EQ((Queue{true, 10s}.patience()), Queue::kBulkPatienceMax);
    EXPECT_EQ((Queue{false, 10s}.patience()), 10s);
    const auto answer = park(bulk_, "a");
    EXPECT_EQ(bulk_.due(true), kStart + kTimeout) << "also while the server works";
    EXPECT_TRUE(bulk_.expire(kStart + kTimeout, true));
    settle();
    EXPECT_EQ(answer->failure(), "no connection to Redis in time");
    park(bulk_, "b");
    park(small_, "b");
    Queue::Parked of_bulk = bulk_.take(), of_small = small_.take();
    EXPECT_EQ(bulk_.deadline_of(of_bulk), kStart + kTimeout);
    EXPECT_EQ(small_.deadline_of(of_small), std::nullopt) << "it gets its time when it has been written";
    of_bulk.done.resolve(Reply{});
    of_small.done.resolve(Reply{});
}

TEST_F(QueueTest, IsBoundedAndBeyondThatBusy) {
    for (std::size_t i = 0; i < Queue::kParkedMax; ++i) park(small_, "a");
    EXPECT_EQ(park(small_, "one more")->failure(), "busy");
    EXPECT_EQ(small_.size(), Queue::kParkedMax);
    EXPECT_FALSE(small_.is_full(Queue::kBulkOutputMax + 1)) << "that is about bulk";
    EXPECT_FALSE(bulk_.is_full(Queue::kBulkOutputMax));
    EXPECT_TRUE(bulk_.is_full(Queue::kBulkOutputMax + 1));
    for (std::size_t i = 0; i < Queue::kBulkParkedMax; ++i) park(bulk_, "a");
    EXPECT_TRUE(bulk_.is_full(0));
    small_.reject("the end");
    bulk_.reject("the end");
    settle();
}

TEST_F(QueueTest, AnswersAllAtTheEnd) {
    const std::vector<std::shared_ptr<Outcome>> answers{park(small_, "a"), park(small_, "b")};
    small_.reject("the end");
    settle();
    for (const auto& answer : answers) EXPECT_EQ(answer->failure(), "the end");
    EXPECT_TRUE(small_.empty());
}

TEST_F(QueueTest, WhatMustNotHappenEndsTheProcess) {
    EXPECT_DEATH(small_.take(), "does not hold.*!parked_.empty");
    small_.received(10, 5);
    EXPECT_DEATH(small_.received(10, 4), "does not hold.*answers >= answers_.*4, 5");
}

}  // namespace
}  // namespace snippetd::redis
