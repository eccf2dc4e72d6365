#include "views/shards.hpp"

#include "base/error.hpp"
#include "base/numbers.hpp"
#include "base/secret.hpp"

#include <utility>

#include <boost/asio/this_coro.hpp>
#include <fmt/format.h>

namespace snippetd::views {

redis::Scripts views_scripts();

namespace {

constexpr std::size_t kBatchIdLength = 20;
// Longer than a process that cannot reach Redis goes on trying with one flush; and beyond how many processes the last
// flush of those that have been silent for so long is forgotten.
constexpr base::Milliseconds kSequenceKept{24 * 3600 * 1000};
constexpr std::size_t kSequencesKeptMax = 256;
constexpr std::string_view kFlushField = ":flush:";

const redis::Script kAdd = redis::find_script(views_scripts(), "add");
const redis::Script kClaim = redis::find_script(views_scripts(), "claim");
const redis::Script kRelease = redis::find_script(views_scripts(), "release");

std::string key(unsigned shard, std::string_view name) {
    return fmt::format("views:{{{}}}:{}", shard, name);
}

std::int64_t number(std::string_view text) {
    const auto value = base::parse_number<std::int64_t>(text);
    if (!value) throw base::Unavailable{"a shard of the views cannot be read"};
    return *value;
}

Shards::Flushes read_flushes(std::string_view field, std::string_view value) {
    const std::size_t colon = value.find(':');
    if (colon == std::string_view::npos) throw base::Unavailable{"a shard of the views cannot be read"};
    Shards::Flushes flushes;
    flushes.process = field.substr(kFlushField.size());
    flushes.first = number(value.substr(0, colon));
    flushes.last = number(value.substr(colon + 1));
    return flushes;
}

Shards::Claim read_claim(const redis::Reply& reply) {
    Shards::Claim claim;
    std::int64_t since = 0, now = 0;
    for (std::size_t at = 0; at + 1 < reply.elements.size(); at += 2) {
        const std::string& name = reply.elements[at].text;
        const std::string& value = reply.elements[at + 1].text;
        if (name == ":batch") claim.batch_id = value;
        if (name == ":since") since = number(value);
        if (name == ":until") now = number(value) - Shards::kClaimHeld.count();
        if (name.starts_with(kFlushField)) claim.flushes.push_back(read_flushes(name, value));
        if (!name.starts_with(':')) claim.counts.emplace_back(name, number(value));
    }
    if (since > 0) claim.age = base::Milliseconds{now - since};
    return claim;
}

/// {status, dropped, term}
Shards::Added read_added(const redis::Reply& reply) {
    if (reply.elements.size() != 3) throw base::Unavailable{"an answer of the views' script cannot be read"};
    Shards::Added added;
    added.state = reply.elements[0].integer > 0    ? Shards::Added::State::counted
                  : reply.elements[0].integer == 0 ? Shards::Added::State::not_now
                                                   : Shards::Added::State::unknown;
    added.dropped = reply.elements[1].integer;
    added.term = reply.elements[2].text;
    return added;
}

}  // namespace

unsigned Shards::shard_of(std::string_view id) {
    std::uint32_t hash = 2166136261U;  // FNV-1a (Fowler, Noll, Vo)
    for (const char c : id) hash = (hash ^ static_cast<unsigned char>(c)) * 16777619U;
    return (hash ^ (hash >> 16)) % kCount;
}

base::Awaitable<std::optional<std::string>> Shards::server() {
    const redis::Client& redis = clients_.of(co_await boost::asio::this_coro::executor);
    std::optional<std::string> server;
    if (redis.up()) server = redis.server_id();
    co_return server;
}

base::Awaitable<Shards::Added> Shards::add(unsigned shard, std::string process, std::int64_t sequence,
                                           model::NumbersById counts, std::string bound_to) {
    redis::Client& redis = clients_.of(co_await boost::asio::this_coro::executor);
    std::vector<std::string> keys{key(shard, "live"), key(shard, "left"), key(shard, "flushed")};
    std::vector<std::string> arguments{
        std::move(process),      std::to_string(sequence), base::random_alphanumeric(kBatchIdLength),
        std::to_string(kIdsMax), std::move(bound_to),      std::to_string(kSequenceKept.count())};
    for (auto& [id, count] : counts) {
        arguments.push_back(std::move(id));
        arguments.push_back(std::to_string(count));
    }
    const redis::Reply reply = co_await redis.evaluate(kAdd, std::move(keys), std::move(arguments));
    co_return read_added(reply);
}

base::Awaitable<Shards::Claim> Shards::claim(unsigned shard, std::string drainer, base::Milliseconds turn) {
    redis::Client& redis = clients_.of(co_await boost::asio::this_coro::executor);
    std::vector<std::string> keys{key(shard, "live"), key(shard, "left"), key(shard, "claim"), key(shard, "turn"),
                                  key(shard, "flushed")};
    std::vector<std::string> arguments{
        std::move(drainer),           base::random_alphanumeric(kBatchIdLength), std::to_string(kClaimHeld.count()),
        std::to_string(turn.count()), std::to_string(kSequencesKeptMax),         std::to_string(kSequenceKept.count())};
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
