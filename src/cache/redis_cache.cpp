#include "cache/redis_cache.hpp"

#include "base/error.hpp"
#include "base/log.hpp"
#include "base/secret.hpp"
#include "cache/channel.hpp"
#include "cache/fields.hpp"
#include "cache/ttl.hpp"

#include <array>
#include <stdexcept>
#include <string_view>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/this_coro.hpp>
#include <fmt/format.h>

namespace snippetd::cache {

redis::Scripts cache_scripts();

namespace {

constexpr std::size_t kTokenLength = 16;
// Between one look and the next while somebody else loads; after the last one, who waits loads for himself.
constexpr std::array<base::Milliseconds, 6> kPauses{{base::Milliseconds{3}, base::Milliseconds{7},
                                                     base::Milliseconds{20}, base::Milliseconds{40},
                                                     base::Milliseconds{80}, base::Milliseconds{150}}};

const redis::Script kLookup = redis::find_script(cache_scripts(), "lookup");
const redis::Script kFill = redis::find_script(cache_scripts(), "fill");
const redis::Script kInvalidate = redis::find_script(cache_scripts(), "invalidate");
const redis::Script kCount = redis::find_script(cache_scripts(), "count");
constexpr std::size_t kCountsPerMessage = 512;
constexpr std::size_t kCountLanes = 32;

std::string entry_key(const std::string& id) {
    return fmt::format("snippet:{{{}}}", id);
}
std::string tombstone_key(const std::string& id) {
    return fmt::format("tombstone:{{{}}}", id);
}

bool has_status(const redis::Reply& reply, std::int64_t status, std::size_t elements) {
    return reply.type == redis::Reply::Type::array && reply.elements.size() == elements &&
           reply.elements[0].integer == status;
}

}  // namespace

base::Awaitable<RedisCache::Answer> RedisCache::read(std::string id, base::Milliseconds refresh_below, Load load,
                                                     base::Deadline deadline) {
    const base::Executor executor = co_await boost::asio::this_coro::executor;
    const redis::Client& redis = clients_.of(executor);
    Answer answer;
    bool granted = false;
    const std::string token = base::random_alphanumeric(kTokenLength);
    if (relay_.trusts_redis() && redis.up() && !redis.server_id().empty()) {
        if (co_await find(id, token, refresh_below, answer, granted)) co_return answer;
        // Whoever waits for a refresh has an entry to serve meanwhile.
        if (!granted && refresh_below.count() > 0) throw base::Unavailable{"another instance refreshes it"};
    }
    answer.loaded = co_await load(id, deadline);
    answer.ttl = ttl_for(answer.loaded, ttl_);
    if (granted) co_await fill(id, token, answer);
    co_return answer;
}

/// True with the answer, or false: then `granted` says whether it is ours to load.
base::Awaitable<bool> RedisCache::find(const std::string& id, const std::string& token,
                                       base::Milliseconds refresh_below, Answer& answer, bool& granted) {
    const base::Executor executor = co_await boost::asio::this_coro::executor;
    redis::Client& redis = clients_.of(executor);
    std::vector<std::string> keys{entry_key(id)};
    std::vector<std::string> arguments{redis.server_id(), token, std::to_string(kLease.count()),
                                       std::to_string(refresh_below.count())};
    arguments.insert(arguments.end(), field_names().begin(), field_names().end());
    bool unreadable = false;
    try {
        for (std::size_t look = 0;; ++look) {
            redis::Reply reply = co_await redis.evaluate(kLookup, keys, arguments);
            if (has_status(reply, 3, 1)) {
                granted = true;
                co_return false;
            }
            if (has_status(reply, 1, 3)) {
                answer.loaded = read_fields(id, std::move(reply.elements[2].elements));
                answer.ttl = base::Milliseconds{reply.elements[1].integer};
                answer.from_redis = true;
                co_return true;
            }
            if (look == kPauses.size()) co_return false;
            base::Timer timer{executor};
            timer.expires_after(kPauses[look]);
            co_await timer.async_wait(base::use_awaitable);
        }
    } catch (const base::Unavailable&) {
        relay_.distrust();
    } catch (const std::invalid_argument& odd) {
        log::warn("an entry in Redis cannot be read", {{"id", id}, {"reason", odd.what()}});
        unreadable = true;
    }
    if (unreadable) co_await remove(id);
    co_return false;
}

/// So that the next reader fills it anew.
base::Awaitable<void> RedisCache::remove(const std::string& id) {
    const base::Executor executor = co_await boost::asio::this_coro::executor;
    redis::Command words{"DEL", entry_key(id)};
    try {
        co_await clients_.of(executor).command(std::move(words));
    } catch (const base::Unavailable&) {
        relay_.distrust();
    }
}

base::Awaitable<void> RedisCache::fill(const std::string& id, const std::string& token, const Answer& answer) {
    const base::Executor executor = co_await boost::asio::this_coro::executor;
    redis::Client& redis = clients_.of(executor);
    const model::Snippet* snippet = answer.loaded.snippet.get();
    std::vector<std::string> keys{entry_key(id), tombstone_key(id)};
    std::vector<std::string> arguments{redis.server_id(), token, std::to_string(answer.ttl.count()),
                                       std::to_string(snippet ? snippet->version : 0),
                                       std::to_string(snippet ? snippet->view_count : 0)};
    if (answer.ttl.count() > 0) {
        std::vector<std::string> fields = write_fields(answer.loaded);
        std::move(fields.begin(), fields.end(), std::back_inserter(arguments));
    }
    try {
        co_await redis.evaluate(kFill, std::move(keys), std::move(arguments));
    } catch (const base::Unavailable&) {
        relay_.distrust();
    }
}

base::Awaitable<void> RedisCache::deliver(std::string id, std::int64_t floor) {
    const base::Executor executor = co_await boost::asio::this_coro::executor;
    redis::Client& redis = clients_.of(executor);
    std::vector<std::string> keys{entry_key(id), tombstone_key(id)};
    std::vector<std::string> arguments{std::to_string(floor), std::to_string(kTombstoneKept.count()), kChannel,
                                       write_floor(id, floor)};
    try {
        co_await redis.evaluate(kInvalidate, std::move(keys), std::move(arguments));
    } catch (const base::Unavailable&) {
        relay_.distrust();
        throw;
    }
}

base::Awaitable<void> RedisCache::update_counts(Totals totals) {
    const base::Executor executor = co_await boost::asio::this_coro::executor;
    try {
        for (std::size_t begin = 0; begin < totals.size(); begin += kCountsPerMessage) {
            const auto first = totals.begin() + static_cast<std::ptrdiff_t>(begin);
            const auto last =
                totals.begin() + static_cast<std::ptrdiff_t>(std::min(begin + kCountsPerMessage, totals.size()));
            redis::Command words{"PUBLISH", kChannel, write_counts({first, last})};
            co_await clients_.of(executor).command(std::move(words));
        }
        // Entry by entry, since each has a slot of its own; several at a time, so that round trips do not add up.
        std::size_t next = 0;
        std::size_t running = kCountLanes;
        base::Timer finished{executor, base::SteadyTime::max()};
        for (std::size_t lane = 0; lane < kCountLanes; ++lane) {
            boost::asio::co_spawn(executor, update_counts_in_turn(totals, next), [&](std::exception_ptr) {
                if (--running == 0) finished.cancel();
            });
        }
        boost::system::error_code cancelled;
        auto token = boost::asio::redirect_error(base::use_awaitable, cancelled);
        co_await finished.async_wait(token);
    } catch (const base::Unavailable& away) {
        log::debug("new view counts are not published", {{"reason", away.what()}});
    }
}

base::Awaitable<void> RedisCache::update_counts_in_turn(const Totals& totals, std::size_t& next) {
    while (next < totals.size()) {
        const auto& [id, count] = totals[next++];
        co_await update_count(id, count);
    }
}

base::Awaitable<void> RedisCache::update_count(const std::string& id, std::int64_t count) {
    const base::Executor executor = co_await boost::asio::this_coro::executor;
    std::vector<std::string> keys{entry_key(id)};
    std::vector<std::string> arguments{std::to_string(count)};
    co_await clients_.of(executor).evaluate(kCount, std::move(keys), std::move(arguments));
}

base::Awaitable<void> RedisCache::invalidate(std::string id, std::int64_t floor) {
    try {
        co_await deliver(id, floor);
        relay_.delivered(std::move(id), floor);
    } catch (const base::Unavailable&) {
        // It is in the outbox.
    }
}

}  // namespace snippetd::cache
