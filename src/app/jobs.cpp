#include "app/jobs.hpp"

#include "base/error.hpp"
#include "base/log.hpp"
#include "base/timer.hpp"

#include <utility>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

namespace snippetd::app {

namespace asio = boost::asio;

namespace {

constexpr int kReapedAtOnceMax = 500;
constexpr base::Milliseconds kReaperTimeout{4000};

}  // namespace

Jobs::Jobs(Fleet& fleet, views::Tally& tally)
    : link_{fleet.link_jobs(loop_.executor())}, views_{loop_.executor(), tally} {}

void Jobs::add_reaper(store::Store& store, base::Milliseconds interval) {
    add(reap(store, interval));
}

void Jobs::add(base::Awaitable<void> job) {
    asio::co_spawn(loop_.executor(), std::move(job), asio::detached);
}

void Jobs::start() {
    link_->start();
    loop_.start();
}

void Jobs::stop() {
    loop_.end([this] { link_->stop(); });
    loop_.clear();
}

base::Awaitable<void> Jobs::reap(store::Store& store, base::Milliseconds interval) {
    base::Timer timer{loop_.context()};
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
