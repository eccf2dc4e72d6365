#include "cache/relay.hpp"

#include "base/error.hpp"
#include "base/log.hpp"
#include "cache/trust.hpp"

#include <algorithm>

namespace snippetd::cache {

namespace {
constexpr base::Milliseconds kTick{25};
}

base::Awaitable<void> Relay::run() {
    base::SteadyTime looked;
    while (!stopping_) {
        try {
            co_await forget_delivered();
            if (base::steady_now() - looked >= kLookEvery) {
                looked = base::steady_now();
                co_await look();
            }
        } catch (const base::Unavailable& away) {
            log::debug("the relay waits", {{"reason", away.what()}});
        } catch (const std::exception& defect) {
            log::error("the relay goes on after a failure", {{"error", defect.what()}});
        }
        if (stopping_) co_return;
        co_await base::pause(timer_, kTick);
    }
}

void Relay::stop() {
    stopping_ = true;
    timer_.cancel();
}

bool Relay::trusts_redis() const {
    return recovered_ == failures_ && channel_stands();
}

bool Relay::channel_stands() const {
    const base::SteadyTime proven{base::SteadyTime::duration{proven_.load()}};
    return base::steady_now() - proven < Trust::kSilenceMax;
}

void Relay::delivered(std::string id, std::int64_t floor) {
    const std::lock_guard lock{mutex_};
    if (delivered_.size() >= kDeliveredMax) return;
    std::int64_t& known = delivered_[std::move(id)];
    known = std::max(known, floor);
}

base::Awaitable<void> Relay::forget_delivered() {
    Floors delivered;
    {
        const std::lock_guard lock{mutex_};
        delivered.assign(delivered_.begin(), delivered_.end());
        delivered_.clear();
    }
    // What is not forgotten now is delivered once more.
    if (!delivered.empty()) co_await steps_.forget(std::move(delivered));
}

base::Awaitable<void> Relay::look() {
    const std::uint64_t failures = failures_;
    const bool recovering = recovered_ != failures;
    if (recovering && !channel_stands()) co_return;
    const base::Milliseconds age = recovering ? base::Milliseconds{0} : kLeftAlone;
    Floors found = co_await steps_.list(age, kDeliveredAtOnceMax);
    const bool all = found.size() < kDeliveredAtOnceMax;
    std::unordered_map<std::string, std::int64_t> floors;
    for (auto& [id, floor] : found) {
        std::int64_t& known = floors[std::move(id)];
        known = std::max(known, floor);
    }
    for (const auto& [id, floor] : floors) co_await steps_.deliver(id, floor);
    Floors done{floors.begin(), floors.end()};
    if (!done.empty()) co_await steps_.forget(std::move(done));
    if (recovering && all) {
        recovered_ = failures;
        log::debug("Redis's cache is believed again");
    }
}

}  // namespace snippetd::cache
