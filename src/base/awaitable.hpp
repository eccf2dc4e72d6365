#pragma once

#include <exception>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace snippetd::base {

/// Every coroutine of the service runs on the io_context of one worker. Naming that executor, instead of the
/// type-erased any_io_executor, saves a virtual call and a reference count at each suspension.
using Executor = boost::asio::io_context::executor_type;

template <class T>
using Awaitable = boost::asio::awaitable<T, Executor>;

inline constexpr boost::asio::use_awaitable_t<Executor> use_awaitable{};

/// For `co_spawn`: nobody waits for the coroutine. An exception that leaves it reaches the worker's loop, which logs it
/// and goes on; Asio's own `detached` would swallow it.
inline constexpr auto detached = [](const std::exception_ptr& error) {
    if (error) std::rethrow_exception(error);
};

}  // namespace snippetd::base
