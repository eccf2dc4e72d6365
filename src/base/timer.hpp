#pragma once

#include <boost/asio/basic_waitable_timer.hpp>
#include <chrono>

#include "base/awaitable.hpp"

namespace snippetd::base {

/// A timer on a worker's own executor type.
using Timer = boost::asio::basic_waitable_timer<std::chrono::steady_clock,
                                                boost::asio::wait_traits<std::chrono::steady_clock>, Executor>;

}  // namespace snippetd::base
