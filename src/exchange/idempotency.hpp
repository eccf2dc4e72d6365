#pragma once

#include "exchange/exchange.hpp"
#include "use_cases/idempotency.hpp"

#include <optional>
#include <string>

/// `Idempotency-Key` (draft-ietf-httpapi-idempotency-key-header). Two requests are the same when method and path are,
/// and what they ask, however that is written.
namespace snippetd::exchange {

/// The key that the request may be repeated with; nothing when it has none. 422 when the header is not 1 to 255 visible
/// ASCII characters. Refers to the request's body.
Result<std::optional<use_cases::Repeatable>> repeatable_of(const Exchange& exchange);

}  // namespace snippetd::exchange
