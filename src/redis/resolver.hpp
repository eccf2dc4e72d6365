#pragma once

#include "base/awaitable.hpp"
#include "base/clock.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include <boost/asio/ip/tcp.hpp>

namespace snippetd::redis {

/// Looks up names without anybody having to wait for the system, which takes as long as it likes when a DNS server is
/// silent (`man resolv.conf`: 5 s, several times) and cannot be stopped. Each lookup has a thread of its own that holds
/// nothing of the process but what it was given, so it may be left behind, at the exit too. Of each name one lookup
/// runs at a time, and all who ask meanwhile wait for that one. Thread-safe.
class Resolver {
  public:
    using Addresses = std::vector<boost::asio::ip::tcp::endpoint>;
    /// May block. Throws std::exception.
    using LookUp = std::function<Addresses(const std::string& host, std::uint16_t port)>;

    /// Asks the system.
    Resolver();
    explicit Resolver(LookUp look_up) : look_up_{std::move(look_up)} {}

    /// At least one address, in the order in which they are to be tried. Throws std::runtime_error when there is none,
    /// or none by `deadline`.
    base::Awaitable<Addresses> resolve(std::string host, std::uint16_t port, base::Deadline deadline);

  private:
    /// What a thread leaves for those who look at it from time to time: so it needs none of their loops.
    struct Lookup {
        std::mutex mutex;
        bool done = false;    ///< guarded by mutex, as all
        Addresses addresses;  ///< empty: `error` says why
        std::string error;
    };

    std::shared_ptr<Lookup> join(const std::string& host, std::uint16_t port);

    LookUp look_up_;
    std::mutex mutex_;
    std::map<std::pair<std::string, std::uint16_t>, std::shared_ptr<Lookup>> latest_;  ///< guarded by mutex_
};

}  // namespace snippetd::redis
