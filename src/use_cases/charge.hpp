#pragma once

#include "use_cases/call.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace snippetd::use_cases {

/// Charges `policy_name` for `client` and notes in the call what the limiter said; of two charges the tighter one.
/// Nothing when admitted, else the error to answer. Throws base::Unavailable when the limiter cannot tell and the
/// policy says that nothing goes on then.
Awaitable<std::optional<Error>> charge(Call& call, std::string_view policy_name, std::string client);

}  // namespace snippetd::use_cases
