#pragma once

#include "base/clock.hpp"
#include "store/store.hpp"
#include "views/drainer.hpp"

#include <future>
#include <memory>
#include <optional>
#include <thread>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>

namespace snippetd::app {

/// The background jobs, on a thread of their own.
class Jobs {
  public:
    Jobs();
    /// `stop` first.
    ~Jobs();

    /// Removes what has expired, every `interval`.
    void start_reaper(store::Store& store, base::Milliseconds interval);
    /// `steps` run on this thread.
    void start_drainer(views::Drainer::Steps steps, views::Tally& tally, base::Milliseconds interval);

    /// Flushes the views a last time, for at most `patience`. False when views were left behind.
    bool flush_views(base::Milliseconds patience);
    /// Ends the thread. What a job waits for must have been answered: the store is closed before.
    void stop();

  private:
    base::Awaitable<void> reap(store::Store& store, base::Milliseconds interval);

    boost::asio::io_context context_{1};
    boost::asio::executor_work_guard<base::Executor> keeps_running_;
    std::optional<views::Drainer> drainer_;
    std::future<bool> drained_;
    std::thread thread_;
};

}  // namespace snippetd::app
