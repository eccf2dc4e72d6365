#include "cache/cache.hpp"

#include "base/unreachable.hpp"

#include <algorithm>
#include <limits>

#include <boost/asio/co_spawn.hpp>

namespace snippetd::cache {

namespace asio = boost::asio;

namespace {

/// Of what is made for whoever reads it.
constexpr base::Party kOfAll{0, base::Work::read, base::Standing::service};

constexpr base::Milliseconds kLoadTimeout{700};
constexpr const char* kLate = "the store does not answer in time";
// After a refresh that has failed: the entry is good for a while yet.
constexpr base::Milliseconds kRefreshPause{500};

base::Counter& requests_counter(base::Metrics& metrics, const char* result) {
    return metrics.counter("snippetd_cache_requests_total", "Reads of links, by where the answer came from.",
                           {{"result", result}});
}

bool is_unreachable(const std::exception_ptr& error) {
    try {
        std::rethrow_exception(error);
    } catch (const base::Unreachable&) {
        return true;
    } catch (const std::exception&) {
        return false;
    }
}

}  // namespace

std::string_view cache_status(Status status) {
    switch (status) {
        case Status::near_hit: return "snippetd-near; hit";
        case Status::redis_hit: return "snippetd-redis; hit";
        case Status::miss: break;
    }
    return "snippetd; fwd=miss";
}

LocalCache::LocalCache(base::Executor executor, Options options, Source& source, SharedCache& shared,
                       const base::PerWorker<LocalCache>& all, base::Metrics& metrics)
    : executor_{std::move(executor)},
      options_{options},
      source_{source},
      shared_{shared},
      all_{all},
      near_{options.enabled ? options.near_bytes : 0},
      near_hits_{requests_counter(metrics, "near_hit")},
      redis_hits_{requests_counter(metrics, "redis_hit")},
      misses_{requests_counter(metrics, "miss")},
      negative_hits_{requests_counter(metrics, "negative_hit")},
      unproven_{metrics.counter("snippetd_cache_unproven_total",
                                "Reads that found an answer which could not be believed at that moment, because it was "
                                "not proven in time that no edit had been missed.")} {}

std::shared_ptr<const Entry> LocalCache::find_near(std::string_view id, base::SteadyTime now) {
    auto entry = near_.find(id, now);
    if (entry && !covered(*entry, now)) {
        unproven_.add();
        entry = nullptr;
    }
    if (!entry) return find_shared(id, now);
    (entry->kind == Entry::Kind::snippet ? near_hits_ : negative_hits_).add();
    if (now >= entry->refresh_from) refresh_soon(*entry, now);
    return entry;
}

bool LocalCache::covered(const Entry& entry, base::SteadyTime now) const {
    return options_.alone || trust_.covers(entry.loaded_at, now);
}

void LocalCache::count(const Fill& fill) {
    if (fill.status == Status::miss) {
        misses_.add();
    } else if (fill.entry && fill.entry->kind != Entry::Kind::snippet) {
        negative_hits_.add();
    } else {
        (fill.status == Status::near_hit ? near_hits_ : redis_hits_).add();
    }
}

void LocalCache::refresh_soon(const Entry& entry, base::SteadyTime now) {
    if (entry.kind != Entry::Kind::snippet || now < no_refresh_before_) return;
    if (loads_.find(entry.id) || loads_.size() >= kFlightsMax) return;
    if (const auto newer = shared_.copy(entry.id, now); newer && newer->refresh_from > now) {
        if (newer->bytes() <= SharedCache::kCopiedBytesMax) near_.put(newer);
        return;  // another worker has been here already
    }
    asio::co_spawn(executor_, refresh(entry.id), base::detached);
}

base::Awaitable<void> LocalCache::refresh(std::string id) {
    if (loads_.find(id)) co_return;  // of a reader that came just before
    try {
        co_await load(id, Wanted::refresh, kOfAll);
    } catch (const base::Unavailable&) {
        no_refresh_before_ = base::deadline_in(kRefreshPause);
    }
}

base::Awaitable<Read> LocalCache::read(std::string id, base::Deadline deadline) {
    if (auto entry = find_near(id, base::steady_now())) co_return Read{{std::move(entry), nullptr}, Status::near_hit};
    if (!options_.enabled) {
        Fill fill = co_await source_.load(id, Wanted::read, deadline);
        count(fill);
        const Status status = fill.status;
        co_return Read{std::move(fill), status};
    }
    std::exception_ptr error;
    try {
        Fill fill = co_await load_or_wait(id, deadline);
        count(fill);
        const Status status = fill.status;
        co_return Read{std::move(fill), status};
    } catch (const base::Unavailable&) {
        error = std::current_exception();
    }
    misses_.add();
    std::shared_ptr<const Entry> stale = find_stale(id, error);
    if (!stale) std::rethrow_exception(error);
    co_return Read{{std::move(stale), nullptr}, Status::near_hit};
}

/// What is still right when a load has ended with `error`, or null. Nothing can have been edited while the store is
/// away, so what has merely outlived its TTL is; not so what an edit may have been missed of before. Of a store that is
/// merely late others may have an answer.
std::shared_ptr<const Entry> LocalCache::find_stale(std::string_view id, const std::exception_ptr& error) {
    const base::SteadyTime now = base::steady_now();
    const Trust& trust = is_unreachable(error) ? trust_without_store_ : trust_;
    const auto covers = [&](const Entry& entry) { return options_.alone || trust.covers(entry.loaded_at, now); };
    std::shared_ptr<const Entry> stale = near_.peek(id);
    if (!stale || !covers(*stale)) stale = shared_.copy_stale(id);
    const bool usable = stale && stale->kind == Entry::Kind::snippet && covers(*stale) && !stale->expired(now);
    return usable ? stale : nullptr;
}

std::shared_ptr<const Entry> LocalCache::find_shared(std::string_view id, base::SteadyTime now) {
    if (!options_.enabled || is_alone()) return nullptr;
    auto entry = shared_.copy(id, now);
    if (!entry || !covered(*entry, now)) return nullptr;
    (entry->kind == Entry::Kind::snippet ? near_hits_ : negative_hits_).add();
    if (entry->bytes() <= SharedCache::kCopiedBytesMax) {
        // Without a pause in between: an invalidation that has emptied the shared cache before visits this worker
        // after.
        near_.put(entry);
    } else if (now >= entry->refresh_from) {
        refresh_soon(*entry, now);
    }
    return entry;
}

base::Awaitable<std::shared_ptr<const Entry>> LocalCache::complete(std::shared_ptr<const Entry> entry,
                                                                   base::Deadline deadline) {
    if (entry->whole()) co_return entry;
    const Completions::Place place = completions_.join(entry.get(), deadline);
    if (!place.first) {
        co_await completions_.wait(place.flight, deadline, kLate);
        co_return place.flight->result();
    }
    try {
        std::shared_ptr<const Entry> whole = co_await source_.complete(entry);
        // Only in the place of what it has been made of: what has been invalidated meanwhile is not there any more.
        if (is_alone()) {
            near_.replace(entry, whole);
        } else {
            shared_.replace(entry, whole);
        }
        completions_.land(place.flight, std::move(whole));
    } catch (const std::exception&) {
        completions_.fail(place.flight, std::current_exception());
    }
    co_return place.flight->result();
}

base::Awaitable<Fill> LocalCache::load(const std::string& id, Wanted wanted, base::Party party) {
    if (loads_.size() >= kFlightsMax) throw base::Unavailable{"too many snippets are being loaded"};
    const base::Deadline deadline = base::deadline_in(kLoadTimeout, party);
    const Loads::Pointer flight = loads_.begin(id, deadline, Loading{wanted});
    try {
        Fill fill = co_await source_.load(id, wanted, deadline);
        // Not kept even for a moment: when the store is away, nobody may find it.
        if (too_old(fill)) fill = co_await source_.load(id, Wanted::newest, deadline);
        if (fill.entry) keep(fill.entry, flight->note);
        loads_.land(flight, std::move(fill));
    } catch (const std::exception&) {
        loads_.fail(flight, std::current_exception());
    }
    co_return flight->result();
}

bool LocalCache::too_old(const Fill& fill) {
    if (fill.status != Status::redis_hit || !fill.entry || fill.entry->kind != Entry::Kind::snippet) return false;
    return fill.entry->version < shared_.floor(fill.entry->id);
}

base::Awaitable<Fill> LocalCache::load_or_wait(const std::string& id, base::Deadline deadline) {
    const base::SteadyTime asked = base::steady_now();
    while (true) {
        const Loads::Pointer flight = loads_.find(id);
        if (!flight) co_return co_await load(id, Wanted::read, deadline.party);
        if (!fresh_enough(flight->note.began, asked)) {
            doom(id, std::numeric_limits<std::int64_t>::max());
            continue;
        }
        co_await loads_.wait(flight, deadline, kLate);
        // A refresh fails when another instance makes it, which is no answer for who has nothing to serve.
        if (flight->error() && flight->note.wanted == Wanted::refresh) continue;
        const Fill& fill = flight->result();
        if (fresh_enough(fill.as_of, asked)) co_return fill;
    }
}

/// Whether who has asked at `asked` may get what is as fresh as that.
bool LocalCache::fresh_enough(base::SteadyTime as_of, base::SteadyTime asked) const {
    return options_.alone || asked - as_of < Trust::kSilenceMax;
}

void LocalCache::keep(const std::shared_ptr<const Entry>& entry, const Loading& loading) {
    if (entry->version < loading.floor) return;
    // Into the near cache only when it is read again: what is read once costs no second copy and displaces nothing.
    if (is_alone()) {
        near_.put(entry);
        return;
    }
    shared_.put(entry);
    if (loading.wanted == Wanted::refresh && entry->bytes() <= SharedCache::kCopiedBytesMax) {
        near_.put(std::make_shared<const Entry>(*entry));
    }
}

base::Awaitable<void> LocalCache::invalidate(std::string id, std::int64_t floor) {
    shared_.invalidate(id, floor);
    // A function object with a name: g++ 12 destroys a temporary of class type in a co_await expression twice.
    std::function<void(LocalCache&)> drop_there = [id, floor](LocalCache& cache) { cache.drop(id, floor); };
    co_await all_.on_each(drop_there);
    co_await source_.invalidate(std::move(id), floor);
}

void LocalCache::drop(std::string_view id, std::int64_t floor) {
    near_.erase_below(id, floor);
    doom(id, floor);
}

/// Whoever waits for the flight still gets what it brings, but that is not kept when it lies below `floor`, and nobody
/// else waits for it.
void LocalCache::doom(std::string_view id, std::int64_t floor) {
    const Loads::Pointer flight = loads_.doom(std::string{id});
    if (flight) flight->note.floor = std::max(flight->note.floor, floor);
}

void LocalCache::update_count(std::string_view id, std::int64_t count) {
    if (const auto entry = near_.peek(id)) entry->view_count.raise_to(count);
    if (on_count_) on_count_(id, count);
}

}  // namespace snippetd::cache
