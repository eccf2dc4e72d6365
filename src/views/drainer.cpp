#include "views/drainer.hpp"

#include "base/error.hpp"
#include "base/log.hpp"
#include "base/secret.hpp"

#include <boost/asio/redirect_error.hpp>

namespace snippetd::views {

base::Awaitable<bool> Drainer::flush() {
    try {
        Counts collected = co_await steps_.collect();
        gather(std::move(collected));
        // A batch that is left from last time goes first, unchanged: its id may be in the ledger already.
        while (batch_ || !gathered_.empty()) {
            if (!batch_) cut_batch();
            Counts totals = co_await steps_.apply(batch_->id, batch_->counts);
            tally_.applied.add(static_cast<std::uint64_t>(batch_->views));
            tally_.batches.add();
            batch_.reset();
            co_await steps_.publish(std::move(totals));
        }
    } catch (const std::exception& error) {
        log::warn("views wait for the store", {{"reason", error.what()}});
        co_return false;
    }
    co_return true;
}

base::Awaitable<bool> Drainer::run(base::Milliseconds interval) {
    bool clean = true;
    while (!stopping_) {
        timer_.expires_after(interval);
        boost::system::error_code cancelled;
        auto token = boost::asio::redirect_error(base::use_awaitable, cancelled);
        co_await timer_.async_wait(token);
        clean = co_await flush();
    }
    co_return clean;
}

void Drainer::stop() {
    stopping_ = true;
    timer_.cancel();
}

void Drainer::gather(Counts counts) {
    for (auto& [id, count] : counts) {
        if (gathered_.size() >= kGatheredIdsMax && !gathered_.contains(id)) {
            tally_.dropped.add(static_cast<std::uint64_t>(count));
            continue;
        }
        gathered_[std::move(id)] += count;
    }
}

void Drainer::cut_batch() {
    Batch batch{base::random_alphanumeric(20), {}, 0};
    for (auto& [id, count] : gathered_) {
        batch.counts.emplace_back(id, count);
        batch.views += count;
    }
    gathered_.clear();
    batch_ = std::move(batch);
}

}  // namespace snippetd::views
