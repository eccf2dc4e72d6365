#pragma once

#include "base/awaitable.hpp"
#include "base/clock.hpp"
#include "views/recorder.hpp"

#include <atomic>
#include <functional>
#include <future>
#include <memory>
#include <utility>
#include <vector>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_future.hpp>

namespace snippetd::app {

/// The jobs that hand views on, from the recorders to the store: all on one loop.
class ViewPipeline {
  public:
    ViewPipeline(base::Executor loop, views::Tally& tally) : loop_{std::move(loop)}, tally_{tally} {}

    /// Adds a job and starts it, for a round every `interval`. The jobs are added in the order in which views travel.
    template <class Job>
    Job& add(typename Job::Steps steps, base::Milliseconds interval) {
        auto job = std::make_shared<Job>(loop_, std::move(steps), tally_);
        jobs_.push_back(
            {[job] { job->stop(); }, boost::asio::co_spawn(loop_, job->run(interval), boost::asio::use_future)});
        return *job;
    }

    /// Whether the last flush has begun, so that nobody has patience any more. Thread-safe.
    bool is_finishing() const { return finishing_; }
    /// Ends each job with a last round, in turn, for at most `patience`. Not on the loop's thread.
    void finish(base::Milliseconds patience) {
        const base::Deadline deadline = base::deadline_in(patience);
        finishing_ = true;
        for (Running& job : jobs_) {
            boost::asio::post(loop_, job.stop);
            job.done.wait_until(deadline.at);
        }
    }

  private:
    struct Running {
        std::function<void()> stop;  ///< owns the job
        std::future<bool> done;
    };

    base::Executor loop_;
    views::Tally& tally_;
    std::vector<Running> jobs_;
    std::atomic<bool> finishing_{false};
};

}  // namespace snippetd::app
