#include "redis/resolver.hpp"

#include "base/timer.hpp"

#include <algorithm>
#include <stdexcept>
#include <thread>

#include <boost/asio/this_coro.hpp>
#include <netdb.h>

namespace snippetd::redis {

namespace asio = boost::asio;

namespace {

constexpr base::Milliseconds kFirstPause{1};
constexpr base::Milliseconds kPauseMax{20};

Resolver::Addresses ask_system(const std::string& host, std::uint16_t port) {
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = AI_ADDRCONFIG;
    addrinfo* found = nullptr;
    const int failure = getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &found);
    if (failure != 0) throw std::runtime_error{gai_strerror(failure)};
    const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> owned{found, freeaddrinfo};
    Resolver::Addresses addresses;
    for (const addrinfo* one = found; one; one = one->ai_next) {
        asio::ip::tcp::endpoint address;
        if (one->ai_addrlen > address.capacity()) continue;
        address.resize(one->ai_addrlen);
        std::copy_n(reinterpret_cast<const char*>(one->ai_addr), one->ai_addrlen,
                    reinterpret_cast<char*>(address.data()));
        addresses.push_back(address);
    }
    return addresses;
}

}  // namespace

Resolver::Resolver() : Resolver{ask_system} {}

base::Awaitable<Resolver::Addresses> Resolver::resolve(std::string host, std::uint16_t port, base::Deadline deadline) {
    boost::system::error_code no_address;
    const asio::ip::address literal = asio::ip::make_address(host, no_address);
    if (!no_address) co_return Addresses{{literal, port}};

    const std::shared_ptr<Lookup> lookup = join(host, port);
    const base::Executor executor = co_await asio::this_coro::executor;
    base::Timer timer{executor};
    for (base::Milliseconds pause = kFirstPause;; pause = std::min(pause * 2, kPauseMax)) {
        {
            const std::lock_guard lock{lookup->mutex};
            if (lookup->done && !lookup->addresses.empty()) co_return lookup->addresses;
            if (lookup->done) throw std::runtime_error{"the name cannot be resolved: " + lookup->error};
        }
        if (base::steady_now() >= deadline) throw std::runtime_error{"looking up the name takes too long"};
        timer.expires_after(pause);
        co_await timer.async_wait(base::use_awaitable);
    }
}

std::shared_ptr<Resolver::Lookup> Resolver::join(const std::string& host, std::uint16_t port) {
    const std::lock_guard lock{mutex_};
    std::shared_ptr<Lookup>& latest = latest_[{host, port}];
    if (latest) {
        const std::lock_guard lookup_lock{latest->mutex};
        if (!latest->done) return latest;
    }
    latest = std::make_shared<Lookup>();
    // The one thread that nobody joins: it uses nothing but what it has copies of.
    std::thread{[lookup = latest, look_up = look_up_, host, port] {
        Addresses addresses;
        std::string error = "it has no address";
        try {
            addresses = look_up(host, port);
        } catch (const std::exception& failure) {
            error = failure.what();
        }
        const std::lock_guard done_lock{lookup->mutex};
        lookup->addresses = std::move(addresses);
        lookup->error = std::move(error);
        lookup->done = true;
    }}.detach();
    return latest;
}

}  // namespace snippetd::redis
