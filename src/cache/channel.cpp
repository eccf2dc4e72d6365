#include "cache/channel.hpp"

#include "base/error.hpp"
#include "base/log.hpp"
#include "base/numbers.hpp"
#include "cache/redis_cache.hpp"

#include <algorithm>
#include <optional>

#include <fmt/format.h>

namespace snippetd::cache {

namespace {

/// Takes the first word off `text`.
std::string_view next_word(std::string_view& text) {
    const std::string_view word = text.substr(0, text.find(' '));
    text.remove_prefix(std::min(text.size(), word.size() + 1));
    return word;
}

std::optional<model::NumbersById> read_pairs(std::string_view text) {
    model::NumbersById pairs;
    while (!text.empty()) {
        const std::string_view id = next_word(text), digits = next_word(text);
        const auto number = base::parse_number<std::int64_t>(digits);
        if (id.empty() || !number) return std::nullopt;
        pairs.emplace_back(id, *number);
    }
    return pairs;
}

}  // namespace

std::string write_floor(const std::string& id, std::int64_t floor) {
    return fmt::format("floor {} {}", id, floor);
}

std::string write_counts(const model::NumbersById& totals) {
    std::string message = "counts";
    for (const auto& [id, count] : totals) message += fmt::format(" {} {}", id, count);
    return message;
}

void Channel::read(std::string_view message, const Listener& listener) {
    std::string_view rest = message;
    const std::string_view kind = next_word(rest);
    std::optional<model::NumbersById> pairs = read_pairs(rest);
    if (kind == "floor" && pairs && pairs->size() == 1) {
        listener.on_floor(std::move(pairs->front().first), pairs->front().second);
    } else if (kind == "counts" && pairs) {
        listener.on_counts(*std::move(pairs));
    } else {
        log::warn("a message on the cache's channel cannot be read",
                  {{"size", static_cast<long long>(message.size())}});
    }
}

Channel::Channel(base::Executor executor, redis::Clients& clients, Listener listener)
    : timer_{executor},
      listener_{std::move(listener)},
      client_{clients.make_listener(executor, RedisCache::kChannel,
                                    [this](std::string payload) { read(payload, listener_); })} {}

base::Awaitable<void> Channel::run() {
    client_->start();
    while (!stopping_) {
        const base::SteadyTime asked = base::steady_now();
        try {
            redis::Command words{"PING"};
            co_await client_->command(std::move(words));
            listener_.on_proof(asked, client_->server_id(), client_->connection());
        } catch (const base::Unavailable&) {
            listener_.on_silence();
        } catch (const std::exception& defect) {
            log::error("the heartbeat goes on after a failure", {{"error", defect.what()}});
            listener_.on_silence();
        }
        if (stopping_) co_return;
        if (std::exchange(beat_at_once_, false)) continue;
        resting_ = true;
        co_await base::pause(timer_, kHeartbeat);
        resting_ = false;
    }
}

void Channel::beat_now() {
    if (resting_) {
        timer_.cancel();
    } else {
        beat_at_once_ = true;
    }
}

void Channel::stop() {
    stopping_ = true;
    timer_.cancel();
    client_->stop();
}

}  // namespace snippetd::cache
