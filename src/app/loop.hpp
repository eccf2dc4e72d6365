#pragma once

#include "base/awaitable.hpp"
#include "base/turn.hpp"
#include "base/workers.hpp"

#include <functional>
#include <memory>
#include <thread>
#include <vector>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>

namespace snippetd::app {

/// A loop with a thread of its own.
class Loop {
  public:
    Loop() : keeps_running_{context_.get_executor()} {}
    /// `end` first.
    ~Loop();

    boost::asio::io_context& context() { return context_; }
    base::Executor executor() { return context_.get_executor(); }

    /// The loop's thread calls `first` before anything else.
    void start(std::function<void()> first = [] {});
    /// Calls `last` on the loop's thread and ends both. Does nothing when the loop has not been started.
    void end(const std::function<void()>& last = [] {});
    /// Destroys what still waits there, after `end`: while all that it may refer to is alive, and nobody runs who may
    /// refer to it.
    void clear() { context_.destroy_what_waits(); }

  private:
    struct Context : boost::asio::io_context {
        Context() : io_context{1} {}
        void destroy_what_waits() { shutdown(); }
    };
    void run(const std::function<void()>& first);

    Context context_;
    boost::asio::executor_work_guard<base::Executor> keeps_running_;
    std::thread thread_;
};

/// The loops of the workers.
class Loops {
  public:
    Loops(unsigned count, base::Metrics& metrics);

    const base::Workers& workers() const { return workers_; }
    std::vector<boost::asio::io_context*> contexts() const;
    void start();
    /// Ends all of them, and then clears them: what waits in one may be another one's.
    void stop();

  private:
    base::LoopMeter meter_;
    std::vector<std::unique_ptr<Loop>> loops_;
    base::Workers workers_;
};

}  // namespace snippetd::app
