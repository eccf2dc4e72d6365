#pragma once

#include "base/awaitable.hpp"
#include "base/clock.hpp"
#include "base/error.hpp"
#include "sql/connection.hpp"

#include <atomic>
#include <condition_variable>
#include <deque>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <type_traits>
#include <vector>

#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>

/// Blocking SQL on threads of its own, each with its own connection, so that no worker ever waits for a database.
///
/// - The queue is bounded: when it is full, `run` throws Unavailable at once.
/// - An answer is due at the job's deadline: then `run` throws Unavailable, whether the job still waits or its
///   statement is stuck. A connection that stays stuck is cut, so that a silent database costs a thread only for a
///   while.
/// - While no connection stands, jobs are refused at once; the threads reconnect by themselves, with backoff and
///   jitter.
/// - With `batch_max` above one, a thread takes that many jobs into one transaction, each under a savepoint: one flush
///   of the disk for all of them. SQLite's one writer works like that.
namespace snippetd::sql {

class Pool {
  public:
    struct Options {
        std::string name;  ///< for logs
        std::function<std::unique_ptr<Connection>()> make_connection;
        unsigned threads = 1;
        std::size_t queue_max = 1024;
        std::size_t batch_max = 1;
        base::Milliseconds stuck_grace{1000};  ///< how long after its deadline a running job's connection is cut
        /// Called, by a thread of the pool, when the last connection is lost and when the first one stands again.
        std::function<void(bool up)> on_change = [](bool) {};
    };

    /// Starts the threads, which connect on their own; `wait_until_connected` says how that went.
    explicit Pool(Options options);
    ~Pool();
    Pool(const Pool&) = delete;
    Pool& operator=(const Pool&) = delete;

    /// Runs `work(Connection&)` on one of the threads and gives what it returns, to the calling coroutine's executor.
    /// An exception of the work comes back as Unavailable and is logged, but for those derived from base::Unavailable
    /// or std::logic_error, which come back as they are. `work` may run and its result be lost when the deadline
    /// passes.
    template <class F>
    base::Awaitable<std::invoke_result_t<F&, Connection&>> run(F work, base::Deadline deadline) {
        using T = std::invoke_result_t<F&, Connection&>;
        auto initiate = [this, &work, deadline](auto handler) {
            enqueue(std::make_shared<JobFor<F, T, decltype(handler)>>(std::move(work), std::move(handler)), deadline);
        };
        std::optional<T> result =
            co_await boost::asio::async_initiate<const boost::asio::use_awaitable_t<base::Executor>,
                                                 void(std::exception_ptr, std::optional<T>)>(initiate,
                                                                                             base::use_awaitable);
        co_return std::move(*result);
    }

    /// Refuses what is queued and what comes later, and ends the threads after the jobs that run now. By one thread.
    void close();

    bool up() const { return connected_.load() > 0; }
    /// The message of the last failed attempt to connect; empty when there was none.
    std::string last_error() const;
    /// False when no connection stands after `timeout`.
    bool wait_until_connected(base::Milliseconds timeout);

  private:
    /// Answered exactly once, by the thread that ran it or by the watchdog.
    class Job {
      public:
        virtual ~Job() = default;
        /// Runs the work and keeps what came of it.
        virtual void execute(Connection& connection) = 0;
        std::exception_ptr error;      ///< what the caller gets instead of a result, when set
        bool connection_lost = false;  ///< whether the connection went down under the work

        void answer() {
            if (!answered_.exchange(true)) deliver();
        }
        void fail(std::exception_ptr why) {
            if (answered_.exchange(true)) return;
            deliver_failure(std::move(why));
        }
        bool answered() const { return answered_.load(); }

        base::Deadline deadline;

      private:
        virtual void deliver() = 0;
        virtual void deliver_failure(std::exception_ptr why) = 0;
        std::atomic<bool> answered_{false};
    };

    template <class F, class T, class Handler>
    class JobFor : public Job {
      public:
        JobFor(F work, Handler handler)
            : work_{std::move(work)},
              handler_{std::move(handler)},
              executor_{boost::asio::get_associated_executor(*handler_)} {}

        void execute(Connection& connection) override { result_.emplace(work_(connection)); }

      private:
        void deliver() override { post(error, std::move(result_)); }
        void deliver_failure(std::exception_ptr why) override { post(std::move(why), std::nullopt); }
        void post(std::exception_ptr why, std::optional<T> result) {
            if (!why && !result) why = std::make_exception_ptr(base::Unavailable{"a job gave no result"});
            auto executor = executor_.get_executor();
            boost::asio::post(
                executor, [handler = std::move(*handler_), why = std::move(why), result = std::move(result)]() mutable {
                    handler(std::move(why), std::move(result));
                });
            handler_.reset();
            executor_.reset();
        }

        F work_;
        std::optional<Handler> handler_;
        boost::asio::executor_work_guard<boost::asio::associated_executor_t<Handler>> executor_;
        std::optional<T> result_;
    };

    /// What a thread is busy with, for the watchdog.
    struct Slot {
        std::unique_ptr<Connection> connection;
        std::vector<std::shared_ptr<Job>> running;  ///< guarded by mutex_
        bool interrupted = false;                   ///< guarded by mutex_
        std::thread thread;
    };

    void enqueue(std::shared_ptr<Job> job, base::Deadline deadline);
    void serve(Slot& slot);
    bool connect(Slot& slot);
    void disconnected(bool& connected);
    void run_batch(Slot& slot, std::vector<std::shared_ptr<Job>>& jobs);
    void run_one(Connection& connection, Job& job);
    void failed(Connection& connection, Job& job, const std::exception& error);
    void run_transaction(Connection& connection, std::vector<std::shared_ptr<Job>>& jobs);
    void watch();

    Options options_;
    mutable std::mutex mutex_;
    std::condition_variable work_ready_;
    std::condition_variable state_changed_;
    std::deque<std::shared_ptr<Job>> queue_;  ///< guarded by mutex_
    bool stopping_ = false;                   ///< guarded by mutex_
    std::string last_error_;                  ///< guarded by mutex_
    std::atomic<int> connected_{0};
    std::vector<std::unique_ptr<Slot>> slots_;
    std::thread watchdog_;
};

}  // namespace snippetd::sql
