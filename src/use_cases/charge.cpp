#include "use_cases/charge.hpp"

#include <utility>

#include <fmt/format.h>

namespace snippetd::use_cases {

Awaitable<std::optional<Error>> charge(Call& call, std::string_view policy_name, std::string client) {
    const limiter::Policy& policy = call.services.options.policies.find(policy_name)->second;
    if (!policy.enabled) co_return std::nullopt;
    const limiter::Verdict verdict = co_await call.services.limiter.take(policy, std::move(client), call.deadline);
    if (verdict.decision == limiter::Verdict::Decision::refused) throw base::Unavailable{"the limiter cannot tell"};
    if (verdict.decision == limiter::Verdict::Decision::failed_open) co_return std::nullopt;
    const bool limited = !verdict.admitted();
    if (limited || !call.charged || verdict.remaining < call.charged->remaining) {
        call.charged = Charged{&policy, verdict.remaining, verdict.reset_s};
    }
    if (!limited) co_return std::nullopt;
    Error too_many =
        error(ErrorKind::rate_limited, fmt::format("The limit is {} in {} s; try again in {} s.", policy.quota,
                                                   policy.window.count() / 1000, verdict.reset_s));
    too_many.retry_after_s = verdict.reset_s;
    co_return too_many;
}

}  // namespace snippetd::use_cases
