#pragma once

#include "base/metrics.hpp"
#include "base/thread_pool.hpp"

#include <array>
#include <cstddef>
#include <type_traits>
#include <utility>

namespace snippetd::use_cases {

/// What is done with a text in time that grows with it.
enum class Text {
    entry,    ///< what of a link's answers is the same for all readers
    json,     ///< its JSON
    request,  ///< a request's text is taken apart
    answer,   ///< an answer of its own is put together
};

/// Where large texts are worked on, so that a worker's loop never is for longer than kHereBytesMax of one take. All
/// workers have the same.
class Texts {
  public:
    /// Up to so many bytes, what takes time in proportion to a text is done on the worker's loop: it takes some ten
    /// microseconds, about as long as to hand it over.
    static constexpr std::size_t kHereBytesMax = 64 * 1024;

    Texts(base::ThreadPool& threads, base::Metrics& metrics);

    /// What `work` returns, which takes time in proportion to `bytes`. As ThreadPool::run when they are many, in which
    /// `party` takes its turns.
    template <class Work>
    base::Awaitable<std::invoke_result_t<Work&>> by_size(Text what, std::size_t bytes, base::Party party, Work work) {
        if (bytes <= kHereBytesMax) co_return work();
        counters_[static_cast<std::size_t>(what)]->add();
        co_return co_await threads_.run(std::move(work), party);
    }

  private:
    base::ThreadPool& threads_;
    std::array<base::Counter*, 4> counters_;
};

}  // namespace snippetd::use_cases
