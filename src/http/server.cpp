#include "http/server.hpp"

#include "base/log.hpp"
#include "base/secret.hpp"
#include "base/turn.hpp"
#include "http/client_address.hpp"

#include <algorithm>
#include <cerrno>
#include <stdexcept>
#include <system_error>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/post.hpp>
#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

namespace snippetd::http {

namespace asio = boost::asio;
using asio::ip::tcp;

namespace {

constexpr base::Milliseconds kTick{100};
constexpr base::Milliseconds kAcceptPause{100};
constexpr int kBacklog = 4096;
constexpr int kAcceptedInARowMax = 64;
constexpr std::size_t kLookedAtMax = 256;  // connections, some microseconds
constexpr base::Milliseconds kTurnedAwayFor{500};
constexpr base::Milliseconds kRestStep{1};
constexpr int kWokenAtOnceMax = 64;
using ReusePort = asio::detail::socket_option::boolean<SOL_SOCKET, SO_REUSEPORT>;

asio::ip::address peer_address(const sockaddr_storage& address) {
    if (address.ss_family == AF_INET) {
        const auto& v4 = reinterpret_cast<const sockaddr_in&>(address);
        return asio::ip::address_v4{ntohl(v4.sin_addr.s_addr)};
    }
    asio::ip::address_v6::bytes_type bytes{};
    const auto& v6 = reinterpret_cast<const sockaddr_in6&>(address);
    std::copy_n(v6.sin6_addr.s6_addr, bytes.size(), bytes.begin());
    return asio::ip::address_v6{bytes};
}

}  // namespace

Server::Server(asio::io_context& context, Service& service, ServerOptions options, std::shared_ptr<ServerLimits> limits,
               base::Metrics& metrics)
    : context_{context},
      service_{service},
      options_{std::move(options)},
      limits_{std::move(limits)},
      observer_{metrics},
      poller_{context, [this] { ended_.clear(); }},
      holders_{limits_->connections_of_one_address},
      shared_contents_{limits_->memory},
      rest_ends_{context},
      ticker_{context},
      request_id_{base::random_alphanumeric(kRequestIdPrefix) + std::string(kRequestIdDigits, '0')} {
    poller_.start();
    asio::co_spawn(context_, tick(), base::detached);
}

Server::~Server() {
    cut();
}

void Server::accept_from(Acceptor acceptor) {
    acceptor.native_non_blocking(true);
    acceptors_.push_back(std::move(acceptor));
    wait_for_clients(acceptors_.size() - 1);
}

// The acceptor is named by its index, because the vector may move.
void Server::wait_for_clients(std::size_t acceptor) {
    acceptors_[acceptor].async_wait(Acceptor::wait_read, [this, acceptor](boost::system::error_code error) {
        if (error || draining_) return;
        accept_all(acceptor);
    });
}

void Server::accept_all(std::size_t acceptor) {
    for (int i = 0; i < kAcceptedInARowMax; ++i) {
        sockaddr_storage address{};
        socklen_t length = sizeof address;
        const int socket = ::accept4(acceptors_[acceptor].native_handle(), reinterpret_cast<sockaddr*>(&address),
                                     &length, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (socket >= 0) {
            welcome(socket, peer_address(address));
            continue;
        }
        if (errno == EINTR || errno == ECONNABORTED) continue;
        if (errno == EAGAIN || errno == EWOULDBLOCK) break;
        // Out of descriptors, most likely: waiting lets others end.
        log::error("cannot accept a connection", {{"error", std::generic_category().message(errno)}});
        auto pause = std::make_shared<base::Timer>(context_, kAcceptPause);
        pause->async_wait([this, acceptor, pause](boost::system::error_code error) {
            if (!error && !draining_) wait_for_clients(acceptor);
        });
        return;
    }
    wait_for_clients(acceptor);
}

void Server::welcome(int socket, const asio::ip::address& peer) {
    const bool proxy = std::any_of(options_.trusted_proxies.begin(), options_.trusted_proxies.end(),
                                   [&peer](const base::Cidr& trusted) { return trusted.contains(peer); });
    Holders::Holder& holder = holders_.enter(share_key(peer), proxy);
    if (limits_->connections.load() >= options_.connections_max && !make_room(holder)) {
        holders_.leave(holder);
        return turn_away(socket);
    }
    const int on = 1;
    ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    const Connection::Pointer connection{new Connection{*this, socket, peer, holder}};
    connection->position = connections_.insert(connections_.end(), connection);
    if (!poller_.add(socket, *connection)) connection->close();
}

/// Ends a connection to make room for one of `newcomer`: one that is idle, of an address that has more than `newcomer`;
/// one that never has sent anything; or else one that waits for its peer, of an address that has more than a quarter of
/// all. Of the address that has the most. False when there is none among some that it looks at; next time it goes on
/// with others.
bool Server::make_room(const Holders::Holder& newcomer) {
    const base::SteadyTime now = base::steady_now();
    const std::size_t own = newcomer.proxy ? 1 : newcomer.connections;
    Connection::Pointer found, instead;
    const auto prefer = [](Connection::Pointer& best, const Connection::Pointer& other) {
        if (!best || other->holder().connections > best->holder().connections) best = other;
    };
    for (std::size_t looked = 0; looked < std::min(connections_.size(), kLookedAtMax); ++looked) {
        if (looked_at_ == connections_.end()) looked_at_ = connections_.begin();
        const Connection::Pointer& connection = *looked_at_++;
        const Holders::Holder& holder = connection->holder();
        const bool greedy = !holder.proxy && holder.connections > own;
        if (connection->is_silent(now) || (greedy && connection->is_idle())) {
            prefer(found, connection);
        } else if (greedy && holder.connections > connections_.size() / 4 && connection->waits_for_peer()) {
            prefer(instead, connection);
        }
    }
    if (!found) found = std::move(instead);
    if (!found) return false;
    limits_->displaced.add();
    found->close();
    return true;
}

/// Above the cap: an answer, so that nobody hangs, and no more work than that.
void Server::turn_away(int socket) {
    limits_->turned_away.add();
    const Response response = unavailable();
    std::string out;
    append_head(out, response, observer_.http_date(), next_request_id(), false, true, options_.secure);
    out += response.body;
    // Fits in any fresh socket's buffer. What the client has sent is read first, so that closing does not
    // reset the connection before the answer has been seen; what it sends later is its own loss.
    ::recv(socket, input_->data(), input_->size(), 0);
    ::send(socket, out.data(), out.size(), MSG_NOSIGNAL);
    ::shutdown(socket, SHUT_WR);
    auto patience = std::make_shared<base::Timer>(context_, kTurnedAwayFor);
    patience->async_wait([socket, patience, this](boost::system::error_code) {
        ::recv(socket, input_->data(), input_->size(), 0);
        ::close(socket);
    });
}

base::Awaitable<void> Server::tick() {
    while (true) {
        ticker_.expires_after(kTick);
        co_await ticker_.async_wait(base::use_awaitable);
        const base::Turn turn;
        const base::SteadyTime now = base::steady_now();
        for (auto at = connections_.begin(); at != connections_.end();) {
            const Connection::Pointer connection = *at++;
            connection->check_deadline(now);
        }
        ended_.clear();
        observer_.flush_log();
    }
}

void Server::forget(Connection& connection) {
    holders_.leave(connection.holder());
    if (looked_at_ == connection.position) ++looked_at_;
    ended_.push_back(*connection.position);
    connections_.erase(connection.position);
}

void Server::enqueue(Connection::Pointer connection) {
    queue_.push_back(std::move(connection));
    if (queue_.size() == 1) asio::post(context_, [this] { run_next(); });
}

void Server::run_next() {
    const base::Turn turn;
    const Connection::Pointer connection = std::move(queue_.front());
    connection->go_on();
    queue_.pop_front();  // only now, so that whoever is enqueued meanwhile does not start a second round
    if (!queue_.empty()) asio::post(context_, [this] { run_next(); });
}

/// `until` is seldom earlier than that of the one before; then it waits for that one.
void Server::rest(Connection::Pointer connection, base::SteadyTime until) {
    limits_->rested.add();
    resting_.emplace_back(until, std::move(connection));
    if (resting_.size() == 1) asio::co_spawn(context_, wake_rested(), base::detached);
}

base::Awaitable<void> Server::wake_rested() {
    while (!resting_.empty()) {
        rest_ends_.expires_at(std::max(resting_.front().first, base::steady_now() + kRestStep));
        co_await rest_ends_.async_wait(base::use_awaitable);
        const base::Turn turn;
        const base::SteadyTime now = base::steady_now();
        for (int i = 0; i < kWokenAtOnceMax && resting_.front().first <= now; ++i) {
            const Connection::Pointer connection = std::move(resting_.front().second);
            connection->go_on();
            resting_.pop_front();  // only now, so that whoever rests again meanwhile does not start a second round
            if (resting_.empty()) break;
        }
        ended_.clear();
    }
}

/// The prefix, and digits that count up, the first one fastest.
const std::string& Server::next_request_id() {
    for (std::size_t i = kRequestIdPrefix; i < request_id_.size(); ++i) {
        char& digit = request_id_[i];
        digit = digit == '9' ? 'a' : digit == 'z' ? '0' : static_cast<char>(digit + 1);
        if (digit != '0') break;
    }
    return request_id_;
}

base::SteadyTime Server::lately() const {
    return std::max(clock_read_at_, base::Turn::began_at());
}

base::SteadyTime Server::read_clock() {
    return clock_read_at_ = base::steady_now();
}

void Server::drain() {
    // Who is connected, though nobody has looked yet, would be reset by closing.
    for (std::size_t acceptor = 0; acceptor < acceptors_.size(); ++acceptor) accept_all(acceptor);
    draining_ = true;
    boost::system::error_code error;
    for (Acceptor& acceptor : acceptors_) acceptor.close(error);
    for (auto at = connections_.begin(); at != connections_.end();) {
        const Connection::Pointer connection = *at++;
        connection->begin_drain();
    }
}

void Server::cut() {
    while (!connections_.empty()) {
        const Connection::Pointer connection = connections_.front();
        connection->close();
    }
    ended_.clear();
}

namespace {

[[noreturn]] void cannot_listen(const std::string& host, std::uint16_t port, const boost::system::error_code& error) {
    throw std::runtime_error{fmt::format("cannot listen on {}:{}: {}", host, port, error.message())};
}

tcp::endpoint resolve(asio::io_context& context, const std::string& host, std::uint16_t port) {
    boost::system::error_code error;
    tcp::resolver resolver{context};
    const auto found = resolver.resolve(host, std::to_string(port), tcp::resolver::passive, error);
    if (error || found.empty()) cannot_listen(host, port, error);
    return found.begin()->endpoint();
}

}  // namespace

std::vector<Acceptor> listen_everywhere(const std::vector<asio::io_context*>& contexts, const std::string& host,
                                        std::uint16_t& port) {
    tcp::endpoint endpoint = resolve(*contexts.front(), host, port);
    boost::system::error_code error;
    if (port != 0) {
        // Without SO_REUSEPORT this fails when anybody listens there.
        Acceptor probe{*contexts.front()};
        probe.open(endpoint.protocol(), error);
        if (!error) probe.set_option(tcp::acceptor::reuse_address{true}, error);
        if (!error) probe.bind(endpoint, error);
        if (error) cannot_listen(host, port, error);
    }
    std::vector<Acceptor> acceptors;
    for (asio::io_context* context : contexts) {
        Acceptor& acceptor = acceptors.emplace_back(*context);
        acceptor.open(endpoint.protocol(), error);
        if (!error) acceptor.set_option(tcp::acceptor::reuse_address{true}, error);
        if (!error) acceptor.set_option(ReusePort{true}, error);
        if (!error && endpoint.protocol() == tcp::v6()) acceptor.set_option(asio::ip::v6_only{true}, error);
        if (!error) acceptor.bind(endpoint, error);
        if (!error) acceptor.listen(kBacklog, error);
        if (error) cannot_listen(host, port, error);
        endpoint = acceptor.local_endpoint();  // from now on with the port that was picked
    }
    port = endpoint.port();
    return acceptors;
}

}  // namespace snippetd::http
