#include "limiter/redis_limiter.hpp"

#include "base/error.hpp"
#include "base/numbers.hpp"
#include "limiter/window.hpp"

#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>

#include <boost/asio/this_coro.hpp>

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
    if (!policy.scope.empty()) return policy.name + "@" + policy.scope + ":" + client;
    if (policy.name == "write" || policy.name == "anonymous") return client;
    return policy.name + ":" + client;
}

std::string key_of(const std::string& counted, std::int64_t window) {
    std::string key = "ratelimit:{";
    key += counted;
    key += "}:";
    base::append_number(key, window);
    return key;
}

constexpr const char* kProbeClient = "snippetd:probe";  // no account and no address
constexpr base::Milliseconds kProbeKept{10};

Verdict allowed_in(std::int64_t window) {
    Verdict verdict;
    verdict.window = window;
    return verdict;
}

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
    // What this process has is good whatever Redis has said since.
    const Balances::Window window = window_of(policy);
    if (balances_.spend(counted, window, cost)) return allowed_in(window.number);
    const base::Milliseconds left = over_limit_.left(counted, base::steady_now());
    if (left.count() == 0) return std::nullopt;
    Verdict limited;
    limited.decision = Verdict::Decision::limited;
    limited.wait_ms = left.count();
    limited.reset_s = seconds_up(left.count());
    return limited;
}

base::Awaitable<Verdict> RedisLimiter::take(const Policy& policy, std::string client, std::uint32_t cost) {
    if (const std::optional<Verdict> near = take_near(policy, client, cost)) co_return *near;
    const std::string counted = counted_as(policy, client);
    // With what has been had already.
    const std::int64_t owed = static_cast<std::int64_t>(cost) - std::min<std::int64_t>(0, balance(policy, counted));
    const auto needed = static_cast<std::uint32_t>(std::clamp<std::int64_t>(owed, 1, policy.quota));
    Verdict verdict;
    const bool leases = policy.lease() > needed && balances_.begin_lease(counted, now());
    if (leases) {
        verdict = co_await take_central(policy, client, policy.lease(), cost);
        if (verdict.decision == Verdict::Decision::allowed) settle(policy, counted, verdict, policy.lease(), cost);
        balances_.end_lease(counted);
    }
    const bool too_much = verdict.decision == Verdict::Decision::limited && verdict.window >= 0;
    if (!leases || too_much) {
        verdict = co_await take_central(policy, client, needed, cost);
        if (verdict.decision == Verdict::Decision::allowed) settle(policy, counted, verdict, needed, cost);
    }
    if (verdict.decision == Verdict::Decision::limited) verdict = refuse(policy, counted, verdict, needed, cost);
    co_return verdict;
}

/// What was taken beyond what this request costs is for the next ones, or pays what was had already.
void RedisLimiter::settle(const Policy& policy, const std::string& counted, Verdict& verdict, std::uint32_t taken,
                          std::uint32_t cost) {
    if (taken == cost || verdict.window < 0) return;
    const Balances::Window window{verdict.window, (verdict.window + 1) * policy.window.count()};
    balances_.add(counted, window, static_cast<std::int64_t>(taken) - cost, now());
    verdict.remaining += taken - std::min(taken, cost);
}

Verdict RedisLimiter::refuse(const Policy& policy, const std::string& counted, Verdict verdict, std::uint32_t needed,
                             std::uint32_t cost) {
    // Another request of the client may have brought something meanwhile.
    const Balances::Window window = window_of(policy);
    if (balances_.spend(counted, window, cost)) return allowed_in(window.number);
    if (verdict.window < 0) return verdict;
    if (needed > cost) {
        // A debt is forgotten when its window ends.
        verdict.wait_ms = std::min(verdict.wait_ms, std::max<std::int64_t>(1, window.ends_at - now()));
        verdict.reset_s = seconds_up(verdict.wait_ms);
    }
    // What costs less may still be admitted.
    if (cost == 1) over_limit_.remember(counted, base::steady_now() + base::Milliseconds{verdict.wait_ms});
    return verdict;
}

base::Awaitable<void> RedisLimiter::give_back(const Policy& policy, std::string client, std::uint32_t cost,
                                              Verdict verdict) {
    static const redis::Script script = redis::find_script(limiter_scripts(), "give_back");
    const std::string counted = counted_as(policy, client);
    if (verdict.window < 0) {
        local_.give_back_now(policy, client, cost, window_number(base::unix_now_ms(), policy.window));
    } else if (policy.leased) {
        const Balances::Window window{verdict.window, (verdict.window + 1) * policy.window.count()};
        balances_.add(counted, window, cost, now());
    } else {
        try {
            redis::Client& redis = clients_.of(co_await boost::asio::this_coro::executor);
            std::vector<std::string> keys{key_of(counted, verdict.window)};
            std::vector<std::string> arguments{std::to_string(cost)};
            co_await redis.evaluate(script, std::move(keys), std::move(arguments));
        } catch (const base::Unavailable&) {
            // It stays charged. Redis's health has raised the alert.
        }
    }
}

void RedisLimiter::owe(const Policy& policy, const std::string& client, std::uint32_t cost) {
    balances_.add(counted_as(policy, client), window_of(policy), -static_cast<std::int64_t>(cost), now());
}

base::UnixMillis RedisLimiter::now() const {
    return base::unix_now_ms() + clock_offset_;
}

Balances::Window RedisLimiter::window_of(const Policy& policy) const {
    const std::int64_t number = window_number(now(), policy.window);
    return {number, (number + 1) * policy.window.count()};
}

std::int64_t RedisLimiter::balance(const Policy& policy, const std::string& counted) {
    return balances_.of(counted, window_of(policy));
}

/// `wanted` of Redis; where this process decides alone it is for `cost`.
base::Awaitable<Verdict> RedisLimiter::take_central(const Policy& policy, const std::string& client,
                                                    std::uint32_t wanted, std::uint32_t cost) {
    try {
        co_return co_await ask(policy, client, wanted);
    } catch (const redis::Busy&) {
        if (policy.leased) co_return count_alone(policy, client, cost);
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
        const std::int64_t window = window_of(policy).number;
        std::vector<std::string> keys{key_of(counted, window), key_of(counted, window - 1)};
        std::vector<std::string> arguments{std::to_string(window), std::to_string(policy.window.count()),
                                           std::to_string(policy.quota), sliding ? "1" : "0", std::to_string(cost)};
        const redis::Reply reply = co_await redis.evaluate(take_script(), std::move(keys), std::move(arguments));
        if (!is_answer(reply)) throw base::Unavailable{"an answer of the limiter's script cannot be read"};
        const std::int64_t status = reply.elements[0].integer;
        const base::UnixMillis now_there = reply.elements[3].integer;
        clock_offset_ = now_there - base::unix_now_ms();
        if (status < 0) continue;
        const WindowCounts counts{static_cast<std::uint64_t>(reply.elements[1].integer),
                                  static_cast<std::uint64_t>(reply.elements[2].integer)};
        Verdict verdict = decide(algorithm_, policy, counts, now_there, cost);
        verdict.window = window;
        co_return verdict;
    }
    throw base::Unavailable{"Redis's clock cannot be followed"};
}

Verdict RedisLimiter::count_alone(const Policy& policy, const std::string& client, std::uint32_t cost) {
    Verdict verdict = local_.take_now(policy, client, cost);
    verdict.window = -1;
    return verdict;
}

Verdict RedisLimiter::without_redis(const Policy& policy, const std::string& client, std::uint32_t cost) {
    if (policy.on_failure == OnFailure::local) return count_alone(policy, client, cost);
    Verdict verdict;
    verdict.decision =
        policy.on_failure == OnFailure::open ? Verdict::Decision::failed_open : Verdict::Decision::refused;
    return verdict;
}

}  // namespace snippetd::limiter
