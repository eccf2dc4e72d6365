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

Jobs::Jobs() : keeps_running_{context_.get_executor()}, thread_{[this] { context_.run(); }} {}

Jobs::~Jobs() = default;

void Jobs::start_reaper(store::Store& store, base::Milliseconds interval) {
    asio::co_spawn(context_, reap(store, interval), asio::detached);
}

void Jobs::start_drainer(views::Drainer::Steps steps, views::Tally& tally, base::Milliseconds interval) {
    drainer_.emplace(context_.get_executor(), std::move(steps), tally);
    drained_ = asio::co_spawn(context_, drainer_->run(interval), asio::use_future);
}

bool Jobs::flush_views(base::Milliseconds patience) {
    if (!drainer_) return true;
    asio::post(context_, [this] { drainer_->stop(); });
    return drained_.wait_for(patience) == std::future_status::ready && drained_.get();
}

void Jobs::stop() {
    context_.stop();
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
            } while (purged.snippets >= kReapedAtOnceMax);
        } catch (const base::Unavailable& away) {
            log::warn("the reaper waits for the store", {{"reason", away.what()}});
        }
    }
}

}  // namespace snippetd::app
