#pragma once

#include "app/fleet.hpp"
#include "app/loop.hpp"
#include "app/view_pipeline.hpp"
#include "base/clock.hpp"
#include "base/metrics.hpp"
#include "store/store.hpp"

#include <atomic>
#include <cmath>
#include <cstdint>
#include <memory>

namespace snippetd::app {

/// The background jobs, on a thread of their own. What is added before `start` begins with it.
class Jobs {
  public:
    /// Both outlive this.
    Jobs(Fleet& fleet, views::Tally& tally);

    /// Removes what has expired, every `interval`.
    void add_reaper(store::Store& store, base::Milliseconds interval);
    struct Indexing {
        base::Milliseconds after;        ///< a write of this process: what changes again at once is indexed once
        base::Milliseconds looks_every;  ///< also when this process has written nothing; others may have
    };
    /// Puts what is written into the index of searches.
    void add_indexer(store::SearchIndex& index, Indexing indexing, base::Metrics& metrics);
    /// How long the indexer rests after a round that took so long and left so many writes. It takes 2 % of the time,
    /// and more the more is left, up to half of it: a burst of writes is not held up by what can be done after it.
    static base::Milliseconds rest_of_indexer(base::Milliseconds took, std::int64_t left);
    /// A job that goes on until the end. What it refers to outlives `stop`.
    void add(base::Awaitable<void> job);
    ViewPipeline& views() { return views_; }

    void start();
    /// Ends the thread. What a job waits for must have been answered: the store is closed before.
    void stop();

  private:
    base::Awaitable<void> reap(store::Store& store, base::Milliseconds interval);
    base::Awaitable<void> index(store::SearchIndex& index, Indexing indexing);

    Loop loop_;
    std::unique_ptr<Link> link_;
    ViewPipeline views_;
    std::atomic<double> unindexed_{std::nan("")};  ///< as long as nobody has looked
};

}  // namespace snippetd::app
