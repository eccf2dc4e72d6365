#pragma once

#include "use_cases/call.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace snippetd::use_cases {

/// Charges all of `charges`, or none when one of them is refused, in one round trip. Notes in the call what the limiter
/// said, of several charges the tighter one; of a policy that is leased only when it refuses: what is left of it is not
/// known exactly, and would make what is public differ by reader. Nothing when admitted, else the error to answer.
/// Throws base::Unavailable when the limiter cannot tell and the policy says that nothing goes on then.
Awaitable<std::optional<Error>> charge(Call& call, std::vector<limiter::Charge> charges);
/// The same for one policy, once.
Awaitable<std::optional<Error>> charge(Call& call, std::string_view policy_name, std::string client);

}  // namespace snippetd::use_cases
