#include "views/drainer.hpp"

#include "base/assert.hpp"
#include "base/error.hpp"
#include "base/log.hpp"
#include "base/secret.hpp"

namespace snippetd::views {

base::Awaitable<bool> Drainer::flush() {
    try {
        model::NumbersById collected = co_await steps_.collect();
        gather(std::move(collected));
        // A batch that is left from last time goes first, unchanged: its id may be in the ledger already.
        while (batch_ || !gathered_.empty()) {
            if (!batch_) cut_batch();
            const std::string id = batch_->id;
            model::NumbersById totals = co_await steps_.apply(id, batch_->counts);
            SNIPPETD_ASSERT(batch_ && batch_->id == id, std::string_view{id});
            tally_.applied.add(static_cast<std::uint64_t>(batch_->views));
            tally_.handed_on += static_cast<std::uint64_t>(batch_->views);
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
    while (!stopping_) {
        co_await base::pause(timer_, interval);
        if (!stopping_) co_await flush();
    }
    // Also when `stop` came during a flush: what was recorded since has not been collected.
    co_return co_await flush();
}

void Drainer::stop() {
    stopping_ = true;
    timer_.cancel();
}

void Drainer::gather(model::NumbersById counts) {
    for (auto& [id, count] : counts) {
        if (gathered_.size() >= kGatheredIdsMax && !gathered_.contains(id)) {
            tally_.dropped.add(static_cast<std::uint64_t>(count));
            continue;
        }
        gathered_[std::move(id)] += count;
    }
}

void Drainer::cut_batch() {
    SNIPPETD_ASSERT(!batch_, std::string_view{batch_->id}, batch_->counts.size());
    Batch batch{base::random_alphanumeric(20), {}, 0};
    while (!gathered_.empty() && batch.counts.size() < kBatchIdsMax) {
        auto taken = gathered_.extract(gathered_.begin());
        batch.views += taken.mapped();
        batch.counts.emplace_back(std::move(taken.key()), taken.mapped());
    }
    batch_ = std::move(batch);
}

}  // namespace snippetd::views
