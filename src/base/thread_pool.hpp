#pragma once

#include "base/completion.hpp"
#include "base/error.hpp"
#include "base/fair_queue.hpp"
#include "base/reply.hpp"
#include "base/thread_priority.hpp"

#include <cstddef>
#include <exception>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>

#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>

namespace snippetd::base {

/// A few threads for what would hold a worker up, behind a queue that is shared out between clients and bounded
/// (`FairQueue`). They step back behind the workers' loops (`step_back`).
class ThreadPool {
  public:
    /// `queue`: how much may wait; beyond it one call is refused, and `what` is said. `meter` may be null.
    ThreadPool(unsigned threads, Admission::Options queue, std::string what,
               std::shared_ptr<QueueMeter> meter = nullptr)
        : what_{std::move(what)}, meter_{std::move(meter)}, waiting_{queue, meter_}, threads_{threads} {}
    ~ThreadPool() { close(); }
    ThreadPool(const ThreadPool&) = delete;
    ThreadPool& operator=(const ThreadPool&) = delete;

    /// Refuses further calls and returns when those under way have been answered. Not from a coroutine.
    void close() {
        {
            const std::lock_guard lock{mutex_};
            closed_ = true;
        }
        threads_.join();
    }

    /// What `work` returns, from a thread of the pool. Throws what it throws, and Unavailable at once when it has no
    /// room in the queue, or after `close`.
    template <class Work>
    Awaitable<std::invoke_result_t<Work&>> run(Work work, Party party = {}) {
        using T = std::invoke_result_t<Work&>;
        auto start = [this, party, work = std::move(work)](Completion<T> done) mutable {
            submit(std::make_unique<Answered<T, Work, Completion<T>>>(party, std::move(work), std::move(done)));
        };
        co_return co_await completed_by<T>(std::move(start));
    }

    /// The same, but throws Unavailable at the deadline too. What has not been begun by then never is.
    template <class Work>
    Awaitable<std::invoke_result_t<Work&>> run(Work work, Deadline deadline) {
        using T = std::invoke_result_t<Work&>;
        auto start = [this, deadline, work = std::move(work)](Completion<T> done) mutable {
            Reply<T> reply{std::move(done), deadline, what_};
            submit(std::make_unique<Answered<T, Work, Reply<T>>>(deadline.party, std::move(work), std::move(reply),
                                                                 deadline.at));
        };
        co_return co_await completed_by<T>(std::move(start));
    }

    /// Whether `run` would take one more of `party` now; if not, that counts as a refusal. To be asked before something
    /// is done that would have been for nothing. Nothing is kept free by it.
    bool has_room(const Party& party) {
        const std::lock_guard lock{mutex_};
        return !closed_ && !waiting_.refuses(party, steady_now());
    }

    /// Has a thread of the pool call `work`, which throws nothing; or, when it has no room and after `close`, whoever
    /// finds out call `refused` with the reason.
    template <class Work, class Refused>
    void post(Work work, Refused refused, Party party) {
        submit(std::make_unique<Posted<Work, Refused>>(party, std::move(work), std::move(refused)));
    }

  private:
    /// Exactly one of the two is called.
    struct Task {
        explicit Task(const Party& its_party) : party{its_party} {}
        virtual ~Task() = default;
        /// False when there was nothing left to be done.
        virtual bool perform() = 0;
        virtual void refuse(std::exception_ptr why) = 0;
        const Party party;
    };

    template <class T, class Work, class Answer>
    struct Answered : Task {
        Answered(const Party& its_party, Work work_, Answer answer_, std::optional<SteadyTime> until_ = std::nullopt)
            : Task{its_party}, work{std::move(work_)}, answer{std::move(answer_)}, until{until_} {}
        bool perform() override {
            if (until && steady_now() >= *until) return false;  // the reply has answered
            std::optional<T> result;
            try {
                result.emplace(work());
            } catch (...) {
                answer.reject(std::current_exception());
                return true;
            }
            answer.resolve(std::move(*result));
            return true;
        }
        void refuse(std::exception_ptr why) override { answer.reject(std::move(why)); }

        Work work;
        Answer answer;
        std::optional<SteadyTime> until;
    };

    template <class Work, class Refused>
    struct Posted : Task {
        Posted(const Party& its_party, Work work_, Refused refused_)
            : Task{its_party}, work{std::move(work_)}, refused{std::move(refused_)} {}
        bool perform() override {
            work();
            return true;
        }
        void refuse(std::exception_ptr why) override { refused(std::move(why)); }

        Work work;
        Refused refused;
    };

    void submit(std::unique_ptr<Task> task) {
        const Party party = task->party;
        std::unique_ptr<Task> refused;
        std::exception_ptr why;
        {
            const std::lock_guard lock{mutex_};
            if (closed_) {
                refused = std::move(task);
                why = std::make_exception_ptr(Unavailable{"the service is shutting down"});
            } else if (auto out = waiting_.push(std::move(task), party, steady_now())) {
                // Whoever gives way leaves its look into the queue.
                refused = std::move(out->item);
                why = std::make_exception_ptr(Unavailable{what_});
            } else {
                boost::asio::post(threads_, [this] { work_off(); });
            }
        }
        if (refused) refused->refuse(std::move(why));
    }

    void work_off() {
        thread_local const bool stepped_back = (step_back(), true);
        static_cast<void>(stepped_back);
        std::optional<std::unique_ptr<Task>> task;
        {
            const std::lock_guard lock{mutex_};
            task = waiting_.pop(steady_now());
        }
        if (!task) return;
        const SteadyTime begin = steady_now();
        if (!(*task)->perform()) return;
        const SteadyTime::duration time = steady_now() - begin;
        if (meter_) meter_->spent((*task)->party, time);
        const std::lock_guard lock{mutex_};
        waiting_.spent((*task)->party, time);
        waiting_.done(1);
    }

    const std::string what_;
    const std::shared_ptr<QueueMeter> meter_;
    std::mutex mutex_;
    FairQueue<std::unique_ptr<Task>> waiting_;  ///< guarded by mutex_
    bool closed_ = false;                       ///< guarded by mutex_
    boost::asio::thread_pool threads_;
};

}  // namespace snippetd::base
