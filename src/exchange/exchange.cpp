#include "exchange/exchange.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace snippetd::exchange {

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

std::string rate_limit_fields(const std::optional<use_cases::Charged>& charged) {
    if (!charged) return {};
    const limiter::Policy& policy = *charged->policy;
    const std::uint64_t unit = std::max(policy.unit_bytes, 1u);
    const char* quota_unit = policy.unit_bytes > 0 ? ";qu=\"content-bytes\"" : "";
    return fmt::format("RateLimit-Policy: \"{0}\";q={1}{2};w={3}\r\nRateLimit: \"{0}\";r={4};t={5}\r\n", policy.name,
                       policy.quota * unit, quota_unit, policy.window.count() / 1000, charged->remaining * unit,
                       charged->reset_s);
}

}  // namespace snippetd::exchange
