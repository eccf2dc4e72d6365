#include "app/jobs.hpp"

#include "base/error.hpp"
#include "base/log.hpp"
#include "base/timer.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_future.hpp>

namespace snippetd::app {

namespace asio = boost::asio;

namespace {

constexpr int kReapedAtOnceMax = 500;
constexpr base::Milliseconds kReaperTimeout{4000};

}  // namespace

Jobs::Jobs(redis::Clients* redis) : keeps_running_{context_.get_executor()} {
    if (redis) {
        redis_ = redis->make(context_.get_executor());
        redis_->start();
    }
    thread_ = std::thread{[this] { context_.run(); }};
}

Jobs::~Jobs() = default;

void Jobs::start_reaper(store::Store& store, base::Milliseconds interval) {
    asio::co_spawn(context_, reap(store, interval), asio::detached);
}

void Jobs::start_watch(RedisWatch& watch) {
    asio::co_spawn(context_, watch.run(), asio::detached);
}

void Jobs::start_drainer(views::Drainer::Steps steps, views::Tally& tally, base::Milliseconds interval) {
    drainer_.emplace(context_.get_executor(), std::move(steps), tally);
    drained_ = start(*drainer_, interval);
}

void Jobs::start_flusher(views::Flusher::Steps steps, views::Tally& tally, base::Milliseconds interval) {
    flusher_.emplace(context_.get_executor(), std::move(steps), tally);
    flushed_ = start(*flusher_, interval);
}

void Jobs::start_shard_drainer(views::ShardDrainer::Steps steps, views::Tally& tally, base::Milliseconds interval) {
    shard_drainer_.emplace(context_.get_executor(), std::move(steps), tally);
    shards_drained_ = start(*shard_drainer_, interval);
}

template <class Job>
std::future<bool> Jobs::start(Job& job, base::Milliseconds interval) {
    return asio::co_spawn(context_, job.run(interval), asio::use_future);
}

template <class Job>
void Jobs::finish(std::optional<Job>& job, std::future<bool>& done, base::Deadline deadline) {
    if (!job) return;
    asio::post(context_, [&job] { job->stop(); });
    done.wait_until(deadline);
}

void Jobs::flush_views(base::Milliseconds patience) {
    const base::Deadline deadline = base::deadline_in(patience);
    finishing_ = true;
    // In the order in which views travel: what Redis does not take goes to the store directly.
    finish(flusher_, flushed_, deadline);
    finish(shard_drainer_, shards_drained_, deadline);
    finish(drainer_, drained_, deadline);
}

model::NumbersById Jobs::take_unsent(base::Milliseconds patience) {
    return flusher_->take_unsent(finishing_ ? base::Milliseconds{0} : patience);
}

void Jobs::stop() {
    asio::post(context_, [this] {
        if (redis_) redis_->stop();
        context_.stop();
    });
    thread_.join();
}

base::Awaitable<void> Jobs::reap(store::Store& store, base::Milliseconds interval) {
    base::Timer timer{context_};
    while (true) {
        timer.expires_after(interval);
        co_await timer.async_wait(base::use_awaitable);
        try {
            store::Purged purged;
            do {
                purged = co_await store.purge(kReapedAtOnceMax, base::deadline_in(kReaperTimeout));
                if (purged.snippets > 0) log::info("expired snippets removed", {{"count", purged.snippets}});
            } while (purged.more);
        } catch (const base::Unavailable& away) {
            log::warn("the reaper waits for the store", {{"reason", away.what()}});
        }
    }
}

}  // namespace snippetd::app
