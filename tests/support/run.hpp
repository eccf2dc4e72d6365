#pragma once

#include "base/awaitable.hpp"

#include <chrono>
#include <functional>
#include <future>
#include <memory>
#include <stdexcept>
#include <thread>
#include <utility>
#include <vector>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_future.hpp>

/// Coroutines from tests, always with a bound on the wait: a test that hangs fails instead.
namespace snippetd::test {

/// Long enough for any machine and sanitizer; a test that passes never waits for it.
inline constexpr std::chrono::seconds kPatience{20};

/// Nothing within the patience.
class TooSlow : public std::runtime_error {
  public:
    TooSlow() : std::runtime_error{"what a test waits for has not come"} {}
};

/// A loop with a thread of its own, as a worker has.
class Loop {
  public:
    Loop() : keeps_running_{context_.get_executor()}, thread_{[this] { context_.run(); }} {}
    ~Loop() {
        context_.stop();
        thread_.join();
        owned_.clear();
    }
    /// Keeps what must not outlive the loop, nor be touched while it runs.
    void own(std::shared_ptr<void> object) { owned_.push_back(std::move(object)); }

    boost::asio::io_context& context() { return context_; }
    base::Executor executor() { return context_.get_executor(); }

    /// Starts a coroutine; the future has its result or its exception.
    template <class T>
    std::future<T> start(base::Awaitable<T> coroutine) {
        return boost::asio::co_spawn(context_, std::move(coroutine), boost::asio::use_future);
    }

    /// Starts a coroutine and waits for what it gives.
    template <class T>
    T run(base::Awaitable<T> coroutine) {
        return get(start(std::move(coroutine)));
    }

    /// Returns when everything that was started before has run up to its first wait.
    void drain() {
        std::promise<void> reached;
        boost::asio::post(context_, [&reached] { reached.set_value(); });
        get(reached.get_future());
    }

    template <class T>
    static T get(std::future<T> future) {
        if (future.wait_for(kPatience) != std::future_status::ready) throw TooSlow{};
        return future.get();
    }

  private:
    boost::asio::io_context context_{1};
    boost::asio::executor_work_guard<base::Executor> keeps_running_;
    std::thread thread_;
    std::vector<std::shared_ptr<void>> owned_;
};

/// Waits until `condition` holds; false when it does not within the patience.
inline bool wait_until(const std::function<bool()>& condition) {
    const auto end = std::chrono::steady_clock::now() + kPatience;
    while (!condition()) {
        if (std::chrono::steady_clock::now() > end) return false;
        std::this_thread::sleep_for(std::chrono::milliseconds{1});
    }
    return true;
}

}  // namespace snippetd::test
