#pragma once

#include "app/fleet.hpp"
#include "app/loop.hpp"
#include "app/view_pipeline.hpp"
#include "base/clock.hpp"
#include "store/store.hpp"

#include <memory>

namespace snippetd::app {

/// The background jobs, on a thread of their own. What is added before `start` begins with it.
class Jobs {
  public:
    /// Both outlive this.
    Jobs(Fleet& fleet, views::Tally& tally);

    /// Removes what has expired, every `interval`.
    void add_reaper(store::Store& store, base::Milliseconds interval);
    /// A job that goes on until the end. What it refers to outlives `stop`.
    void add(base::Awaitable<void> job);
    ViewPipeline& views() { return views_; }

    void start();
    /// Ends the thread. What a job waits for must have been answered: the store is closed before.
    void stop();

  private:
    base::Awaitable<void> reap(store::Store& store, base::Milliseconds interval);

    Loop loop_;
    std::unique_ptr<Link> link_;
    ViewPipeline views_;
};

}  // namespace snippetd::app
