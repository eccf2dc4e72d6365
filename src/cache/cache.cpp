#include "cache/cache.hpp"

#include "base/error.hpp"
#include "base/log.hpp"

#include <algorithm>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/redirect_error.hpp>

namespace snippetd::cache {

namespace asio = boost::asio;

namespace {

constexpr base::Milliseconds kLoadTimeout{700};

base::Counter& requests_counter(base::Metrics& metrics, const char* result) {
    return metrics.counter("snippetd_cache_requests_total", "Reads of links, by where the answer came from.",
                           {{"result", result}});
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

LocalCache::LocalCache(base::Executor executor, Options options, Source& source, std::shared_ptr<Group> group,
                       base::Metrics& metrics)
    : executor_{std::move(executor)},
      options_{options},
      source_{source},
      group_{std::move(group)},
      near_{options.enabled ? options.near_bytes : 0},
      near_hits_{requests_counter(metrics, "near_hit")},
      misses_{requests_counter(metrics, "miss")},
      negative_hits_{requests_counter(metrics, "negative_hit")} {}

std::shared_ptr<const Entry> LocalCache::find_near(std::string_view id) {
    auto entry = near_.find(id, base::steady_now());
    if (entry) count_hit(*entry);
    return entry;
}

void LocalCache::count_hit(const Entry& entry) {
    (entry.kind == Entry::Kind::snippet ? near_hits_ : negative_hits_).add();
}

base::Awaitable<Read> LocalCache::read(std::string id, base::Deadline deadline) {
    if (auto entry = find_near(id)) co_return Read{{std::move(entry), nullptr}, Status::near_hit};
    if (auto entry = find_shared(id)) co_return Read{{std::move(entry), nullptr}, Status::near_hit};
    misses_.add();
    if (!options_.enabled) {
        std::vector<std::string> ids{id};
        std::vector<Fill> fills = co_await source_.load(std::move(ids), deadline);
        co_return Read{std::move(fills.front()), Status::miss};
    }
    std::exception_ptr error;
    try {
        Fill fill = co_await fly(id, deadline);
        co_return Read{std::move(fill), Status::miss};
    } catch (const base::Unavailable&) {
        error = std::current_exception();
    }
    // Nothing can have been edited while the store is away, so what has merely outlived its TTL is still right.
    auto stale = near_.find_stale(id);
    const bool usable = stale && stale->kind == Entry::Kind::snippet &&
                        (stale->expires_at == 0 || stale->expires_at > base::unix_now_ms());
    if (!usable) std::rethrow_exception(error);
    co_return Read{{std::move(stale), nullptr}, Status::near_hit};
}

std::shared_ptr<const Entry> LocalCache::find_shared(std::string_view id) {
    if (!options_.enabled) return nullptr;
    auto entry = group_->shared.copy(id, base::steady_now());
    if (!entry) return nullptr;
    // Without a pause in between: an invalidation that has emptied the shared cache before visits this worker after.
    near_.put(entry);
    count_hit(*entry);
    return entry;
}

std::shared_ptr<LocalCache::Flight> LocalCache::board(const std::string& id) {
    if (const auto under_way = flights_.find(id); under_way != flights_.end()) return under_way->second;
    if (flights_.size() >= kFlightsMax) throw base::Unavailable{"too many snippets are being loaded"};
    auto flight = std::make_shared<Flight>();
    flights_.emplace(id, flight);
    waiting_.emplace_back(id, flight);
    if (!start_posted_) {
        // At the end of this turn of the loop, so that what else comes in it goes into the same batch.
        start_posted_ = true;
        asio::post(executor_, [this] {
            start_posted_ = false;
            start_batches();
        });
    }
    return flight;
}

base::Awaitable<Fill> LocalCache::fly(std::string id, base::Deadline deadline) {
    const std::shared_ptr<Flight> flight = board(id);
    base::Timer timer{executor_, deadline};
    flight->waiters.push_back(&timer);
    boost::system::error_code cancelled;
    auto token = asio::redirect_error(base::use_awaitable, cancelled);
    co_await timer.async_wait(token);
    if (!flight->landed) {
        std::erase(flight->waiters, &timer);
        throw base::Unavailable{"the store does not answer in time"};
    }
    if (flight->error) std::rethrow_exception(flight->error);
    co_return flight->fill;
}

void LocalCache::start_batches() {
    while (!waiting_.empty() && batches_in_flight_ < kBatchesInFlightMax) {
        const std::size_t size = std::min(waiting_.size(), kBatchMax);
        std::vector<std::pair<std::string, std::shared_ptr<Flight>>> batch{
            std::make_move_iterator(waiting_.begin()),
            std::make_move_iterator(waiting_.begin() + static_cast<std::ptrdiff_t>(size))};
        waiting_.erase(waiting_.begin(), waiting_.begin() + static_cast<std::ptrdiff_t>(size));
        ++batches_in_flight_;
        asio::co_spawn(executor_, run_batch(std::move(batch)), asio::detached);
    }
}

base::Awaitable<void> LocalCache::run_batch(std::vector<std::pair<std::string, std::shared_ptr<Flight>>> batch) {
    std::vector<std::string> ids;
    for (const auto& [id, flight] : batch) ids.push_back(id);
    std::vector<Fill> fills;
    std::exception_ptr error;
    try {
        fills = co_await source_.load(std::move(ids), base::deadline_in(kLoadTimeout));
    } catch (const std::exception&) {
        error = std::current_exception();
    }
    for (std::size_t i = 0; i < batch.size(); ++i) {
        auto& [id, flight] = batch[i];
        if (error) {
            flight->error = error;
        } else {
            flight->fill = std::move(fills[i]);
            if (flight->fill.entry) keep(*flight);
        }
        land(id, *flight);
    }
    --batches_in_flight_;
    start_batches();
}

void LocalCache::keep(const Flight& flight) {
    if (flight.doomed) return;
    near_.put(flight.fill.entry);
    if (group_->members.size() > 1) group_->shared.put(std::make_shared<const Entry>(*flight.fill.entry));
}

void LocalCache::land(const std::string& id, Flight& flight) {
    flight.landed = true;
    if (const auto found = flights_.find(id); found != flights_.end() && found->second.get() == &flight) {
        flights_.erase(found);
    }
    for (base::Timer* waiter : flight.waiters) waiter->cancel();
    flight.waiters.clear();
}

base::Awaitable<void> LocalCache::invalidate(std::string id, std::int64_t floor) {
    group_->shared.invalidate(id, floor);
    // A function object with a name: g++ 12 destroys a temporary of class type in a co_await expression twice.
    std::function<void(std::size_t)> drop_there = [group = group_, id](std::size_t worker) {
        group->members[worker]->drop(id);
    };
    co_await group_->workers.on_each(drop_there);
}

void LocalCache::drop(std::string_view id) {
    near_.erase(id);
    if (const auto found = flights_.find(std::string{id}); found != flights_.end()) {
        found->second->doomed = true;
        flights_.erase(found);
    }
}

void LocalCache::update_count(std::string_view id, std::int64_t count) {
    if (const auto entry = near_.find_stale(id)) entry->view_count = count;
}

}  // namespace snippetd::cache
