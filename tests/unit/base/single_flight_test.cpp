#include "base/single_flight.hpp"

#include "support/run.hpp"

#include <chrono>
#include <cstddef>
#include <future>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

namespace snippetd::base {
namespace {

using namespace std::chrono_literals;

struct Note {
    int number = 0;
};
using Flights = SingleFlight<int, std::string, Note>;
using SharedFlights = SingleFlight<int, std::string, std::monostate, std::mutex>;

struct Waited {
    bool done = false;
    std::exception_ptr error;

    bool is_late() const {
        try {
            if (error) std::rethrow_exception(error);
        } catch (const Unavailable& late) {
            return std::string{late.what()} == "late";
        }
        return false;
    }
};

/// One thread's flights, whose loop goes on when the test says so.
class SingleFlightTest : public testing::Test {
  protected:
    std::shared_ptr<Waited> wait(const Flights::Pointer& flight, Deadline deadline = deadline_in(1h)) {
        auto outcome = std::make_shared<Waited>();
        boost::asio::co_spawn(context_, flights_.wait(flight, deadline, "late"), [outcome](std::exception_ptr error) {
            outcome->done = true;
            outcome->error = std::move(error);
        });
        settle();
        return outcome;
    }
    void settle() {
        context_.restart();
        context_.poll();
    }

    Flights flights_;
    boost::asio::io_context context_{1};
};

TEST_F(SingleFlightTest, OneBeginsAndAllOthersFindTheSameAndGetWhatItBrings) {
    EXPECT_EQ(flights_.find("a"), nullptr);
    const Deadline patience = deadline_in(1s);
    const Flights::Pointer flight = flights_.begin("a", patience, {7});
    EXPECT_EQ(flights_.find("a"), flight);
    EXPECT_EQ(flights_.find("b"), nullptr);
    EXPECT_EQ(flight->note.number, 7);
    EXPECT_EQ(flight->patience(), patience);
    std::vector<std::shared_ptr<Waited>> waiting;
    for (int i = 0; i < 10; ++i) waiting.push_back(wait(flight));
    for (const auto& one : waiting) EXPECT_FALSE(one->done);
    flights_.land(flight, 42);
    EXPECT_EQ(flights_.find("a"), nullptr) << "who comes now begins another one";
    settle();
    for (const auto& one : waiting) EXPECT_TRUE(one->done && !one->error);
    EXPECT_EQ(flight->result(), 42);
    EXPECT_EQ(flight->error(), nullptr);
    EXPECT_EQ(flights_.size(), 0u);
}

TEST_F(SingleFlightTest, WhoJoinsIsTheFirstOrFindsTheFirst) {
    const Deadline soon = deadline_in(1s), later = deadline_in(2s);
    const Flights::Place first = flights_.join("a", soon), second = flights_.join("a", later);
    EXPECT_TRUE(first.first);
    EXPECT_FALSE(second.first);
    EXPECT_EQ(first.flight, second.flight);
    EXPECT_EQ(first.flight->patience(), later) << "of the most patient";
    EXPECT_FALSE(flights_.join("a", soon).first);
    EXPECT_EQ(first.flight->patience(), later);
    const Flights::Place alone = Flights::alone(soon);
    EXPECT_TRUE(alone.first);
    EXPECT_EQ(flights_.size(), 1u);
    flights_.land(alone.flight, 1);
    EXPECT_EQ(flights_.find("a"), first.flight) << "nobody else's flight is none of it";
}

TEST_F(SingleFlightTest, WhoWaitsForLongerMakesItMorePatient) {
    const Flights::Pointer flight = flights_.begin("a", deadline_in(1s));
    const Deadline later = deadline_in(1h);
    wait(flight, later);
    EXPECT_EQ(flight->patience(), later);
}

TEST_F(SingleFlightTest, AFailureReachesAllWhoAskForTheResult) {
    const Flights::Pointer flight = flights_.begin("a", deadline_in(1s));
    const auto waiting = wait(flight);
    flights_.fail(flight, std::make_exception_ptr(Unavailable{"away"}));
    settle();
    EXPECT_TRUE(waiting->done && !waiting->error) << "it has landed";
    EXPECT_NE(flight->error(), nullptr);
    EXPECT_THROW(flight->result(), Unavailable);
    EXPECT_EQ(flights_.find("a"), nullptr) << "a failure is not remembered";
}

TEST_F(SingleFlightTest, AtItsDeadlineOneGoesAndTheFlightGoesOn) {
    const Flights::Pointer flight = flights_.begin("a", deadline_in(1s));
    const auto late = wait(flight, steady_now() - 1ms), patient = wait(flight);
    EXPECT_TRUE(late->is_late());
    EXPECT_FALSE(patient->done);
    EXPECT_EQ(flights_.find("a"), flight);
    flights_.land(flight, 1);
    settle();
    EXPECT_TRUE(patient->done && !patient->error);
    EXPECT_FALSE(wait(flight, steady_now() - 1ms)->is_late()) << "what has landed is not waited for";
}

TEST_F(SingleFlightTest, WhatIsDoomedIsNotFoundAndDoesNotEndWhatIsBegunAfterIt) {
    EXPECT_EQ(flights_.doom("a"), nullptr);
    const Flights::Pointer old = flights_.begin("a", deadline_in(1s));
    const auto waiting = wait(old);
    EXPECT_EQ(flights_.doom("a"), old);
    EXPECT_EQ(flights_.find("a"), nullptr);
    const Flights::Pointer next = flights_.begin("a", deadline_in(1s));
    flights_.land(old, 1);
    settle();
    EXPECT_TRUE(waiting->done && !waiting->error) << "who waited before still gets what it brings";
    EXPECT_EQ(flights_.find("a"), next);
}

TEST_F(SingleFlightTest, TheEndOfTheLoopTakesThoseWhoWaitWithIt) {
    const Flights::Pointer flight = flights_.begin("a", deadline_in(1s));
    {
        boost::asio::io_context short_lived{1};
        boost::asio::co_spawn(short_lived, flights_.wait(flight, deadline_in(1h), "late"), [](std::exception_ptr) {});
        short_lived.poll();
    }
    EXPECT_EQ(flights_.find("a"), flight);
}

TEST(SingleFlight, ManyThreadsAskAndEachGetsWhatOneMakes) {
    constexpr int kThreads = 4, kRounds = 300;
    SharedFlights flights;
    std::atomic<int> made{0}, wrong{0};
    const auto ask = [&](int round) -> Awaitable<void> {
        const std::string key = std::to_string(round);
        const Deadline deadline = deadline_in(test::kPatience);
        const SharedFlights::Place place = flights.join(key, deadline);
        if (place.first) {
            std::thread{[&flights, &made, round, flight = place.flight] {
                ++made;
                flights.land(flight, round);
            }}.join();
        }
        co_await flights.wait(place.flight, deadline, "late");
        if (place.flight->result() != round) ++wrong;
    };
    std::vector<std::thread> threads;
    for (int i = 0; i < kThreads; ++i) {
        threads.emplace_back([&ask] {
            boost::asio::io_context context{1};
            for (int round = 0; round < kRounds; ++round) {
                boost::asio::co_spawn(context, ask(round), [](std::exception_ptr error) {
                    if (error) std::rethrow_exception(error);
                });
            }
            context.run();
        });
    }
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(wrong, 0);
    EXPECT_GE(made, kRounds);
    EXPECT_EQ(flights.size(), 0u);
}

TEST(SingleFlight, WhatAnotherThreadLandsWakesWhoWaits) {
    SharedFlights flights;
    const SharedFlights::Place place = flights.join("a", deadline_in(test::kPatience));
    test::Loop loop;
    std::vector<std::future<void>> waiting;
    for (int i = 0; i < 100; ++i) {
        waiting.push_back(loop.start(flights.wait(place.flight, deadline_in(test::kPatience), "late")));
    }
    flights.land(place.flight, 7);
    for (auto& one : waiting) test::Loop::get(std::move(one));
    EXPECT_EQ(place.flight->result(), 7);
}

TEST(SingleFlightDeathTest, WhatMustNotHappenEndsTheProcessAndSaysWhatItSaw) {
    const auto begin_twice = [] {
        Flights flights;
        const auto flight = flights.begin("a", deadline_in(1s));
        flights.begin("a", deadline_in(1s));
    };
    const auto land_twice = [] {
        Flights flights;
        const auto flight = flights.begin("a", deadline_in(1s));
        flights.land(flight, 1);
        flights.land(flight, 2);
    };
    const auto ask_too_early = [] {
        Flights flights;
        flights.begin("a", deadline_in(1s))->result();
    };
    EXPECT_DEATH(begin_twice(), "does not hold.*is_new");
    EXPECT_DEATH(land_twice(), "does not hold.*!flight->landed_");
    EXPECT_DEATH(ask_too_early(), "does not hold.*landed_.*waiters_");
}

}  // namespace
}  // namespace snippetd::base
