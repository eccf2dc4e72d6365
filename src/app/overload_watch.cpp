#include "app/overload_watch.hpp"

#include "base/log.hpp"
#include "base/timer.hpp"

#include <algorithm>
#include <utility>

#include <boost/asio/this_coro.hpp>
#include <fmt/format.h>

namespace snippetd::app {

namespace {
constexpr const char* kOverloaded = "overloaded";
constexpr std::size_t kNamed = 10;
constexpr int kAgeEvery = 30;  // looks
}  // namespace

OverloadWatch::OverloadWatch(base::QueueMeters& meters, base::Alerts& alerts) : meters_{meters}, alerts_{alerts} {
    alerts_.declare(kOverloaded);
}

base::Awaitable<void> OverloadWatch::run() {
    base::Timer timer{co_await boost::asio::this_coro::executor};
    while (true) {
        timer.expires_after(kLookEvery);
        co_await timer.async_wait(base::use_awaitable);
        look();
    }
}

void OverloadWatch::look() {
    bool any = false;
    for (const auto& [name, refused] : meters_.refused()) {
        Queue& queue = queues_[name];
        const bool more = refused > queue.refused;
        any = any || more;
        if (more && queue.in_a_row == 0) queue.since = queue.refused;
        queue.in_a_row = more ? queue.in_a_row + 1 : 0;
        queue.refused = refused;
        if (queue.in_a_row < kLooks) continue;
        if (!std::exchange(lasts_, true)) name_clients();
        alerts_.raise(kOverloaded,
                      fmt::format("more comes than can be done: the queue `{}` has refused {} requests in {} s", name,
                                  refused - queue.since, queue.in_a_row * kLookEvery.count() / 1000));
    }
    if (++looks_ % kAgeEvery == 0) meters_.costs().age();
    quiet_ = any ? 0 : quiet_ + 1;
    if (quiet_ != kLooks) return;
    lasts_ = false;
    alerts_.resolve(kOverloaded, "nothing is refused any more");
}

void OverloadWatch::name_clients() const {
    const double total = static_cast<double>(std::max<std::int64_t>(1, meters_.costs().total().count()));
    for (const base::ClientCosts::Cost& cost : meters_.costs().top(kNamed)) {
        log::warn("a client that costs much",
                  {{"client", cost.name},
                   {"ms", static_cast<long long>(cost.spent / std::chrono::milliseconds{1})},
                   {"percent", static_cast<long long>(100.0 * static_cast<double>(cost.spent.count()) / total)}});
    }
}

}  // namespace snippetd::app
