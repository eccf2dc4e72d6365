#include "api/exchange.hpp"

#include <fmt/format.h>

namespace snippetd::api {

std::string base_url(const Options& options, const http::Request& request) {
    std::string base;
    append_base_url(base, options, request);
    return base;
}

void append_base_url(std::string& out, const Options& options, const http::Request& request) {
    if (!options.public_url.empty()) {
        out += options.public_url;
        return;
    }
    const std::string_view host = request.field(http::Field::host);
    out += "http://";
    out += host.empty() ? std::string_view{"localhost"} : host;
}

std::string address_key(const boost::asio::ip::address& address) {
    using namespace boost::asio::ip;
    if (address.is_v4()) return "ip:" + address.to_string();
    address_v6 v6 = address.to_v6();
    if (v6.is_v4_mapped()) return "ip:" + make_address_v4(v4_mapped, v6).to_string();
    address_v6::bytes_type bytes = v6.to_bytes();
    std::fill(bytes.begin() + 8, bytes.end(), std::uint8_t{0});
    return "ip:" + address_v6{bytes}.to_string();
}

Awaitable<std::optional<Error>> charge(Exchange& exchange, std::string_view policy_name, std::string client) {
    const limiter::Policy& policy = exchange.services.options.policies.find(policy_name)->second;
    if (!policy.enabled) co_return std::nullopt;
    const limiter::Verdict verdict =
        co_await exchange.services.limiter.take(policy, std::move(client), exchange.deadline);
    if (verdict.decision == limiter::Verdict::Decision::refused) throw base::Unavailable{"the limiter cannot tell"};
    if (verdict.decision == limiter::Verdict::Decision::failed_open) co_return std::nullopt;
    // Of two charges for one request the tighter one is told.
    const bool limited = !verdict.admitted();
    if (limited || verdict.remaining < exchange.rate_limit_remaining) {
        exchange.rate_limit_remaining = verdict.remaining;
        exchange.rate_limit_fields =
            fmt::format("RateLimit-Policy: \"{0}\";q={1};w={2}\r\nRateLimit: \"{0}\";r={3};t={4}\r\n", policy.name,
                        policy.quota, policy.window.count() / 1000, verdict.remaining, verdict.reset_s);
    }
    if (!limited) co_return std::nullopt;
    Error too_many =
        error(ErrorKind::rate_limited, fmt::format("The limit is {} in {} s; try again in {} s.", policy.quota,
                                                   policy.window.count() / 1000, verdict.reset_s));
    too_many.retry_after_s = verdict.reset_s;
    co_return too_many;
}

}  // namespace snippetd::api
