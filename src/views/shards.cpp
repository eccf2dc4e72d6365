#include "views/shards.hpp"

#include "base/error.hpp"
#include "base/secret.hpp"

#include <charconv>
#include <utility>

#include <boost/asio/this_coro.hpp>
#include <fmt/format.h>

namespace snippetd::views {

redis::Scripts views_scripts();

namespace {

constexpr std::size_t kBatchIdLength = 20;
// Longer than a process that cannot reach Redis goes on trying with one flush.
constexpr base::Milliseconds kSequenceKept{24 * 3600 * 1000};

const redis::Script kAdd = redis::find_script(views_scripts(), "add");
const redis::Script kClaim = redis::find_script(views_scripts(), "claim");
const redis::Script kRelease = redis::find_script(views_scripts(), "release");

std::string key(unsigned shard, std::string_view name) {
    return fmt::format("views:{{{}}}:{}", shard, name);
}

Shards::Claim read_claim(const redis::Reply& reply) {
    Shards::Claim claim;
    for (std::size_t at = 0; at + 1 < reply.elements.size(); at += 2) {
        const std::string& name = reply.elements[at].text;
        const std::string& value = reply.elements[at + 1].text;
        if (name == ":batch") claim.batch_id = value;
        if (name.starts_with(':')) continue;
        std::int64_t count = 0;
        const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), count);
        if (error != std::errc{}) throw base::Unavailable{"a shard of the views cannot be read"};
        claim.counts.emplace_back(name, count);
    }
    return claim;
}

}  // namespace

unsigned Shards::shard_of(std::string_view id) {
    std::uint32_t hash = 2166136261U;  // FNV-1a (Fowler, Noll, Vo)
    for (const char c : id) hash = (hash ^ static_cast<unsigned char>(c)) * 16777619U;
    return (hash ^ (hash >> 16)) % kCount;
}

base::Awaitable<std::int64_t> Shards::add(unsigned shard, std::string process, std::int64_t sequence, Counts counts) {
    redis::Client& redis = clients_.of(co_await boost::asio::this_coro::executor);
    std::vector<std::string> keys{key(shard, "live"), key(shard, "flushed:" + process)};
    std::vector<std::string> arguments{std::to_string(sequence), std::to_string(kIdsMax),
                                       std::to_string(kSequenceKept.count())};
    for (auto& [id, count] : counts) {
        arguments.push_back(std::move(id));
        arguments.push_back(std::to_string(count));
    }
    const redis::Reply reply = co_await redis.evaluate(kAdd, std::move(keys), std::move(arguments));
    co_return reply.integer;
}

base::Awaitable<Shards::Claim> Shards::claim(unsigned shard, std::string drainer, base::Milliseconds turn) {
    redis::Client& redis = clients_.of(co_await boost::asio::this_coro::executor);
    std::vector<std::string> keys{key(shard, "live"), key(shard, "claim"), key(shard, "turn")};
    std::vector<std::string> arguments{std::move(drainer), base::random_alphanumeric(kBatchIdLength),
                                       std::to_string(kClaimHeld.count()), std::to_string(turn.count())};
    const redis::Reply reply = co_await redis.evaluate(kClaim, std::move(keys), std::move(arguments));
    co_return read_claim(reply);
}

base::Awaitable<void> Shards::release(unsigned shard, std::string batch_id) {
    redis::Client& redis = clients_.of(co_await boost::asio::this_coro::executor);
    std::vector<std::string> keys{key(shard, "claim")};
    std::vector<std::string> arguments{std::move(batch_id)};
    co_await redis.evaluate(kRelease, std::move(keys), std::move(arguments));
}

}  // namespace snippetd::views
