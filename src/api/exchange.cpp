#include "api/exchange.hpp"

#include <algorithm>

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

std::string rate_limit_fields(const std::optional<use_cases::Charged>& charged) {
    if (!charged) return {};
    const limiter::Policy& policy = *charged->policy;
    return fmt::format("RateLimit-Policy: \"{0}\";q={1};w={2}\r\nRateLimit: \"{0}\";r={3};t={4}\r\n", policy.name,
                       policy.quota, policy.window.count() / 1000, charged->remaining, charged->reset_s);
}

}  // namespace snippetd::api
