#pragma once

#include "base/awaitable.hpp"
#include "base/turn.hpp"

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <utility>
#include <vector>

#include <boost/asio/async_result.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>

namespace snippetd::base {

/// The workers of the process, by the executors of their loops. It does not change.
class Workers {
  public:
    /// Of a process that has none.
    Workers() = default;
    explicit Workers(std::vector<Executor> loops) : loops_{std::move(loops)} {}

    const std::vector<Executor>& loops() const { return loops_; }

  private:
    std::vector<Executor> loops_;
};

/// One T for each worker, which uses its own on its own thread alone (the idea of seastar's `sharded`). What one worker
/// must tell all of them goes through here: a message is posted to each, never a lock taken on the request path.
///
/// All are made by the constructor and live as long as this does. What is called while they are being made, by one of
/// them for instance, throws std::logic_error: no message misses a worker whose T is not there yet.
template <class T>
class PerWorker {
  public:
    using Make = std::function<std::unique_ptr<T>(const Executor& loop, const PerWorker& all)>;

    /// Of a process without workers.
    PerWorker() : complete_{true} {}
    /// `make` is called once for each worker, with its loop, which need not run yet, and with this, for who has to know
    /// the others.
    PerWorker(const Workers& workers, const Make& make) {
        for (const Executor& loop : workers.loops()) members_.push_back({loop, make(loop, *this)});
        complete_ = true;
    }
    PerWorker(const PerWorker&) = delete;
    PerWorker& operator=(const PerWorker&) = delete;

    std::size_t size() const { return members().size(); }

    /// What belongs to the worker with that loop. Throws std::logic_error when there is no such worker.
    T& of(const Executor& loop) const {
        const std::vector<Member>& all = members();
        const auto found = std::find_if(all.begin(), all.end(), [&](const Member& one) { return one.loop == loop; });
        if (found == all.end()) throw std::logic_error{"this loop is no worker's"};
        return *found->own;
    }

    /// Calls `action` with each worker's own, on its thread, and resumes the caller when all have returned. `action`
    /// must not throw and may be called by several threads at a time.
    Awaitable<void> on_each(std::function<void(T&)> action) const {
        const std::vector<Member>& all = members();
        if (all.empty()) co_return;
        const Executor caller = co_await boost::asio::this_coro::executor;
        auto initiate = [&all, &action, caller](auto handler) {
            auto waiting = std::make_shared<decltype(handler)>(std::move(handler));
            auto remaining = std::make_shared<std::atomic<std::size_t>>(all.size());
            for (const Member& member : all) {
                boost::asio::post(member.loop, [action, &own = *member.own, waiting, remaining, caller] {
                    const Turn turn;
                    action(own);
                    if (remaining->fetch_sub(1) != 1) return;
                    boost::asio::post(caller, [waiting] {
                        const Turn resumed;
                        (*waiting)();
                    });
                });
            }
        };
        co_await boost::asio::async_initiate<const boost::asio::use_awaitable_t<Executor>, void()>(initiate,
                                                                                                   use_awaitable);
    }

    /// What `ask`, called likewise, says of each. The order says nothing.
    template <class Answer>
    Awaitable<std::vector<Answer>> gather(std::function<Answer(T&)> ask) const {
        std::mutex mutex;
        std::vector<Answer> answers;
        std::function<void(T&)> note = [&](T& own) {
            Answer answer = ask(own);
            const std::lock_guard lock{mutex};
            answers.push_back(std::move(answer));
        };
        co_await on_each(std::move(note));
        co_return answers;
    }

    /// As `on_each` without waiting. What one thread posts each worker does in that order.
    void post_to_each(const std::function<void(T&)>& action) const {
        for (const Member& member : members()) {
            boost::asio::post(member.loop, [action, &own = *member.own] {
                const Turn turn;
                action(own);
            });
        }
    }

    /// Whether `holds` of all. Waits for the workers: for a thread that is none of theirs, while their loops run.
    bool all_of(const std::function<bool(T&)>& holds) const {
        std::vector<std::future<bool>> answers;
        for (const Member& member : members()) {
            auto answer = std::make_shared<std::promise<bool>>();
            answers.push_back(answer->get_future());
            boost::asio::post(member.loop, [holds, &own = *member.own, answer] { answer->set_value(holds(own)); });
        }
        return std::all_of(answers.begin(), answers.end(), [](std::future<bool>& answer) { return answer.get(); });
    }

  private:
    struct Member {
        Executor loop;
        std::unique_ptr<T> own;
    };

    const std::vector<Member>& members() const {
        if (!complete_) throw std::logic_error{"not every worker has its own yet"};
        return members_;
    }

    std::vector<Member> members_;  ///< does not change once it is complete
    bool complete_ = false;
};

}  // namespace snippetd::base
