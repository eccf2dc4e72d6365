#include "cache/relay.hpp"

#include "base/error.hpp"
#include "base/log.hpp"

#include <algorithm>

namespace snippetd::cache {

base::Awaitable<void> Relay::run() {
    while (!stopping_) {
        const base::SteadyTime began = steps_.now();
        look_at_once_ = false;
        try {
            co_await look();
        } catch (const base::Unavailable& away) {
            log::debug("the relay waits", {{"reason", away.what()}});
        } catch (const std::exception& defect) {
            log::error("the relay goes on after a failure", {{"error", defect.what()}});
        }
        if (stopping_) co_return;
        seldom_ = steps_.server().empty();
        const base::Milliseconds every = seldom_ ? kLookSeldom : kLookEvery;
        const auto passed = std::chrono::duration_cast<base::Milliseconds>(steps_.now() - began);
        // A moment at least, so that a slow store is not asked without a pause.
        const base::Milliseconds rest = std::max(every - passed, base::Milliseconds{1});
        if (!look_at_once_) co_await base::pause(look_timer_, rest);
    }
}

base::Awaitable<void> Relay::run_errands() {
    while (!stopping_) {
        try {
            co_await run_errand();
        } catch (const base::Unavailable& away) {
            log::debug("the relay's errands wait", {{"reason", away.what()}});
        } catch (const std::exception& defect) {
            log::error("the relay's errands go on after a failure", {{"error", defect.what()}});
        }
        if (stopping_) co_return;
        co_await base::pause(errand_timer_, kErrandsEvery);
    }
}

void Relay::stop() {
    stopping_ = true;
    look_timer_.cancel();
    errand_timer_.cancel();
}

std::optional<Proof> Relay::proven(base::SteadyTime asked, const std::string& server, std::uint64_t connection) {
    if (seldom_) look_timer_.cancel();  // Redis is back
    const std::lock_guard lock{mutex_};
    if (!reign_ || server != reign_->server) return std::nullopt;
    if (connection != connection_) {
        connection_ = connection;
        ++stand_;
    }
    heard_ = asked;
    if (store_gone_) {
        complete_ = asked;
    } else if (looked_ && looked_->ended <= asked) {
        complete_ = looked_->complete;
    }
    return Proof{complete_, heard_, stand_};
}

std::optional<Relay::Belief> Relay::believe(base::SteadyTime as_of) const {
    if (!reign_ || recovered_ != failures_ || steps_.now() - as_of >= Trust::kSilenceMax) return std::nullopt;
    return Belief{*reign_, as_of};
}

std::optional<Relay::Belief> Relay::belief() const {
    const std::lock_guard lock{mutex_};
    return believe(complete_);
}

std::optional<Relay::Belief> Relay::belief_without_store() const {
    const std::lock_guard lock{mutex_};
    return believe(heard_);
}

void Relay::delivered(std::string id, std::int64_t floor, const std::string& server) {
    const std::lock_guard lock{mutex_};
    if (!reign_ || server != reign_->server) {
        distrust();
        return;
    }
    if (delivered_.size() >= kDeliveredMax) return;
    std::int64_t& known = delivered_[std::move(id)];
    known = std::max(known, floor);
}

base::Awaitable<void> Relay::run_errand() {
    if (std::optional<Change> change = std::exchange(change_, std::nullopt)) {
        const bool another = change->run_id != change->known.run_id;
        co_await steps_.set_in_force(std::move(change->run_id), std::move(change->known));
        if (another) look_timer_.cancel();
    }
    model::NumbersById delivered;
    model::CacheServer told;
    {
        const std::lock_guard lock{mutex_};
        if (!reign_) co_return;
        told.run_id = reign_->server;
        told.epoch = reign_->epoch;
        delivered.assign(delivered_.begin(), delivered_.end());
        delivered_.clear();
    }
    // What is not forgotten now is delivered once more.
    if (!delivered.empty()) co_await steps_.forget(std::move(delivered), std::move(told));
}

void Relay::change_reign(const std::optional<Reign>& reign) {
    const std::lock_guard lock{mutex_};
    if (reign == reign_) return;
    log::debug("another Redis server is in force", {{"server", reign ? reign->mark() : "none of this instance"}});
    reign_ = reign;
    ++stand_;
    looked_.reset();
    complete_ = heard_ = base::SteadyTime{};
    delivered_.clear();  // they were told to somebody else, and stay in the outbox
    distrust();
    look_at_once_ = reign.has_value();
}

/// Learns from a look who is in force.
void Relay::take_note(const model::CacheServer& in_force) {
    // The connection of now: it may lead elsewhere than when the look began.
    const std::optional<std::string> next = agreement_.learn(in_force, steps_.server(), steps_.now());
    if (next) {
        change_ = Change{*next, in_force};
        if (*next != in_force.run_id) errand_timer_.cancel();
    }
    if (disagrees_ != agreement_.disagrees()) {
        disagrees_ = agreement_.disagrees();
        steps_.on_disagreement(disagrees_);
    }
    change_reign(agreement_.reign());
}

void Relay::look_failed(base::SteadyTime began) {
    if (looks_failed_++ == 0) failing_since_ = began;
    store_gone_ = looks_failed_ > 1 && steps_.now() - failing_since_ >= kStoreGoneAfter;
}

base::Awaitable<void> Relay::look() {
    const std::uint64_t failures = failures_;
    const bool recovering = recovered_ != failures;
    const base::Milliseconds age = recovering ? base::Milliseconds{0} : kLeftAlone;
    const base::SteadyTime began = steps_.now();
    model::Undelivered found;
    try {
        found = co_await steps_.list(age, kDeliveredAtOnceMax);
    } catch (const base::Unavailable&) {
        look_failed(began);
        throw;
    }
    looks_failed_ = 0;
    store_gone_ = false;
    take_note(found.in_force);

    std::unordered_map<std::string, std::int64_t> floors;
    for (auto& [id, floor] : found.floors) {
        std::int64_t& known = floors[std::move(id)];
        known = std::max(known, floor);
    }
    if (!agreement_.reign()) {
        const bool vacant = found.in_force.epoch != 0 && found.in_force.run_id.empty();
        model::NumbersById needless{floors.begin(), floors.end()};
        // Nobody believes anything, so there is nobody to be told.
        if (vacant && !needless.empty()) co_await steps_.forget(std::move(needless), std::move(found.in_force));
        co_return;
    }
    for (const auto& [id, floor] : floors) steps_.heed(id, floor);
    for (const auto& [id, floor] : floors) co_await steps_.deliver(id, floor);
    if (found.floors.size() >= kDeliveredAtOnceMax) co_return;  // there may be more
    if (recovering) {
        recovered_ = failures;
        log::debug("Redis's cache is believed again");
    }
    looked_ = Look{began - age, steps_.now()};
    steps_.on_look();
}

}  // namespace snippetd::cache
