#include "limiter/overrides.hpp"

#include <algorithm>

namespace snippetd::limiter {

namespace {

bool is_for(const Beneficiary& who, const Asking& asking) {
    if (!who.token_id.empty()) return who.token_id == asking.token_id;
    if (!who.username.empty()) return who.username == asking.username;
    return who.range && who.range->contains(asking.address);
}

/// The lower, the earlier.
int rank(const Beneficiary& who) {
    if (!who.token_id.empty()) return -2;
    if (!who.username.empty()) return -1;
    return static_cast<int>(who.range->host_bits());
}

}  // namespace

const Override* find_override(const std::vector<Override>& overrides, std::string_view policy_name,
                              const Asking& asking) {
    const auto found = std::find_if(overrides.begin(), overrides.end(), [&](const Override& one) {
        return one.policy.name == policy_name && is_for(one.who, asking);
    });
    return found == overrides.end() ? nullptr : &*found;
}

void sort_overrides(std::vector<Override>& overrides) {
    std::stable_sort(overrides.begin(), overrides.end(),
                     [](const Override& left, const Override& right) { return rank(left.who) < rank(right.who); });
}

}  // namespace snippetd::limiter
