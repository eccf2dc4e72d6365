#include "exchange/exchange.hpp"

#include "base/numbers.hpp"

#include <algorithm>

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
    std::string fields = "RateLimit-Policy: \"";
    fields += policy.name;
    fields += "\";q=";
    base::append_number(fields, policy.quota * unit);
    if (policy.unit_bytes > 0) fields += ";qu=\"content-bytes\"";
    fields += ";w=";
    base::append_number(fields, policy.window.count() / 1000);
    fields += "\r\nRateLimit: \"";
    fields += policy.name;
    fields += "\";r=";
    base::append_number(fields, charged->remaining * unit);
    fields += ";t=";
    base::append_number(fields, charged->reset_s);
    fields += "\r\n";
    return fields;
}

}  // namespace snippetd::exchange
