#include "limiter/policies.hpp"

#include "base/units.hpp"

#include <algorithm>

namespace snippetd::limiter {

namespace {

using namespace std::chrono_literals;

/// Of what is asked for so often that not each time may be a round trip, and so cheap that a few too many do no harm.
Policy of_reads(std::string name, std::uint32_t quota, base::Milliseconds window = 60s) {
    Policy policy{std::move(name), quota, window};
    policy.leased = true;
    policy.spares_loopback = true;
    return policy;
}

constexpr std::uint32_t kAccountsOfAnAddress = 5;

}  // namespace

bool is_usual(const Policy& policy) {
    const auto usual = std::find_if(default_policies().begin(), default_policies().end(),
                                    [&policy](const Policy& other) { return other.name == policy.name; });
    return usual != default_policies().end() && usual->quota == policy.quota && usual->window == policy.window;
}

Policy address_policy(const Policy& write) {
    Policy policy = write;
    policy.name = kAddressPolicyName;
    policy.quota *= kAccountsOfAnAddress;
    policy.leased = true;
    policy.spares_loopback = is_usual(write);
    return policy;
}

std::string quota_text(const Policy& policy) {
    const std::uint64_t quota = policy.quota;
    return policy.unit_bytes > 0 ? base::format_size(quota * policy.unit_bytes) : std::to_string(quota);
}

Policy in_units(Policy policy) {
    if (policy.name != "egress") return policy;
    policy.quota *= 1024 * 1024 / kEgressUnitBytes;
    policy.unit_bytes = kEgressUnitBytes;
    return policy;
}

Policies policies_by_name(const std::vector<Policy>& set) {
    Policies all;
    for (const Policy& policy : set) all[policy.name] = in_units(policy);
    const auto write = all.find("write");
    if (write != all.end()) all.emplace(kAddressPolicyName, address_policy(write->second));
    return all;
}

const std::vector<Policy>& default_policies() {
    static const std::vector<Policy> policies{
        {"write", 60},
        {"anonymous", 20},
        {"login", 10},
        {"signup", 10},
        of_reads("read", 6000),
        of_reads("search", 120),
        of_reads("list", 1200),
        of_reads("render", 3000),
        of_reads("export", 20, 1h),
        of_reads("egress", 2048),
    };
    return policies;
}

}  // namespace snippetd::limiter
