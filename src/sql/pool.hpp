#pragma once

#include "base/clock.hpp"
#include "base/completion.hpp"
#include "base/error.hpp"
#include "base/fair_queue.hpp"
#include "sql/connection.hpp"

#include <atomic>
#include <condition_variable>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <type_traits>
#include <vector>

/// Blocking SQL on threads of its own, each with its own connection, so that no worker ever waits for a database.
///
/// - The queue is shared out between kinds of work and between clients, and as long as can be worked off in a moment
///   (`base::FairQueue`): what has no room there is refused with Unavailable at once.
/// - An answer is due at the job's deadline: then `run` throws Unavailable, whether the job still waits or its
///   statement is stuck. The database is asked to give such a statement up, so that nobody works for nothing, and a
///   connection that stays stuck is cut, so that a silent database costs a thread only for a while.
/// - Of several idle connections the one that was used last is used next: what its session has in its memory and in the
///   core's caches is still warm, and a server with one process a session runs no more of them than there is work for.
/// - The threads reconnect by themselves, with backoff and jitter. When the last connection is lost, jobs wait for a
///   new one, within their deadlines; when `reconnect_patience` has passed without one, they are refused at once
///   (base::Unreachable).
/// - A job whose connection was lost under it is done again on another one when it has had no effect, for as many times
///   as there are connections, which may all lead to a server that is not the one any more.
/// - With `batch_max` above one, a thread takes that many jobs into one transaction, each of several under a savepoint:
///   one flush of the disk for all of them. SQLite's one writer works like that.
namespace snippetd::sql {

class Pool {
  public:
    struct Options {
        std::string name;  ///< for logs
        std::function<std::unique_ptr<Connection>()> make_connection;
        unsigned threads = 1;
        std::size_t queue_max = 1024;
        std::size_t queue_least = 64;             ///< so many may wait however long it takes
        base::Milliseconds queueing_target{50};   ///< how long a job may wait when others do all the time
        std::shared_ptr<base::QueueMeter> meter;  ///< of the queue; null: nobody looks
        std::size_t batch_max = 1;
        base::Milliseconds stuck_grace{1000};  ///< how long after its deadline a running job's connection is cut
        base::Milliseconds reconnect_patience{750};
        bool only_reads = false;  ///< no job has an effect, whatever becomes of it
        bool steps_back = false;  ///< whether its threads do (`base::step_back`): what they run is theirs to work out
        /// Called, by a thread of the pool, when `down` changes. Must not call the pool.
        std::function<void(bool up)> on_change = [](bool) {};
        /// Likewise for each attempt to connect that fails, with its reason, and when all connections stand again.
        std::function<void(const std::string& reason)> on_failed_attempt = [](const std::string&) {};
        std::function<void()> on_complete = [] {};
        /// Called, by a thread of the pool, for each statement that has failed.
        std::function<void(const Failure&)> on_failure = [](const Failure&) {};
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
        return base::completed_by<T>([this, work = std::move(work), deadline](base::Completion<T> done) mutable {
            submit(std::make_shared<JobFor<F, T>>(std::move(work), std::move(done)), deadline);
        });
    }

    /// Something to be done with a connection. Answered exactly once, by the thread that ran it or by the watchdog.
    class Job {
      public:
        virtual ~Job() = default;
        /// Runs the work and keeps what came of it.
        virtual void execute(Connection& connection) = 0;
        /// How many wait for what it does.
        virtual unsigned callers() const { return 1; }
        std::exception_ptr error;      ///< what the caller gets instead of a result, when set
        bool connection_lost = false;  ///< whether the connection went down under the work
        bool had_no_effect = false;    ///< whether it may be done again after that
        unsigned repetitions = 0;
        bool always_waits = false;  ///< also when there is no room: its owner bounds how many there are

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

    /// As `run`, for a job that answers in its own way. When the pool refuses it, it fails before this returns.
    void submit(std::shared_ptr<Job> job, base::Deadline deadline);

    /// Refuses what is queued and what comes later.
    void refuse();
    /// And ends the threads after the jobs that run now. By one thread. Of several pools all refuse first, so that
    /// their threads end at the same time.
    void close();

    bool up() const { return connected_.load() > 0; }
    /// Whether there has been no connection for a while, so that jobs are refused.
    bool down() const { return down_.load(); }
    /// Whether as many callers as there are connections had no answer by their deadlines while their jobs ran, and none
    /// has had one since.
    bool stuck() const { return missed_in_a_row_.load() >= options_.threads; }
    /// The message of the last failed attempt to connect; empty when there was none.
    std::string last_error() const;
    /// False when no connection stands after `timeout`.
    bool wait_until_connected(base::Milliseconds timeout);

  private:
    template <class F, class T>
    class JobFor : public Job {
      public:
        JobFor(F work, base::Completion<T> done) : work_{std::move(work)}, done_{std::move(done)} {}

        void execute(Connection& connection) override { result_.emplace(work_(connection)); }

      private:
        void deliver() override {
            if (error) {
                done_.reject(error);
            } else {
                done_.resolve(std::move(*result_));
            }
        }
        void deliver_failure(std::exception_ptr why) override { done_.reject(std::move(why)); }

        F work_;
        base::Completion<T> done_;
        std::optional<T> result_;
    };

    /// A request to give up a statement, which a thread of its own makes.
    struct Cancellation {
        std::thread thread;
        std::mutex mutex;
        std::condition_variable changed;
        bool made = false;  ///< guarded by mutex
    };

    /// What a thread is busy with, for the watchdog.
    struct Slot {
        std::unique_ptr<Connection> connection;
        std::vector<std::shared_ptr<Job>> running;   ///< guarded by mutex_
        bool interrupted = false;                    ///< guarded by mutex_
        bool called = false;                         ///< guarded by mutex_; to look into the queue
        std::shared_ptr<Cancellation> cancellation;  ///< guarded by mutex_; of what it runs
        std::condition_variable work_ready;
        std::thread thread;
    };

    void call_one();
    void wait_for_work(Slot& slot, std::unique_lock<std::mutex>& lock);
    void serve(Slot& slot);
    bool connect(Slot& slot);
    void disconnected(Slot& slot, bool& connected);
    void cancel(Slot& slot);
    bool finish(Slot& slot);
    void give_up_reconnecting(base::SteadyTime now, std::vector<std::shared_ptr<Job>>& refused);
    void repeat(std::vector<std::shared_ptr<Job>>& jobs);
    void account(const std::vector<std::shared_ptr<Job>>& jobs, base::SteadyTime::duration each);
    void run_batch(Slot& slot, std::vector<std::shared_ptr<Job>>& jobs);
    void run_one(Connection& connection, Job& job);
    void failed(Connection& connection, Job& job, const std::exception& error);
    void run_transaction(Connection& connection, std::vector<std::shared_ptr<Job>>& jobs);
    void watch();

    Options options_;
    mutable std::mutex mutex_;
    std::condition_variable state_changed_;
    std::vector<Slot*> idle_;                      ///< guarded by mutex_; the one that was busy last is at the back
    base::FairQueue<std::shared_ptr<Job>> queue_;  ///< guarded by mutex_
    /// Guarded by mutex_; those that nobody answered in time.
    std::vector<std::shared_ptr<Cancellation>> abandoned_;
    bool stopping_ = false;          ///< guarded by mutex_
    std::string last_error_;         ///< guarded by mutex_
    base::SteadyTime lost_at_;       ///< guarded by mutex_; the last connection
    std::atomic<bool> down_{true};   ///< changed with mutex_
    std::atomic<int> connected_{0};  ///< changed with mutex_
    std::atomic<unsigned> missed_in_a_row_{0};
    std::vector<std::unique_ptr<Slot>> slots_;
    std::thread watchdog_;
};

}  // namespace snippetd::sql
