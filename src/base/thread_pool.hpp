#pragma once

#include "base/completion.hpp"
#include "base/error.hpp"
#include "base/reply.hpp"

#include <atomic>
#include <cstddef>
#include <string>
#include <type_traits>
#include <utility>

#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>

namespace snippetd::base {

/// A few threads for what would hold a worker up, behind a bounded queue.
class ThreadPool {
  public:
    /// `waiting_max`: calls that have not returned; beyond it `run` throws. `what` is said then.
    ThreadPool(unsigned threads, std::size_t waiting_max, std::string what)
        : waiting_max_{waiting_max}, what_{std::move(what)}, threads_{threads} {}
    ~ThreadPool() { close(); }
    ThreadPool(const ThreadPool&) = delete;
    ThreadPool& operator=(const ThreadPool&) = delete;

    /// Refuses further calls and returns when those under way have been answered. Not from a coroutine.
    void close() {
        closed_ = true;
        threads_.join();
    }

    /// What `work` returns, from a thread of the pool. Throws what it throws, and Unavailable at once when the queue is
    /// full, or after `close`.
    template <class Work>
    Awaitable<std::invoke_result_t<Work&>> run(Work work) {
        using T = std::invoke_result_t<Work&>;
        enter();
        auto start = [this, work = std::move(work)](Completion<T> done) mutable {
            boost::asio::post(
                threads_, [this, work = std::move(work), done = std::move(done)]() mutable { perform<T>(work, done); });
        };
        co_return co_await completed_by<T>(std::move(start));
    }

    /// The same, but throws Unavailable at the deadline too. What has not been begun by then never is.
    template <class Work>
    Awaitable<std::invoke_result_t<Work&>> run(Work work, Deadline deadline) {
        using T = std::invoke_result_t<Work&>;
        enter();
        auto start = [this, deadline, work = std::move(work)](Completion<T> done) mutable {
            Reply<T> reply{std::move(done), deadline, what_};
            boost::asio::post(threads_, [this, deadline, work = std::move(work), reply]() mutable {
                if (steady_now() >= deadline) {
                    waiting_.fetch_sub(1);
                } else {
                    perform<T>(work, reply);
                }
            });
        };
        co_return co_await completed_by<T>(std::move(start));
    }

    /// Has a thread of the pool call `work`, which throws nothing. Throws as `run` does.
    template <class Work>
    void post(Work work) {
        enter();
        boost::asio::post(threads_, [this, work = std::move(work)]() mutable {
            work();
            waiting_.fetch_sub(1);
        });
    }

  private:
    void enter() {
        if (closed_) throw Unavailable{"the service is shutting down"};
        if (waiting_.fetch_add(1) < waiting_max_) return;
        waiting_.fetch_sub(1);
        throw Unavailable{what_};
    }

    template <class T, class Work, class Answer>
    void perform(Work& work, Answer& answer) {
        try {
            T result = work();
            waiting_.fetch_sub(1);
            answer.resolve(std::move(result));
        } catch (...) {
            waiting_.fetch_sub(1);
            answer.reject(std::current_exception());
        }
    }

    std::size_t waiting_max_;
    std::string what_;
    std::atomic<bool> closed_{false};
    std::atomic<std::size_t> waiting_{0};
    boost::asio::thread_pool threads_;
};

}  // namespace snippetd::base
