#pragma once

#include "base/assert.hpp"
#include "base/awaitable.hpp"
#include "base/clock.hpp"
#include "base/error.hpp"
#include "base/timer.hpp"

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <exception>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>

#include <boost/asio/dispatch.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/this_coro.hpp>

namespace snippetd::base {

/// The lock of what one thread uses alone.
struct OneThread {
    void lock() {}
    void unlock() {}
};

/// What several ask for at a time is made once: the first to come begins a flight and lands it when the work is done;
/// the others find it and wait for what it brings, each until a deadline of its own, whatever becomes of the first.
///
/// How it is made, and whether it is kept, is the owner's matter; `Note` is what he wants to know of a flight, and
/// guarded by himself. A flight need not land: at the end of the process its coroutine is destroyed, as are those that
/// wait for it.
///
/// With `std::mutex` any thread may ask and land, with `OneThread` a single one.
template <class T, class Key = std::string, class Note = std::monostate, class Mutex = OneThread>
class SingleFlight {
    struct Waiter;

  public:
    /// One piece of work under way.
    class Flight {
      public:
        Flight(Key key, Deadline patience, Note its_note)
            : note{std::move(its_note)}, key_{std::move(key)}, party_{patience.party}, patience_{patience.at} {}

        Note note;

        /// After it nobody waits any more; it may still grow. It is the work of whoever began it. From any thread.
        Deadline patience() const { return {patience_.load(), party_}; }
        /// Why it brought nothing, or null. Of a flight that has landed.
        const std::exception_ptr& error() const {
            check_landed();
            return error_;
        }
        /// What it brought; throws what it failed with. Of a flight that has landed.
        const T& result() const {
            check_landed();
            if (error_) std::rethrow_exception(error_);
            return *result_;
        }

      private:
        friend class SingleFlight;

        void check_landed() const { SNIPPETD_ASSERT(landed_, waiters_.size()); }

        void wait_until(SteadyTime time) { patience_ = std::max(patience_.load(), time); }

        const Key key_;
        const Party party_;
        std::atomic<SteadyTime> patience_;
        // Guarded by the mutex until it has landed; then they stay as they are.
        bool landed_ = false;
        std::optional<T> result_;
        std::exception_ptr error_;
        std::vector<std::shared_ptr<Waiter>> waiters_;
    };
    using Pointer = std::shared_ptr<Flight>;

    struct Place {
        Pointer flight;
        bool first;  ///< it has just been begun: whoever has this must land it
    };

    SingleFlight() = default;
    SingleFlight(const SingleFlight&) = delete;
    SingleFlight& operator=(const SingleFlight&) = delete;

    /// The flight of that key, or null.
    Pointer find(const Key& key) const {
        const std::lock_guard lock{mutex_};
        const auto found = flights_.find(key);
        return found == flights_.end() ? nullptr : found->second;
    }
    /// Begins the flight of a key that has none; whoever does must land it.
    Pointer begin(const Key& key, Deadline patience, Note note = {}) {
        const std::lock_guard lock{mutex_};
        auto flight = std::make_shared<Flight>(key, patience, std::move(note));
        const bool is_new = flights_.emplace(key, flight).second;
        SNIPPETD_ASSERT(is_new, flights_.size());
        return flight;
    }
    /// The flight of that key, which is begun if there is none.
    Place join(const Key& key, Deadline patience) {
        const std::lock_guard lock{mutex_};
        Pointer& flight = flights_[key];
        const bool first = !flight;
        if (first) flight = std::make_shared<Flight>(key, patience, Note{});
        flight->wait_until(patience);
        return {flight, first};
    }
    /// A flight that nobody else finds.
    static Place alone(Deadline patience) { return {std::make_shared<Flight>(Key{}, patience, Note{}), true}; }
    /// Nobody finds the flight of that key any more: who waits for it still gets what it brings, who comes later begins
    /// another one. It is returned, if there was one.
    Pointer doom(const Key& key) {
        const std::lock_guard lock{mutex_};
        const auto found = flights_.find(key);
        if (found == flights_.end()) return nullptr;
        Pointer flight = std::move(found->second);
        flights_.erase(found);
        return flight;
    }

    /// Returns when the flight has landed. Throws Unavailable, which says `late`, at the deadline.
    Awaitable<void> wait(Pointer flight, Deadline deadline, const char* late) {
        const Executor here = co_await boost::asio::this_coro::executor;
        Timer timer{here, deadline};
        const Waiting waiting{std::make_shared<Waiter>(here, &timer)};
        if (enlist(*flight, waiting.waiter, deadline)) {
            boost::system::error_code cancelled;
            auto token = boost::asio::redirect_error(use_awaitable, cancelled);
            co_await timer.async_wait(token);
            if (!has_landed(*flight)) throw Unavailable{late};
        }
    }

    /// Gives the result to all who wait. Nobody finds the flight any more.
    void land(const Pointer& flight, T result) { settle(flight, nullptr, std::move(result)); }
    /// The same with an exception, which they throw.
    void fail(const Pointer& flight, std::exception_ptr error) { settle(flight, std::move(error), std::nullopt); }

    /// How many can be found.
    std::size_t size() const {
        const std::lock_guard lock{mutex_};
        return flights_.size();
    }

  private:
    /// A coroutine that waits. Its timer is touched on its own executor only, where it is null once the coroutine has
    /// gone on, or has been destroyed.
    struct Waiter {
        Waiter(Executor its_executor, Timer* its_timer) : executor{std::move(its_executor)}, timer{its_timer} {}
        const Executor executor;
        Timer* timer;
    };
    struct Waiting {
        ~Waiting() { waiter->timer = nullptr; }
        const std::shared_ptr<Waiter> waiter;
    };

    /// False when it has landed already.
    bool enlist(Flight& flight, const std::shared_ptr<Waiter>& waiter, Deadline deadline) {
        const std::lock_guard lock{mutex_};
        if (flight.landed_) return false;
        flight.waiters_.push_back(waiter);
        flight.wait_until(deadline);
        return true;
    }
    bool has_landed(const Flight& flight) const {
        const std::lock_guard lock{mutex_};
        return flight.landed_;
    }

    void settle(const Pointer& flight, std::exception_ptr error, std::optional<T> result) {
        std::vector<std::shared_ptr<Waiter>> waiters;
        {
            const std::lock_guard lock{mutex_};
            SNIPPETD_ASSERT(!flight->landed_, flight->error_ != nullptr);
            flight->landed_ = true;
            flight->result_ = std::move(result);
            flight->error_ = std::move(error);
            waiters.swap(flight->waiters_);
            const auto found = flights_.find(flight->key_);
            if (found != flights_.end() && found->second == flight) flights_.erase(found);
        }
        for (const std::shared_ptr<Waiter>& waiter : waiters) {
            boost::asio::dispatch(waiter->executor, [waiter] {
                if (waiter->timer) waiter->timer->cancel();
            });
        }
    }

    mutable Mutex mutex_;
    std::unordered_map<Key, Pointer> flights_;  ///< guarded by mutex_
};

}  // namespace snippetd::base
