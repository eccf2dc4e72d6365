#include "views/flusher.hpp"

#include "base/assert.hpp"
#include "base/error.hpp"
#include "base/log.hpp"

namespace snippetd::views {

namespace {
constexpr const char* kNoTerm = "none";  // unlike any term: a flush that is bound to it is not repeated without asking
}

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
        model::NumbersById collected = co_await steps_.collect();
        gather(std::move(collected));
        bool whole = true;
        for (unsigned number = 0; number < shards_.size(); ++number) {
            co_await flush_shard(number);
            whole = whole && !shards_[number].sent;
        }
        away_since_.reset();
        co_return whole;
    } catch (const std::exception& error) {
        if (!away_since_) {
            away_since_ = base::steady_now();
            log::warn("views wait for Redis", {{"reason", error.what()}});
        }
    }
    co_return false;
}

base::Awaitable<void> Flusher::flush_shard(unsigned number) {
    using State = Shards::Added::State;
    Shard& shard = shards_[number];
    while (shard.sent || !shard.gathered.empty()) {
        const std::optional<std::string> server = co_await steps_.server();
        // Before anything is cut: what is not sent can go another way.
        if (!server) throw base::Unavailable{"no connection to Redis"};
        if (shard.sent && shard.sent->settle_at) {
            const bool settled = co_await settle(number);
            if (!settled) co_return;
        }
        if (!shard.sent) {
            if (shard.gathered.empty()) co_return;
            cut(shard);
        }
        Sent& sent = *shard.sent;
        const std::string bound_to = sent.bound_to;
        if (bound_to.empty()) sent.bound_to = term_at(*server);
        const std::int64_t sequence = sent.sequence;
        const Shards::Added added = co_await steps_.add(number, sequence, sent.counts, bound_to);
        SNIPPETD_ASSERT(shard.sent && shard.sent->sequence == sequence, number, sequence);
        term_ = added.term;
        switch (added.state) {
            case State::counted:
                tally_.handed_on += static_cast<std::uint64_t>(sent.views - added.dropped);
                tally_.dropped.add(static_cast<std::uint64_t>(added.dropped));
                shard.sent.reset();
                break;
            case State::not_now: throw base::Unavailable{"what Redis held when it came back is yet to be drained"};
            case State::unknown: sent.settle_at = base::steady_now() + settle_after_; break;
        }
    }
}

/// For a flush that may have been counted by a server that is not there any more. True when the shard can go on: it has
/// been, or it has not and is to be sent as if for the first time.
base::Awaitable<bool> Flusher::settle(unsigned number) {
    Sent& sent = *shards_[number].sent;
    if (base::steady_now() < *sent.settle_at && !stopping_) co_return false;
    bool applied = false;
    try {
        applied = co_await steps_.applied(number, sent.sequence);
    } catch (const base::Unavailable&) {
        co_return false;  // the other shards go on
    }
    if (applied) {
        tally_.handed_on += static_cast<std::uint64_t>(sent.views);
        shards_[number].sent.reset();
    } else {
        sent.settle_at.reset();
        sent.bound_to.clear();
    }
    co_return true;
}

/// The term that `server` is in, as far as its last answer to this process tells.
std::string Flusher::term_at(const std::string& server) const {
    const std::string run = server.substr(0, server.find(':'));
    return !run.empty() && term_.starts_with(run + ":") ? term_ : kNoTerm;
}

void Flusher::cut(Shard& shard) {
    SNIPPETD_ASSERT(!shard.sent, shard.sent->sequence, shard.sent->counts.size());
    SNIPPETD_ASSERT(shard.gathered.size() <= gathered_ids_, shard.gathered.size(), gathered_ids_);
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

void Flusher::gather(model::NumbersById counts) {
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

model::NumbersById Flusher::take_unsent(base::Milliseconds patience) {
    model::NumbersById unsent;
    if (!away_since_ || base::steady_now() - *away_since_ < patience) return unsent;
    for (Shard& shard : shards_) {
        std::move(shard.gathered.begin(), shard.gathered.end(), std::back_inserter(unsent));
        shard.gathered.clear();
    }
    SNIPPETD_ASSERT(unsent.size() == gathered_ids_, unsent.size(), gathered_ids_);
    gathered_ids_ = 0;
    return unsent;
}

}  // namespace snippetd::views
