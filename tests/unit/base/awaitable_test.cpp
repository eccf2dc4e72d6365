#include "base/awaitable.hpp"

#include <stdexcept>

#include <boost/asio/co_spawn.hpp>
#include <gtest/gtest.h>

namespace snippetd::base {
namespace {

Awaitable<void> throw_something() {
    throw std::logic_error{"nobody waits for this"};
    co_return;
}

TEST(Detached, LetsAnExceptionReachTheLoopThatGoesOn) {
    boost::asio::io_context context;
    bool done = false;
    const auto do_something = [&done]() -> Awaitable<void> {
        done = true;
        co_return;
    };
    boost::asio::co_spawn(context, throw_something(), detached);
    boost::asio::co_spawn(context, do_something(), detached);
    EXPECT_THROW(context.run(), std::logic_error);
    context.run();
    EXPECT_TRUE(done);
}

}  // namespace
}  // namespace snippetd::base
