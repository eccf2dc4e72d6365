#include "http/client_address.hpp"

#include "base/ascii.hpp"

#include <algorithm>
#include <functional>
#include <optional>
#include <string>

namespace snippetd::http {

namespace ip = boost::asio::ip;

namespace {

/// Takes the last element off the list.
std::string_view take_last(std::string_view& list) {
    const std::size_t comma = list.rfind(',');
    const std::string_view element = base::trimmed(list.substr(comma == list.npos ? 0 : comma + 1));
    list = list.substr(0, comma == list.npos ? 0 : comma);
    return element;
}

/// `192.0.2.1`, `192.0.2.1:80`, `2001:db8::1` or `[2001:db8::1]:80`.
std::optional<ip::address> read_address(std::string_view text) {
    if (text.starts_with('[')) {
        const std::size_t end = text.find(']');
        if (end == text.npos) return std::nullopt;
        text = text.substr(1, end - 1);
    } else if (std::count(text.begin(), text.end(), ':') == 1) {
        text = text.substr(0, text.find(':'));
    }
    boost::system::error_code error;
    const ip::address address = ip::make_address(text, error);
    if (error) return std::nullopt;
    return address;
}

constexpr std::size_t kSubscriberBits = 64, kSiteBits = 48;
constexpr std::size_t kSharesOfASite = 16;

/// The address with all but its first `bits` as zero.
ip::address_v6 network_of(const ip::address_v6& address, std::size_t bits) {
    ip::address_v6::bytes_type bytes = address.to_bytes();
    std::fill(bytes.begin() + static_cast<std::ptrdiff_t>(bits / 8), bytes.end(), std::uint8_t{0});
    return ip::address_v6{bytes};
}

/// Each request has one: `to_string` of Asio is some 2,000 instructions.
std::string key_of(const ip::address_v4& address) {
    std::string key = "ip:";
    for (const unsigned byte : address.to_bytes()) {
        if (key.size() > 3) key += '.';
        if (byte >= 100) key += static_cast<char>('0' + byte / 100);
        if (byte >= 10) key += static_cast<char>('0' + byte / 10 % 10);
        key += static_cast<char>('0' + byte % 10);
    }
    return key;
}

}  // namespace

ip::address client_address(const ip::address& peer, std::string_view forwarded_for,
                           std::span<const base::Cidr> trusted_proxies) {
    const auto is_trusted = [trusted_proxies](const ip::address& address) {
        return std::any_of(trusted_proxies.begin(), trusted_proxies.end(),
                           [&](const base::Cidr& proxy) { return proxy.contains(address); });
    };
    ip::address client = peer;
    while (!forwarded_for.empty() && is_trusted(client)) {
        const std::optional<ip::address> address = read_address(take_last(forwarded_for));
        if (!address) break;
        client = *address;
    }
    return client;
}

bool is_loopback(const ip::address& address) {
    if (address.is_v6() && address.to_v6().is_v4_mapped())
        return ip::make_address_v4(ip::v4_mapped, address.to_v6()).is_loopback();
    return address.is_loopback();
}

std::string address_key(const ip::address& address) {
    if (address.is_v4()) return key_of(address.to_v4());
    const ip::address_v6 v6 = address.to_v6();
    if (v6.is_v4_mapped()) return key_of(ip::make_address_v4(ip::v4_mapped, v6));
    return "ip:" + network_of(v6, kSubscriberBits).to_string();
}

std::string site_key(const ip::address& address) {
    if (address.is_v4() || address.to_v6().is_v4_mapped()) return {};
    return "site:" + network_of(address.to_v6(), kSiteBits).to_string();
}

std::string share_key(const ip::address& address) {
    std::string network = address_key(address);
    std::string site = site_key(address);
    if (site.empty()) return network;
    return site + '#' + std::to_string(std::hash<std::string>{}(network) % kSharesOfASite);
}

}  // namespace snippetd::http
