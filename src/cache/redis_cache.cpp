#include "cache/redis_cache.hpp"

#include "base/error.hpp"
#include "base/log.hpp"
#include "base/secret.hpp"
#include "base/unreachable.hpp"
#include "cache/channel.hpp"
#include "cache/fields.hpp"
#include "cache/packing.hpp"
#include "cache/ttl.hpp"

#include <algorithm>
#include <array>
#include <optional>
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
constexpr base::Milliseconds kProbeKept{10};

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

redis::Probe RedisCache::probe() {
    static const redis::Script script = redis::find_script(cache_scripts(), "probe");
    return {&script, {entry_key("snippetd:probe")}, {std::to_string(kProbeKept.count())}};
}

base::Awaitable<RedisCache::Answer> RedisCache::read(std::string id, base::Milliseconds refresh_below, Load load,
                                                     base::Deadline deadline) {
    Answer answer;
    Lookup lookup{base::random_alphanumeric(kTokenLength), refresh_below};
    if (co_await find(id, lookup, answer)) co_return answer;
    // Whoever waits for a refresh has an entry to serve meanwhile.
    if (lookup.turn == Turn::others && refresh_below.count() > 0) {
        throw base::Unavailable{"another instance refreshes it"};
    }
    std::exception_ptr away;
    try {
        answer.as_of = base::steady_now();
        answer.loaded = co_await load(id, deadline);
    } catch (const base::Unreachable&) {
        away = std::current_exception();
    }
    if (away) {
        lookup.without_store = true;
        if (lookup.turn != Turn::ours && co_await find(id, lookup, answer)) co_return answer;
        std::rethrow_exception(away);
    }
    answer.ttl = ttl_for(answer.loaded, ttl_);
    if (lookup.turn == Turn::ours) co_await fill(id, lookup, answer);
    co_return answer;
}

/// True with the answer, or false: then `lookup.turn` says whether it is ours to load and to keep.
base::Awaitable<bool> RedisCache::find(const std::string& id, Lookup& lookup, Answer& answer) {
    const base::Executor executor = co_await boost::asio::this_coro::executor;
    redis::Client& redis = clients_.bulk_of(executor);
    const std::uint64_t connection = redis.connection();
    bool unreadable = false;
    try {
        for (std::size_t look = 0;; ++look) {
            // Another connection may lead to another server, which may believe what this one has been told to forget.
            if (redis.connection() != connection) co_return false;
            const auto belief = lookup.without_store ? relay_.belief_without_store() : relay_.belief();
            if (!belief || !redis.sends() || redis.server_id() != belief->reign.server) {
                lookup.turn = Turn::nobodys;
                co_return false;
            }
            lookup.mark = belief->reign.mark();
            std::vector<std::string> keys{entry_key(id)};
            // A little less than a fill's, so that nobody sends a body for which there is no room.
            constexpr int kLeaseShare = kMemoryShare - 1;
            std::vector<std::string> arguments{lookup.mark, lookup.token, std::to_string(kLease.count()),
                                               std::to_string(lookup.refresh_below.count()),
                                               std::to_string(kLeaseShare)};
            arguments.insert(arguments.end(), field_names().begin(), field_names().end());
            redis::Reply reply = co_await redis.evaluate(kLookup, std::move(keys), std::move(arguments));
            lookup.turn = has_status(reply, 3, 1) ? Turn::ours : has_status(reply, 4, 1) ? Turn::nobodys : Turn::others;
            if (has_status(reply, 3, 1) || has_status(reply, 4, 1)) co_return false;
            if (has_status(reply, 1, 3)) {
                std::vector<redis::Reply>& values = reply.elements[2].elements;
                if (std::string* packed = find_packed(values)) {
                    std::string body = co_await unpack(*packed);
                    *packed = std::move(body);
                }
                answer.loaded = read_fields(id, std::move(values));
                answer.ttl = base::Milliseconds{reply.elements[1].integer};
                answer.from_redis = true;
                answer.as_of = belief->as_of;
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
        co_await clients_.bulk_of(executor).command(std::move(words));
    } catch (const base::Unavailable&) {
        relay_.distrust();
    }
}

base::Awaitable<void> RedisCache::fill(const std::string& id, const Lookup& lookup, const Answer& answer) {
    const base::Executor executor = co_await boost::asio::this_coro::executor;
    redis::Client& redis = clients_.bulk_of(executor);
    const model::Snippet* snippet = answer.loaded.snippet.get();
    std::vector<std::string> keys{entry_key(id), tombstone_key(id)};
    std::vector<std::string> arguments{lookup.mark,
                                       lookup.token,
                                       std::to_string(answer.ttl.count()),
                                       std::to_string(snippet ? snippet->version : 0),
                                       std::to_string(snippet ? snippet->view_count : 0),
                                       std::to_string(kMemoryShare)};
    if (answer.ttl.count() > 0) {
        std::vector<std::string> fields = co_await fields_of(answer.loaded);
        if (fields.empty()) arguments[2] = "0";  // it is not kept; the lease ends
        std::move(fields.begin(), fields.end(), std::back_inserter(arguments));
    }
    try {
        co_await redis.evaluate(kFill, std::move(keys), std::move(arguments));
    } catch (const base::Unavailable&) {
        relay_.distrust();
    }
}

/// Empty for what is too large to be kept.
base::Awaitable<std::vector<std::string>> RedisCache::fields_of(const model::Loaded& loaded) {
    std::vector<std::string> fields;
    if (!loaded.snippet || loaded.snippet->body.size() < kPackedFrom) {
        fields = write_fields(loaded);
    } else {
        std::optional<std::string> packed = co_await pack(loaded.snippet->body);
        if (packed) fields = write_fields(loaded, std::move(packed));
    }
    co_return fields;
}

base::Awaitable<void> RedisCache::deliver(std::string id, std::int64_t floor) {
    const base::Executor executor = co_await boost::asio::this_coro::executor;
    redis::Client& redis = clients_.of(executor);
    std::vector<std::string> keys{entry_key(id), tombstone_key(id)};
    std::vector<std::string> arguments{std::to_string(floor), std::to_string(kTombstoneKept.count()), kChannel,
                                       write_floor(id, floor)};
    const std::string server = redis.server_id();
    const std::uint64_t connection = redis.connection();
    try {
        co_await redis.evaluate(kInvalidate, std::move(keys), std::move(arguments));
    } catch (const base::Unavailable&) {
        relay_.distrust();
        throw;
    }
    // Over another connection than when it began, it may have been another server.
    relay_.delivered(std::move(id), floor, redis.connection() == connection ? server : "");
}

base::Awaitable<void> RedisCache::update_counts(model::NumbersById totals) {
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

base::Awaitable<void> RedisCache::update_counts_in_turn(const model::NumbersById& totals, std::size_t& next) {
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
        co_await deliver(std::move(id), floor);
    } catch (const base::Unavailable&) {
        // It is in the outbox.
    }
}

}  // namespace snippetd::cache
