#include "use_cases/charge.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace snippetd::use_cases {

namespace {

using Decision = limiter::Verdict::Decision;

Error too_many(const limiter::Policy& policy, const limiter::Verdict& verdict) {
    // When to try again is told by those who show it: it counts down in pages.
    Error told = error(ErrorKind::rate_limited, fmt::format("The limit is {} in {} seconds.",
                                                            limiter::quota_text(policy), policy.window.count() / 1000));
    told.retry_after_s = verdict.reset_s;
    return told;
}

/// Nothing when it admits.
std::optional<Error> weigh(Call& call, const limiter::Policy& policy, const limiter::Verdict& verdict) {
    if (policy.shadow || verdict.decision == Decision::failed_open) return std::nullopt;
    if (verdict.decision == Decision::refused) throw base::Unavailable{"the limiter cannot tell"};
    const bool limited = verdict.decision == Decision::limited;
    const bool tighter = !call.charged || verdict.remaining < call.charged->remaining;
    if (limited || (!policy.leased && tighter)) call.charged = Charged{&policy, verdict.remaining, verdict.reset_s};
    if (limited) return too_many(policy, verdict);
    return std::nullopt;
}

}  // namespace

Awaitable<std::optional<Error>> charge(Call& call, std::string_view policy_name, std::string client) {
    std::vector<limiter::Charge> charges;
    charges.push_back({&call.services.options.policies.find(policy_name)->second, std::move(client), 1});
    return charge(call, std::move(charges));
}

Awaitable<std::optional<Error>> charge(Call& call, std::vector<limiter::Charge> charges) {
    std::erase_if(charges, [](const limiter::Charge& one) { return !one.policy->enabled; });
    if (charges.empty()) co_return std::nullopt;
    std::vector<const limiter::Policy*> policies;
    for (limiter::Charge& one : charges) {
        one.cost = std::min(one.cost, one.policy->quota);
        policies.push_back(one.policy);
    }
    const std::vector<limiter::Verdict> verdicts =
        co_await limiter::take_all(call.services.limiter, std::move(charges));
    for (std::size_t i = 0; i < policies.size(); ++i) {
        if (std::optional<Error> refused = weigh(call, *policies[i], verdicts[i])) co_return refused;
    }
    co_return std::nullopt;
}

}  // namespace snippetd::use_cases
