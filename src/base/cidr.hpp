#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/network_v4.hpp>
#include <boost/asio/ip/network_v6.hpp>

namespace snippetd::base {

/// A range of addresses in CIDR notation (RFC 4632, RFC 4291 section 2.3). IPv4-mapped IPv6 addresses
/// (`::ffff:10.0.0.1`) count as the IPv4 addresses that they carry, in the range and in what is looked up.
class Cidr {
  public:
    /// Reads `10.0.0.0/8`, `2001:db8::/32` or a bare address, which is a range of one. Bits behind the prefix
    /// are cleared. Nothing when `text` is none of these; a zone (`%eth0`) is not accepted.
    static std::optional<Cidr> parse(std::string_view text);

    bool contains(const boost::asio::ip::address& address) const;

    /// How many bits of an address it leaves open: 0 for a range of one.
    unsigned host_bits() const;

    /// The canonical text, always with a prefix length.
    std::string to_string() const;

    friend bool operator==(const Cidr& left, const Cidr& right) { return left.network_ == right.network_; }

  private:
    using Network = std::variant<boost::asio::ip::network_v4, boost::asio::ip::network_v6>;

    explicit Cidr(Network network) : network_(network) {}

    Network network_;
};

}  // namespace snippetd::base
