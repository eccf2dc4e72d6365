#pragma once

#include "use_cases/call.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace snippetd::use_cases {

/// What is wrong with an input, by member, all of it at once. Bounded: what comes after kMax is not said, what is
/// longer than kBytesMax is cut.
class Complaints {
  public:
    static constexpr std::size_t kMax = 20;
    static constexpr std::size_t kBytesMax = 256;

    /// What is said first of a member stands.
    void add(std::string_view name, std::string_view why);
    bool empty() const { return complaints_.empty(); }
    /// Whether there is more than is said.
    bool overflows() const { return overflows_; }

    /// 422 with all of them; nothing when all is well.
    std::optional<Error> to_error() const;

  private:
    std::vector<std::pair<std::string, std::string>> complaints_;
    bool overflows_ = false;
};

/// What a number of seconds must be that may not be above `seconds_max`.
std::string lifetime_fault(std::int64_t seconds_max);

}  // namespace snippetd::use_cases
