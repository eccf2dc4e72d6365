#pragma once

#include "base/cidr.hpp"
#include "limiter/limiter.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/asio/ip/address.hpp>

/// Rates of their own for some, instead of those of the policies.
namespace snippetd::limiter {

/// Whom a rate of its own is for: one of three.
struct Beneficiary {
    std::optional<base::Cidr> range;  ///< whoever comes from there, each for itself
    std::string username;             ///< an account, wherever it comes from
    std::string token_id;             ///< an API token, apart from its account

    friend bool operator==(const Beneficiary&, const Beneficiary&) = default;
};

/// A rate of its own, instead of a policy's.
struct Override {
    Beneficiary who;
    Policy policy;

    friend bool operator==(const Override&, const Override&) = default;
};

/// So many are looked through for each charge.
inline constexpr std::size_t kOverridesMax = 256;

/// Who asks, as far as it is known.
struct Asking {
    const boost::asio::ip::address& address;
    std::string_view username;
    std::string_view token_id;
};

/// The override of `policy_name` for whoever asks; null for none. What is said of a token goes before what is said of
/// an account, that before ranges, and a smaller range before a larger one.
const Override* find_override(const std::vector<Override>& overrides, std::string_view policy_name,
                              const Asking& asking);

/// Puts them into the order in which `find_override` looks.
void sort_overrides(std::vector<Override>& overrides);

}  // namespace snippetd::limiter
