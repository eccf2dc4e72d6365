#include "app/jobs.hpp"

#include "base/error.hpp"
#include "base/log.hpp"
#include "base/timer.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <utility>

#include <boost/asio/co_spawn.hpp>

namespace snippetd::app {

namespace asio = boost::asio;

namespace {

constexpr int kReapedAtOnceMax = 500;
constexpr base::Milliseconds kReaperTimeout{4000};

constexpr base::Milliseconds kIndexerTimeout{4000};
constexpr base::Milliseconds kIndexerInterval{250}, kIndexerRestMax{5000};

constexpr double kIndexerShareMin = 0.02, kIndexerShareMax = 0.5;
// So many writes that are left it would take all of the time for: before a search has to look through everything.
constexpr double kIndexerBusyAt = store::kUnindexedMax;

}  // namespace

Jobs::Jobs(Fleet& fleet, views::Tally& tally)
    : link_{fleet.link_jobs(loop_.executor())}, views_{loop_.executor(), tally} {}

void Jobs::add_reaper(store::Store& store, base::Milliseconds interval) {
    add(reap(store, interval));
}

void Jobs::add_indexer(store::SearchIndex& index, Indexing indexing, base::Metrics& metrics) {
    metrics.gauge("snippetd_search_unindexed", "Writes that the index of searches lacks, about.", {},
                  [this, &index] { return unindexed_.load() + static_cast<double>(index.written_since()); });
    add(this->index(index, indexing));
}

void Jobs::add(base::Awaitable<void> job) {
    asio::co_spawn(loop_.executor(), std::move(job), base::detached);
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

base::Milliseconds Jobs::rest_of_indexer(base::Milliseconds took, std::int64_t left) {
    if (left == 0) return kIndexerInterval;
    const double share = std::clamp(static_cast<double>(left) / kIndexerBusyAt, kIndexerShareMin, kIndexerShareMax);
    const double rest = static_cast<double>(std::max(took, base::Milliseconds{1}).count()) * (1 / share - 1);
    return std::min(base::Milliseconds{std::llround(rest)}, kIndexerRestMax);
}

base::Awaitable<void> Jobs::index(store::SearchIndex& index, Indexing indexing) {
    base::Timer timer{loop_.context()};
    base::Milliseconds rest = kIndexerInterval;
    base::SteadyTime look_at = base::steady_now() + indexing.after;  // what an earlier process has left
    bool is_away = false;
    while (true) {
        timer.expires_after(rest);
        co_await timer.async_wait(base::use_awaitable);
        rest = kIndexerInterval;
        const base::SteadyTime begin = base::steady_now();
        if (index.may_have_unindexed()) look_at = std::min(look_at, begin + indexing.after);
        if (begin < look_at) continue;
        try {
            const store::Indexed indexed = co_await index.index_some(base::deadline_in(kIndexerTimeout));
            const base::SteadyTime end = base::steady_now();
            look_at = indexed.left > 0 ? end : end + indexing.looks_every;
            // What has found no place will hardly find one in the next moment.
            rest = indexed.done == 0 && indexed.left > 0
                       ? kIndexerRestMax
                       : rest_of_indexer(std::chrono::duration_cast<base::Milliseconds>(end - begin), indexed.left);
            unindexed_ = static_cast<double>(indexed.left);
            if (std::exchange(is_away, false)) log::info("the search index is kept up again");
        } catch (const base::Unavailable& away) {
            // Until it is back, what is written is looked through.
            if (!std::exchange(is_away, true)) {
                log::warn("the search index waits for the store", {{"reason", away.what()}});
            }
        }
    }
}

}  // namespace snippetd::app
