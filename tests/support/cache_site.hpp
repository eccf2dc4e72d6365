#pragma once

#include "base/unreachable.hpp"
#include "cache/cache.hpp"
#include "support/entries.hpp"
#include "support/run.hpp"

#include <chrono>
#include <deque>
#include <exception>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/this_coro.hpp>
#include <gtest/gtest.h>

namespace snippetd::cache {

/// A store whose loads see it as it is when they start and, while `hold` is set, end when the test lets them. It
/// remembers what it is told of invalidations, and with `hold_invalidations` takes its time over them too.
class HeldSource : public Source {
  public:
    struct Load {
        std::string id;
        Wanted wanted = Wanted::read;
        base::Deadline deadline;
        Fill fill;
        std::exception_ptr error;
        base::Timer* held = nullptr;
    };

    base::Awaitable<Fill> load(std::string id, Wanted wanted, base::Deadline deadline) override {
        auto load = std::make_shared<Load>();
        load->id = id;
        load->wanted = wanted;
        load->deadline = deadline;
        load->error = error;
        load->fill = fill(id);
        if (load->fill.as_of == base::SteadyTime{}) load->fill.as_of = base::steady_now();
        loads.push_back(load);
        if (hold) {
            const base::Executor executor = co_await boost::asio::this_coro::executor;
            base::Timer timer{executor, base::SteadyTime::max()};
            load->held = &timer;
            held_.push_back(load);
            boost::system::error_code cancelled;
            auto token = boost::asio::redirect_error(base::use_awaitable, cancelled);
            co_await timer.async_wait(token);
        }
        if (load->error) std::rethrow_exception(load->error);
        co_return load->fill;
    }

    base::Awaitable<std::shared_ptr<const Entry>> complete(std::shared_ptr<const Entry> entry) override {
        completed.push_back(entry);
        auto whole = std::make_shared<Entry>(*entry);
        whole->completion = nullptr;
        whole->json_before_count = std::string(entry->snippet->body.size(), 'j');
        const base::Executor executor = co_await boost::asio::this_coro::executor;
        base::Timer timer{executor, base::SteadyTime::max()};
        held_completion_ = &timer;
        boost::system::error_code cancelled;
        auto token = boost::asio::redirect_error(base::use_awaitable, cancelled);
        co_await timer.async_wait(token);
        if (error) std::rethrow_exception(error);
        co_return whole;
    }
    void release_completion() { std::exchange(held_completion_, nullptr)->cancel(); }

    base::Awaitable<void> invalidate(std::string id, std::int64_t floor) override {
        invalidations.emplace_back(std::move(id), floor);
        if (!hold_invalidations) co_return;
        const base::Executor executor = co_await boost::asio::this_coro::executor;
        base::Timer timer{executor, base::SteadyTime::max()};
        held_invalidation_ = &timer;
        boost::system::error_code cancelled;
        auto token = boost::asio::redirect_error(base::use_awaitable, cancelled);
        co_await timer.async_wait(token);
    }
    void release_invalidation() { std::exchange(held_invalidation_, nullptr)->cancel(); }

    std::size_t held() const { return held_.size(); }
    /// Lets the `index`-th of the held loads end. Only while its worker is not running.
    void release(std::size_t index = 0) {
        held_.at(index)->held->cancel();
        held_.erase(held_.begin() + static_cast<std::ptrdiff_t>(index));
    }

    std::function<Fill(const std::string& id)> fill = [this](const std::string& id) {
        return Fill{test::make_entry(id, version), nullptr};
    };
    std::int64_t version = 1;
    bool hold = true;
    bool hold_invalidations = false;
    std::exception_ptr error;
    std::vector<std::shared_ptr<Load>> loads;
    std::vector<std::pair<std::string, std::int64_t>> invalidations;
    std::vector<std::shared_ptr<const Entry>> completed;

  private:
    std::deque<std::shared_ptr<Load>> held_;
    base::Timer* held_invalidation_ = nullptr;
    base::Timer* held_completion_ = nullptr;
};

/// Workers' caches over one source, driven by the test's own thread, so that it decides which worker goes when.
class Site {
  public:
    explicit Site(std::size_t workers, LocalCache::Options options = {true, kNearBytes, true}) {
        std::vector<base::Executor> loops;
        for (std::size_t i = 0; i < workers; ++i) {
            contexts.push_back(std::make_unique<boost::asio::io_context>(1));
            loops.push_back(contexts.back()->get_executor());
        }
        const auto make = [this, options](const base::Executor& loop, const base::PerWorker<LocalCache>& all_caches) {
            return std::make_unique<LocalCache>(loop, options, source, shared, all_caches, metrics);
        };
        all = std::make_unique<base::PerWorker<LocalCache>>(base::Workers{loops}, make);
        for (const base::Executor& loop : loops) caches.push_back(&all->of(loop));
    }
    ~Site() { contexts.clear(); }  // with what still waits there, while the caches are alive

    struct Outcome {
        bool done = false;
        Read read;
        std::exception_ptr error;

        std::int64_t version() const { return read.fill.entry ? read.fill.entry->version : 0; }
        bool unavailable() const {
            if (!error) return false;
            try {
                std::rethrow_exception(error);
            } catch (const base::Unavailable&) {
                return true;
            } catch (...) {
                return false;
            }
        }
    };
    using Reading = std::shared_ptr<Outcome>;

    Reading read(std::size_t worker, const std::string& id,
                 base::Deadline deadline = base::deadline_in(std::chrono::hours{1})) {
        auto outcome = std::make_shared<Outcome>();
        boost::asio::co_spawn(*contexts[worker], caches[worker]->read(id, deadline),
                              [outcome](std::exception_ptr error, Read read) {
                                  outcome->done = true;
                                  outcome->error = std::move(error);
                                  outcome->read = std::move(read);
                              });
        return outcome;
    }

    Reading complete(std::size_t worker, std::shared_ptr<const Entry> entry,
                     base::Deadline deadline = base::deadline_in(std::chrono::hours{1})) {
        auto outcome = std::make_shared<Outcome>();
        boost::asio::co_spawn(*contexts[worker], caches[worker]->complete(std::move(entry), deadline),
                              [outcome](std::exception_ptr error, std::shared_ptr<const Entry> whole) {
                                  outcome->done = true;
                                  outcome->error = std::move(error);
                                  outcome->read.fill.entry = std::move(whole);
                              });
        return outcome;
    }

    std::shared_ptr<bool> invalidate(std::size_t worker, const std::string& id, std::int64_t floor) {
        auto acknowledged = std::make_shared<bool>(false);
        boost::asio::co_spawn(*contexts[worker], caches[worker]->invalidate(id, floor),
                              [acknowledged](std::exception_ptr) { *acknowledged = true; });
        return acknowledged;
    }

    /// Runs one thing that is ready on the worker; false when nothing is.
    bool step(std::size_t worker) {
        contexts[worker]->restart();
        return contexts[worker]->poll_one() == 1;
    }
    /// Runs all workers until none has anything to do.
    void settle() {
        for (bool busy = true; busy;) {
            busy = false;
            for (std::size_t i = 0; i < contexts.size(); ++i) busy |= step(i);
        }
    }
    void release_all() {
        settle();
        while (source.held() > 0) {
            source.release();
            settle();
        }
    }
    std::uint64_t counted(const char* result) {
        return metrics.counter("snippetd_cache_requests_total", "", {{"result", result}}).value();
    }

    static constexpr std::size_t kNearBytes = 1 << 20;

    base::Metrics metrics;
    HeldSource source;
    SharedCache shared{1 << 20};
    std::unique_ptr<base::PerWorker<LocalCache>> all;
    std::vector<LocalCache*> caches;  ///< as `contexts`
    std::vector<std::unique_ptr<boost::asio::io_context>> contexts;
};

inline std::exception_ptr away() {
    return std::make_exception_ptr(base::Unavailable{"the store is away"});
}

}  // namespace snippetd::cache
