#pragma once

#include "limiter/limiter.hpp"

#include <functional>
#include <map>
#include <string>
#include <vector>

namespace snippetd::limiter {

/// All policies, as they are when nobody says otherwise, in the order of kPolicyNames. A person does not notice those
/// of reads; a crawler does.
const std::vector<Policy>& default_policies();

/// Whether its rate is that of the default.
bool is_usual(const Policy& policy);

/// The policy `address`: five accounts' quota of `write`, whatever accounts they are.
Policy address_policy(const Policy& write);

/// What `egress` is charged in. Its quota is in MiB where it is set.
inline constexpr std::uint32_t kEgressUnitBytes = 4096;

/// `60`, or `2GiB`.
std::string quota_text(const Policy& policy);

/// By name.
using Policies = std::map<std::string, Policy, std::less<>>;
/// As they are used: `egress` in its units, and with `address` beside `write`.
Policies policies_by_name(const std::vector<Policy>& set);
/// `egress`, whose quota is in MiB, as it is used; the others as they are.
Policy in_units(Policy policy);

}  // namespace snippetd::limiter
