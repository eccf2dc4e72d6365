#include "exchange/idempotency.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace snippetd::exchange {

namespace {

constexpr std::size_t kKeyCharactersMax = 255;

/// Keys of different clients have nothing to do with each other.
std::string client_of(const Exchange& exchange) {
    if (exchange.caller.account) return "account:" + exchange.caller.account->id;
    return exchange.address;
}

}  // namespace

Result<std::optional<use_cases::Repeatable>> repeatable_of(const Exchange& exchange) {
    const http::Request& request = exchange.request;
    if (!request.has(http::Field::idempotency_key)) return std::optional<use_cases::Repeatable>{};
    const std::string_view key = request.field(http::Field::idempotency_key);
    const bool visible = std::all_of(key.begin(), key.end(), [](unsigned char c) { return c > 0x20 && c < 0x7F; });
    if (key.empty() || key.size() > kKeyCharactersMax || !visible) {
        return invalid_field("Idempotency-Key", "has 1 to 255 visible ASCII characters");
    }
    use_cases::Repeatable repeatable;
    repeatable.key = key;
    repeatable.client = client_of(exchange);
    repeatable.target = fmt::format("{} {}", http::to_text(request.method), request.path);
    repeatable.sent = request.body;
    return std::optional{std::move(repeatable)};
}

}  // namespace snippetd::exchange
