#pragma once

#include "base/cidr.hpp"

#include <span>
#include <string>
#include <string_view>

#include <boost/asio/ip/address.hpp>

/// Whose request it is, by address: the peer's, or, behind proxies that are trusted, what these say.
namespace snippetd::http {

/// Of a request that `peer` has sent. `forwarded_for` is the list in `X-Forwarded-For`, to which each proxy appends the
/// address that it has the request from. It is read from its end, as far as the addresses are those of trusted proxies:
/// what is before them anybody may have written. An element that is no address, with or without a port, ends it.
boost::asio::ip::address client_address(const boost::asio::ip::address& peer, std::string_view forwarded_for,
                                        std::span<const base::Cidr> trusted_proxies);

/// Whether it is this machine itself, also as IPv4 within IPv6.
bool is_loopback(const boost::asio::ip::address& address);

/// The client's name for limits by address: IPv6 by /64, which is what one subscriber has, and IPv4 within IPv6 as the
/// IPv4 that it is.
std::string address_key(const boost::asio::ip::address& address);

/// The same for a whole site, which may have that many subscribers' networks: IPv6 by /48 (RFC 6177). Empty for IPv4.
std::string site_key(const boost::asio::ip::address& address);

/// Who counts as one where turns and places are shared out: as `address_key`, but of a site's networks no more than 16
/// are told apart, so that whoever has a whole site has 16 shares and not 65,536.
std::string share_key(const boost::asio::ip::address& address);

}  // namespace snippetd::http
