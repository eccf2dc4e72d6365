#pragma once

#include "base/awaitable.hpp"

#include <atomic>
#include <functional>
#include <memory>
#include <vector>

#include <boost/asio/async_result.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>

namespace snippetd::base {

/// The workers of the process, by their executors. What one worker must tell all of them goes through here: a message
/// is posted to each, never a lock taken on the request path.
class Workers {
  public:
    /// All are added before the first one runs.
    void add(Executor executor) { executors_.push_back(std::move(executor)); }
    std::size_t size() const { return executors_.size(); }

    /// Calls `action(index)` on every worker's own thread and resumes the caller when all have returned. `action` must
    /// not throw and may be called by several threads at a time.
    Awaitable<void> on_each(std::function<void(std::size_t)> action) const {
        const Executor caller = co_await boost::asio::this_coro::executor;
        auto initiate = [this, &action, caller](auto handler) {
            auto waiting = std::make_shared<decltype(handler)>(std::move(handler));
            auto remaining = std::make_shared<std::atomic<std::size_t>>(executors_.size());
            for (std::size_t i = 0; i < executors_.size(); ++i) {
                boost::asio::post(executors_[i], [action, i, waiting, remaining, caller] {
                    action(i);
                    if (remaining->fetch_sub(1) == 1) boost::asio::post(caller, [waiting] { (*waiting)(); });
                });
            }
        };
        co_await boost::asio::async_initiate<const boost::asio::use_awaitable_t<Executor>, void()>(initiate,
                                                                                                   use_awaitable);
    }

    /// The same without waiting. What one thread posts each worker does in that order.
    void post_to_each(const std::function<void(std::size_t)>& action) const {
        for (std::size_t i = 0; i < executors_.size(); ++i) {
            boost::asio::post(executors_[i], [action, i] { action(i); });
        }
    }

  private:
    std::vector<Executor> executors_;
};

}  // namespace snippetd::base
