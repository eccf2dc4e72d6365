#pragma once

#include "base/completion.hpp"
#include "base/error.hpp"
#include "base/fair_queue.hpp"
#include "base/reply.hpp"

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
/// (`FairQueue`).
class ThreadPool {
  public:
    /// For what must not be refused once it has come so far.
    static constexpr Milliseconds kAnyTime{60'000};

    /// `waiting_max`: calls that have not begun; beyond it, or beyond what is done in `target` when they come all the
    /// time (`Admission`), one is refused. `what` is said then. `meter` may be null.
    ThreadPool(unsigned threads, std::size_t waiting_max, Milliseconds target, std::string what,
               std::shared_ptr<QueueMeter> meter = nullptr)
        : what_{std::move(what)},
          waiting_{admission_of(threads, waiting_max, target), std::move(meter)},
          threads_{threads} {}
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
            submit(std::make_unique<Answered<T, Work, Completion<T>>>(std::move(work), std::move(done)), party);
        };
        co_return co_await completed_by<T>(std::move(start));
    }

    /// The same, but throws Unavailable at the deadline too. What has not been begun by then never is.
    template <class Work>
    Awaitable<std::invoke_result_t<Work&>> run(Work work, Deadline deadline) {
        using T = std::invoke_result_t<Work&>;
        auto start = [this, deadline, work = std::move(work)](Completion<T> done) mutable {
            Reply<T> reply{std::move(done), deadline, what_};
            submit(std::make_unique<Answered<T, Work, Reply<T>>>(std::move(work), std::move(reply), deadline.at),
                   deadline.party);
        };
        co_return co_await completed_by<T>(std::move(start));
    }

    /// Has a thread of the pool call `work`, which throws nothing; or, when it has no room and after `close`, whoever
    /// finds out call `refused` with the reason.
    template <class Work, class Refused>
    void post(Work work, Refused refused, Party party) {
        submit(std::make_unique<Posted<Work, Refused>>(std::move(work), std::move(refused)), party);
    }

  private:
    /// Exactly one of the two is called.
    struct Task {
        virtual ~Task() = default;
        virtual void perform() = 0;
        virtual void refuse(std::exception_ptr why) = 0;
    };

    template <class T, class Work, class Answer>
    struct Answered : Task {
        Answered(Work work_, Answer answer_, std::optional<SteadyTime> until_ = std::nullopt)
            : work{std::move(work_)}, answer{std::move(answer_)}, until{until_} {}
        void perform() override {
            if (until && steady_now() >= *until) return;  // the reply has answered
            std::optional<T> result;
            try {
                result.emplace(work());
            } catch (...) {
                answer.reject(std::current_exception());
                return;
            }
            answer.resolve(std::move(*result));
        }
        void refuse(std::exception_ptr why) override { answer.reject(std::move(why)); }

        Work work;
        Answer answer;
        std::optional<SteadyTime> until;
    };

    template <class Work, class Refused>
    struct Posted : Task {
        Posted(Work work_, Refused refused_) : work{std::move(work_)}, refused{std::move(refused_)} {}
        void perform() override { work(); }
        void refuse(std::exception_ptr why) override { refused(std::move(why)); }

        Work work;
        Refused refused;
    };

    static Admission::Options admission_of(unsigned threads, std::size_t waiting_max, Milliseconds target) {
        Admission::Options options;
        options.target = target;
        options.burst = std::max(options.burst, 4 * target);
        options.least = std::min<std::size_t>(2 * threads, waiting_max);
        options.most = waiting_max;
        return options;
    }

    void submit(std::unique_ptr<Task> task, const Party& party) {
        std::unique_ptr<Task> refused;
        std::exception_ptr why;
        {
            const std::lock_guard lock{mutex_};
            if (closed_) {
                refused = std::move(task);
                why = std::make_exception_ptr(Unavailable{"the service is shutting down"});
            } else if (auto out = waiting_.push(std::move(task), party, steady_now())) {
                refused = std::move(out->item);
                why = std::make_exception_ptr(Unavailable{what_});
            }
            // One look into the queue for each that has come, whoever has to give way.
            if (!closed_) boost::asio::post(threads_, [this] { work_off(); });
        }
        if (refused) refused->refuse(std::move(why));
    }

    void work_off() {
        std::optional<std::unique_ptr<Task>> task;
        {
            const std::lock_guard lock{mutex_};
            task = waiting_.pop(steady_now());
        }
        if (!task) return;
        (*task)->perform();
        const std::lock_guard lock{mutex_};
        waiting_.done(1);
    }

    const std::string what_;
    std::mutex mutex_;
    FairQueue<std::unique_ptr<Task>> waiting_;  ///< guarded by mutex_
    bool closed_ = false;                       ///< guarded by mutex_
    boost::asio::thread_pool threads_;
};

}  // namespace snippetd::base
