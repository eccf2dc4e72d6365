#include "cache/cache.hpp"

#include "base/error.hpp"

#include <algorithm>

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
        Fill fill = co_await source_.load(id, deadline);
        co_return Read{std::move(fill), Status::miss};
    }
    std::exception_ptr error;
    try {
        const auto under_way = flights_.find(id);
        Fill fill;
        if (under_way == flights_.end()) {
            fill = co_await load(id);
        } else {
            std::shared_ptr<Flight> flight = under_way->second;
            fill = co_await wait_for(std::move(flight), deadline);
        }
        co_return Read{std::move(fill), Status::miss};
    } catch (const base::Unavailable&) {
        error = std::current_exception();
    }
    // Nothing can have been edited while the store is away, so what has merely outlived its TTL is still right.
    std::shared_ptr<const Entry> stale = near_.find_stale(id);
    if (!stale) stale = group_->shared.copy_stale(id);
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

base::Awaitable<Fill> LocalCache::load(const std::string& id) {
    if (flights_.size() >= kFlightsMax) throw base::Unavailable{"too many snippets are being loaded"};
    const auto flight = std::make_shared<Flight>();
    flights_.emplace(id, flight);
    try {
        flight->fill = co_await source_.load(id, base::deadline_in(kLoadTimeout));
    } catch (const std::exception&) {
        flight->error = std::current_exception();
    }
    if (flight->fill.entry) keep(*flight);
    land(id, *flight);
    if (flight->error) std::rethrow_exception(flight->error);
    co_return flight->fill;
}

base::Awaitable<Fill> LocalCache::wait_for(std::shared_ptr<Flight> flight, base::Deadline deadline) {
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

void LocalCache::keep(const Flight& flight) {
    if (flight.doomed) return;
    if (group_->members.size() == 1) {
        near_.put(flight.fill.entry);
    } else {
        // Into the near cache only when it is read again: what is read once costs no second copy and displaces nothing.
        group_->shared.put(flight.fill.entry);
    }
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
