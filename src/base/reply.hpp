#pragma once

#include "base/clock.hpp"
#include "base/completion.hpp"
#include "base/error.hpp"
#include "base/timer.hpp"

#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include <boost/asio/post.hpp>

namespace snippetd::base {

/// A completion with a deadline: at it the coroutine that waits gets Unavailable, whatever the work does. Copies share
/// the one answer. Callable from any thread; what comes after the first answer is dropped.
template <class Result>
class Reply {
  public:
    /// On the coroutine's own executor. `late` is said at the deadline.
    Reply(Completion<Result> done, Deadline deadline, std::string late)
        : state_{std::make_shared<State>(std::move(done))} {
        state_->timer.expires_at(deadline);
        state_->timer.async_wait([state = state_, late = std::move(late)](boost::system::error_code) {
            if (state->done) state->take().reject_here(std::make_exception_ptr(Unavailable{late}));
        });
    }

    void resolve(Result result) const { settle(nullptr, std::move(result)); }
    void reject(std::exception_ptr error) const { settle(std::move(error), std::nullopt); }

  private:
    /// Touched on the coroutine's executor only, but for `executor`.
    struct State {
        explicit State(Completion<Result> completion)
            : executor{completion.executor()}, done{std::move(completion)}, timer{executor} {}
        Completion<Result> take() {
            Completion<Result> taken = std::move(*done);
            done.reset();
            return taken;
        }

        const Executor executor;
        std::optional<Completion<Result>> done;  ///< nothing once it has been answered
        Timer timer;
    };

    void settle(std::exception_ptr error, std::optional<Result> result) const {
        boost::asio::post(state_->executor,
                          [state = state_, error = std::move(error), result = std::move(result)]() mutable {
                              if (!state->done) return;
                              Completion<Result> done = state->take();
                              state->timer.cancel();
                              if (error) {
                                  done.reject_here(std::move(error));
                              } else {
                                  done.resolve_here(std::move(*result));
                              }
                          });
    }

    std::shared_ptr<State> state_;
};

}  // namespace snippetd::base
