#pragma once

#include "base/awaitable.hpp"

#include <chrono>

#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/redirect_error.hpp>

namespace snippetd::base {

/// A timer on a worker's own executor type.
using Timer = boost::asio::basic_waitable_timer<std::chrono::steady_clock,
                                                boost::asio::wait_traits<std::chrono::steady_clock>, Executor>;

/// Waits for `duration`, or until somebody cancels the timer.
inline Awaitable<void> pause(Timer& timer, std::chrono::milliseconds duration) {
    timer.expires_after(duration);
    boost::system::error_code cancelled;
    auto token = boost::asio::redirect_error(use_awaitable, cancelled);
    co_await timer.async_wait(token);
}

}  // namespace snippetd::base
