#include "views/flusher.hpp"

#include "base/log.hpp"

namespace snippetd::views {

base::Awaitable<bool> Flusher::run(base::Milliseconds interval) {
    while (!stopping_) {
        co_await base::pause(timer_, interval);
        if (!stopping_) co_await flush();
    }
    // Also when `stop` came during a flush: what was recorded since has not been collected.
    co_return co_await flush();
}

void Flusher::stop() {
    stopping_ = true;
    timer_.cancel();
}

base::Awaitable<bool> Flusher::flush() {
    try {
        Counts collected = co_await steps_.collect();
        gather(std::move(collected));
        for (unsigned number = 0; number < shards_.size(); ++number) co_await flush_shard(number);
        away_since_.reset();
    } catch (const std::exception& error) {
        if (!away_since_) {
            away_since_ = base::steady_now();
            log::warn("views wait for Redis", {{"reason", error.what()}});
        }
        co_return false;
    }
    co_return true;
}

base::Awaitable<void> Flusher::flush_shard(unsigned number) {
    Shard& shard = shards_[number];
    while (shard.sent || !shard.gathered.empty()) {
        if (!shard.sent) cut(shard);
        const std::int64_t dropped = co_await steps_.add(number, shard.sent->sequence, shard.sent->counts);
        tally_.handed_on += static_cast<std::uint64_t>(shard.sent->views - dropped);
        tally_.dropped.add(static_cast<std::uint64_t>(dropped));
        shard.sent.reset();
    }
}

void Flusher::cut(Shard& shard) {
    Sent sent;
    sent.sequence = ++sequence_;
    while (!shard.gathered.empty() && sent.counts.size() < kFlushIdsMax) {
        auto taken = shard.gathered.extract(shard.gathered.begin());
        --gathered_ids_;
        sent.views += taken.mapped();
        sent.counts.emplace_back(std::move(taken.key()), taken.mapped());
    }
    shard.sent = std::move(sent);
}

void Flusher::gather(Counts counts) {
    for (auto& [id, count] : counts) {
        auto& gathered = shards_[Shards::shard_of(id)].gathered;
        const auto found = gathered.find(id);
        if (found != gathered.end()) {
            found->second += count;
        } else if (gathered_ids_ < kGatheredIdsMax) {
            gathered.emplace(std::move(id), count);
            ++gathered_ids_;
        } else {
            tally_.dropped.add(static_cast<std::uint64_t>(count));
        }
    }
}

Counts Flusher::take_unsent(base::Milliseconds patience) {
    Counts unsent;
    if (!away_since_ || base::steady_now() - *away_since_ < patience) return unsent;
    for (Shard& shard : shards_) {
        std::move(shard.gathered.begin(), shard.gathered.end(), std::back_inserter(unsent));
        shard.gathered.clear();
    }
    gathered_ids_ = 0;
    return unsent;
}

}  // namespace snippetd::views
