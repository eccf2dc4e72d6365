#pragma once

#include "base/assert.hpp"
#include "base/awaitable.hpp"
#include "base/turn.hpp"

#include <exception>
#include <memory>
#include <optional>
#include <utility>

#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>

namespace snippetd::base {

/// The other end of `completed_by`: whoever has it resumes the coroutine that waits there, on the coroutine's own
/// executor, which it keeps running meanwhile. Callable from any thread, exactly once.
template <class Result>
class Completion {
  public:
    template <class Handler>
    explicit Completion(Handler handler) : waiter_{std::make_unique<WaiterFor<Handler>>(std::move(handler))} {}

    /// Where the coroutine runs.
    Executor executor() const { return waiter_->executor(); }
    /// As `resolve` and `reject`, but at once: for a caller that runs on `executor` itself.
    void resolve_here(Result result) { take()->resume_here(nullptr, std::move(result)); }
    void reject_here(std::exception_ptr error) { take()->resume_here(std::move(error), {}); }

    void resolve(Result result) { take()->resume(nullptr, std::move(result)); }
    void reject(std::exception_ptr error) { take()->resume(std::move(error), std::nullopt); }

  private:
    struct Waiter {
        virtual ~Waiter() = default;
        virtual Executor executor() const = 0;
        virtual void resume(std::exception_ptr error, std::optional<Result> result) = 0;
        virtual void resume_here(std::exception_ptr error, std::optional<Result> result) = 0;
    };
    template <class Handler>
    struct WaiterFor : Waiter {
        explicit WaiterFor(Handler handler_)
            : handler{std::move(handler_)}, work{boost::asio::get_associated_executor(handler)} {}

        Executor executor() const override { return work.get_executor(); }
        void resume_here(std::exception_ptr error, std::optional<Result> result) override {
            handler(std::move(error), std::move(result));
        }
        void resume(std::exception_ptr error, std::optional<Result> result) override {
            auto executor = work.get_executor();
            boost::asio::post(executor, [handler = std::move(handler), error = std::move(error),
                                         result = std::move(result)]() mutable {
                const Turn turn;
                handler(std::move(error), std::move(result));
            });
        }

        Handler handler;
        boost::asio::executor_work_guard<boost::asio::associated_executor_t<Handler>> work;
    };

    std::unique_ptr<Waiter> take() {
        SNIPPETD_ASSERT(waiter_);
        return std::exchange(waiter_, nullptr);
    }

    std::unique_ptr<Waiter> waiter_;
};

/// Calls `start(Completion<Result>)` and gives what its completion is resolved with, or throws what it is rejected
/// with.
template <class Result, class Start>
Awaitable<Result> completed_by(Start start) {
    auto initiate = [&start](auto handler) { start(Completion<Result>{std::move(handler)}); };
    std::optional<Result> result =
        co_await boost::asio::async_initiate<const boost::asio::use_awaitable_t<Executor>,
                                             void(std::exception_ptr, std::optional<Result>)>(initiate, use_awaitable);
    co_return std::move(*result);
}

}  // namespace snippetd::base
