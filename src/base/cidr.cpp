#include "base/cidr.hpp"

#include "base/numbers.hpp"

namespace snippetd::base {

namespace ip = boost::asio::ip;

namespace {

constexpr unsigned short kV4Bits = 32;
constexpr unsigned short kV6Bits = 128;
constexpr unsigned short kMappedBits = kV6Bits - kV4Bits;  // of ::ffff:0:0/96

std::optional<unsigned short> parse_prefix(std::string_view text, unsigned short max) {
    const auto length = parse_number<unsigned short>(text);
    return length && *length <= max ? length : std::nullopt;
}

/// The range that `address` starts with `length` bits in common.
ip::network_v4 v4_range(const ip::address_v4& address, unsigned short length) {
    return ip::make_network_v4(address, length).canonical();
}

/// Likewise; a zone is dropped, because two addresses with different ones compare unequal.
ip::network_v6 v6_range(const ip::address_v6& address, unsigned short length) {
    return ip::make_network_v6(ip::address_v6(address.to_bytes()), length).canonical();
}

}  // namespace

std::optional<Cidr> Cidr::parse(std::string_view text) {
    const auto slash = text.find('/');
    const std::string host(text.substr(0, slash));
    boost::system::error_code error;
    const auto address = ip::make_address(host, error);
    if (error || host.find_first_of(std::string_view("%\0", 2)) != std::string::npos) return std::nullopt;

    const unsigned short bits = address.is_v4() ? kV4Bits : kV6Bits;
    const auto length =
        slash == std::string_view::npos ? std::optional(bits) : parse_prefix(text.substr(slash + 1), bits);
    if (!length) return std::nullopt;
    if (address.is_v4()) return Cidr(v4_range(address.to_v4(), *length));
    if (address.to_v6().is_v4_mapped() && *length >= kMappedBits) {
        const auto carried = ip::make_address_v4(ip::v4_mapped, address.to_v6());
        return Cidr(v4_range(carried, static_cast<unsigned short>(*length - kMappedBits)));
    }
    return Cidr(v6_range(address.to_v6(), *length));
}

bool Cidr::contains(const ip::address& address) const {
    const bool mapped = address.is_v6() && address.to_v6().is_v4_mapped();
    if (const auto* range = std::get_if<ip::network_v4>(&network_)) {
        if (address.is_v6() && !mapped) return false;
        const auto v4 = mapped ? ip::make_address_v4(ip::v4_mapped, address.to_v6()) : address.to_v4();
        return v4_range(v4, range->prefix_length()) == *range;
    }
    const auto& range = std::get<ip::network_v6>(network_);
    return address.is_v6() && !mapped && v6_range(address.to_v6(), range.prefix_length()) == range;
}

unsigned Cidr::host_bits() const {
    if (const auto* range = std::get_if<ip::network_v4>(&network_)) return kV4Bits - range->prefix_length();
    return kV6Bits - std::get<ip::network_v6>(network_).prefix_length();
}

std::string Cidr::to_string() const {
    return std::visit([](const auto& network) { return network.to_string(); }, network_);
}

}  // namespace snippetd::base
