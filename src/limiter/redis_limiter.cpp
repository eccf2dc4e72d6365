#include "limiter/redis_limiter.hpp"

#include "base/error.hpp"
#include "limiter/window.hpp"

#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>

#include <boost/asio/this_coro.hpp>
#include <fmt/format.h>

namespace snippetd::limiter {

redis::Scripts limiter_scripts();

namespace {

/// A window may turn between the question and the answer, or the clocks may differ by one; not twice in a row.
constexpr int kAttempts = 3;

const redis::Script& take_script() {
    static const redis::Script script = redis::find_script(limiter_scripts(), "take");
    return script;
}

/// Whose counters they are. The clients of `write` (accounts) and `anonymous` (addresses) are never the same; those of
/// `login` and `signup` are addresses too.
std::string counted_as(const Policy& policy, const std::string& client) {
    if (policy.name == "write" || policy.name == "anonymous") return client;
    return policy.name + ":" + client;
}

std::string key_of(const std::string& counted, std::int64_t window) {
    return fmt::format("ratelimit:{{{}}}:{}", counted, window);
}

constexpr const char* kProbeClient = "snippetd:probe";  // no account and no address
constexpr base::Milliseconds kProbeKept{10};

/// {status, previous, current, now}
bool is_answer(const redis::Reply& reply) {
    if (reply.type != redis::Reply::Type::array || reply.elements.size() != 4) return false;
    return std::all_of(reply.elements.begin(), reply.elements.end(),
                       [](const redis::Reply& one) { return one.type == redis::Reply::Type::integer; });
}

}  // namespace

redis::Probe RedisLimiter::probe() {
    static const redis::Script script = redis::find_script(limiter_scripts(), "probe");
    return {&script, {key_of(kProbeClient, 0)}, {std::to_string(kProbeKept.count())}};
}

std::optional<Verdict> RedisLimiter::take_near(const Policy& policy, const std::string& client, std::uint32_t cost) {
    const std::string counted = counted_as(policy, client);
    const base::Milliseconds left = over_limit_.left(counted, base::steady_now());
    if (left.count() > 0) {
        Verdict limited;
        limited.decision = Verdict::Decision::limited;
        limited.wait_ms = left.count();
        limited.reset_s = seconds_up(left.count());
        return limited;
    }
    if (balances_.spend(counted, window_of(policy), cost)) return Verdict{};
    return std::nullopt;
}

base::Awaitable<Verdict> RedisLimiter::take(const Policy& policy, std::string client, std::uint32_t cost) {
    if (const std::optional<Verdict> near = take_near(policy, client, cost)) co_return *near;
    const std::string counted = counted_as(policy, client);
    const std::int64_t window = window_of(policy);
    // With what has been had already.
    const std::int64_t owed = static_cast<std::int64_t>(cost) - balances_.of(counted, window);
    const auto needed = static_cast<std::uint32_t>(std::clamp<std::int64_t>(owed, 1, policy.quota));
    const std::uint32_t wanted = std::max(needed, policy.lease());
    Verdict verdict = co_await take_central(policy, client, wanted);
    std::uint32_t taken = wanted;
    if (verdict.decision == Verdict::Decision::limited && wanted > needed) {
        verdict = co_await take_central(policy, client, needed);
        taken = needed;
    }
    if (verdict.decision == Verdict::Decision::allowed && taken != cost) {
        balances_.add(counted, window, static_cast<std::int64_t>(taken) - cost);
        verdict.remaining += taken - std::min(taken, cost);
    }
    co_return verdict;
}

base::Awaitable<void> RedisLimiter::give_back(const Policy& policy, std::string client, std::uint32_t cost) {
    static const redis::Script script = redis::find_script(limiter_scripts(), "give_back");
    const std::string counted = counted_as(policy, client);
    const std::int64_t window = window_of(policy);
    if (policy.lease() > 1) {
        balances_.add(counted, window, cost);
        co_return;
    }
    try {
        redis::Client& redis = clients_.of(co_await boost::asio::this_coro::executor);
        std::vector<std::string> keys{key_of(counted, window)};
        std::vector<std::string> arguments{std::to_string(cost)};
        co_await redis.evaluate(script, std::move(keys), std::move(arguments));
    } catch (const base::Unavailable&) {
        // It stays charged. Redis's health has raised the alert.
    }
}

void RedisLimiter::owe(const Policy& policy, const std::string& client, std::uint32_t cost) {
    balances_.add(counted_as(policy, client), window_of(policy), -static_cast<std::int64_t>(cost));
}

std::int64_t RedisLimiter::window_of(const Policy& policy) const {
    return window_number(base::unix_now_ms() + clock_offset_, policy.window);
}

base::Awaitable<Verdict> RedisLimiter::take_central(const Policy& policy, const std::string& client,
                                                    std::uint32_t cost) {
    try {
        co_return co_await ask(policy, client, cost);
    } catch (const redis::Busy&) {
        if (policy.leased) co_return local_.take_now(policy, client, cost);
        Verdict busy;
        busy.decision = Verdict::Decision::refused;
        co_return busy;
    } catch (const base::Unavailable&) {
        // Redis's health has raised the alert.
    }
    co_return without_redis(policy, client, cost);
}

base::Awaitable<Verdict> RedisLimiter::ask(const Policy& policy, const std::string& client, std::uint32_t cost) {
    redis::Client& redis = clients_.of(co_await boost::asio::this_coro::executor);
    const std::string counted = counted_as(policy, client);
    const bool sliding = algorithm_ == Algorithm::sliding_window;
    for (int attempt = 0; attempt < kAttempts; ++attempt) {
        const std::int64_t window = window_of(policy);
        std::vector<std::string> keys{key_of(counted, window), key_of(counted, window - 1)};
        std::vector<std::string> arguments{std::to_string(window), std::to_string(policy.window.count()),
                                           std::to_string(policy.quota), sliding ? "1" : "0", std::to_string(cost)};
        const redis::Reply reply = co_await redis.evaluate(take_script(), std::move(keys), std::move(arguments));
        if (!is_answer(reply)) throw base::Unavailable{"an answer of the limiter's script cannot be read"};
        const std::int64_t status = reply.elements[0].integer;
        const base::UnixMillis now = reply.elements[3].integer;
        clock_offset_ = now - base::unix_now_ms();
        if (status < 0) continue;
        const WindowCounts counts{static_cast<std::uint64_t>(reply.elements[1].integer),
                                  static_cast<std::uint64_t>(reply.elements[2].integer)};
        const Verdict verdict = decide(algorithm_, policy, counts, now, cost);
        // What costs less may still be admitted.
        if (verdict.decision == Verdict::Decision::limited && cost == 1) {
            over_limit_.remember(counted, base::steady_now() + base::Milliseconds{verdict.wait_ms});
        }
        co_return verdict;
    }
    throw base::Unavailable{"Redis's clock cannot be followed"};
}

Verdict RedisLimiter::without_redis(const Policy& policy, const std::string& client, std::uint32_t cost) {
    if (policy.on_failure == OnFailure::local) return local_.take_now(policy, client, cost);
    Verdict verdict;
    verdict.decision =
        policy.on_failure == OnFailure::open ? Verdict::Decision::failed_open : Verdict::Decision::refused;
    return verdict;
}

}  // namespace snippetd::limiter
