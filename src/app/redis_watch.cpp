#include "app/redis_watch.hpp"

#include "base/error.hpp"
#include "base/log.hpp"
#include "base/timer.hpp"

#include <string_view>
#include <utility>

#include <boost/asio/this_coro.hpp>

namespace snippetd::app {

namespace {
constexpr const char* kAlert = "redis_evicts";
constexpr base::Milliseconds kFirstLooks{100};  // between two, until there is an answer
}  // namespace

RedisWatch::RedisWatch(redis::Clients& clients, base::Alerts& alerts) : clients_{clients}, alerts_{alerts} {
    alerts_.declare(kAlert);
}

base::Awaitable<void> RedisWatch::run() {
    const base::Executor executor = co_await boost::asio::this_coro::executor;
    base::Timer timer{executor};
    bool known = false;
    while (true) {
        redis::Client& redis = clients_.of(executor);
        if (redis.up()) {
            try {
                redis::Command words{"INFO", "memory"};
                const redis::Reply reply = co_await redis.command(std::move(words));
                note(reply.text);
                known = true;
            } catch (const base::Unavailable& away) {
                log::debug("Redis does not say how it evicts", {{"reason", away.what()}});
            }
        }
        timer.expires_after(known ? kLookEvery : kFirstLooks);
        co_await timer.async_wait(base::use_awaitable);
    }
}

void RedisWatch::note(const std::string& memory) {
    constexpr std::string_view kName = "maxmemory_policy:";
    const std::size_t found = memory.find(kName);
    if (found == std::string::npos) return;
    const std::size_t begin = found + kName.size();
    const std::string policy = memory.substr(begin, memory.find_first_of("\r\n", begin) - begin);
    evicts_ = policy.starts_with("allkeys-");
    if (evicts_) {
        alerts_.raise(kAlert, "Redis's maxmemory-policy is " + policy +
                                  ": it may evict views and limits; noeviction and volatile-* do not");
    } else {
        alerts_.resolve(kAlert, "Redis's maxmemory-policy is " + policy);
    }
}

}  // namespace snippetd::app
