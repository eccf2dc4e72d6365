#pragma once

#include "base/awaitable.hpp"

#include <chrono>

#include <boost/asio/basic_waitable_timer.hpp>

namespace snippetd::base {

/// A timer on a worker's own executor type.
using Timer = boost::asio::basic_waitable_timer<std::chrono::steady_clock,
                                                boost::asio::wait_traits<std::chrono::steady_clock>, Executor>;

}  // namespace snippetd::base
