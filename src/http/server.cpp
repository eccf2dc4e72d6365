#include "http/server.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/write.hpp>
#include <fmt/format.h>

#include <stdexcept>

#include "base/log.hpp"
#include "base/secret.hpp"
#include "http/connection.hpp"

namespace snippetd::http {

namespace asio = boost::asio;
using asio::ip::tcp;

namespace {

constexpr base::Milliseconds kTick{100};
constexpr base::Milliseconds kAcceptPause{100};
constexpr int kBacklog = 4096;
using ReusePort = asio::detail::socket_option::boolean<SOL_SOCKET, SO_REUSEPORT>;

base::Awaitable<void> run_connection(Server& server, Socket socket) {
    Connection connection{server, std::move(socket)};
    try {
        co_await connection.run();
    } catch (const std::exception& error) {
        log::error("a connection ended by an exception", {{"error", error.what()}});
    }
}

}  // namespace

Server::Server(asio::io_context& context, Service& service, ServerOptions options, std::shared_ptr<ServerLimits> limits,
               base::Metrics& metrics)
    : context_{context},
      service_{service},
      options_{std::move(options)},
      limits_{std::move(limits)},
      observer_{metrics},
      ticker_{context},
      request_id_prefix_{base::random_alphanumeric(7)} {
    asio::co_spawn(context_, tick(), asio::detached);
}

Server::~Server() = default;

void Server::accept_from(Acceptor acceptor) {
    // The coroutines refer to their acceptor by index, because the vector may move.
    acceptors_.push_back(std::move(acceptor));
    asio::co_spawn(context_, accept(acceptors_.size() - 1), asio::detached);
}

base::Awaitable<void> Server::accept(std::size_t index) {
    while (!draining_) {
        boost::system::error_code error;
        auto token = asio::redirect_error(base::use_awaitable, error);
        Socket socket{context_};
        co_await acceptors_[index].async_accept(socket, token);
        if (draining_ || error == asio::error::operation_aborted) co_return;
        if (error) {
            // Out of descriptors, most likely: waiting lets others end.
            log::error("cannot accept a connection", {{"error", error.message()}});
            base::Timer pause{context_, kAcceptPause};
            co_await pause.async_wait(token);
            continue;
        }
        if (limits_->connections.load() >= options_.connections_max) {
            asio::co_spawn(context_, refuse(std::move(socket)), asio::detached);
        } else {
            asio::co_spawn(context_, run_connection(*this, std::move(socket)), asio::detached);
        }
    }
}

/// Above the cap: an answer, so that nobody hangs, and no more work than that.
base::Awaitable<void> Server::refuse(Socket socket) {
    const Response response = unavailable(std::chrono::seconds{1});
    std::string out;
    append_head(out, response, observer_.http_date(), base::random_alphanumeric(14), false, true);
    out += response.body;
    boost::system::error_code error;
    socket.non_blocking(true, error);
    socket.write_some(asio::buffer(out), error);  // fits in any fresh socket's buffer
    socket.shutdown(tcp::socket::shutdown_send, error);
    // The request is read, so that closing does not reset the connection before the answer has been seen.
    std::array<char, 4096> sink;
    base::Timer patience{context_, base::Milliseconds{500}};
    patience.async_wait([&socket](boost::system::error_code cancelled) {
        boost::system::error_code ignored;
        if (!cancelled) socket.cancel(ignored);
    });
    auto token = asio::redirect_error(base::use_awaitable, error);
    while (!error) co_await socket.async_read_some(asio::buffer(sink), token);
}

base::Awaitable<void> Server::tick() {
    while (true) {
        ticker_.expires_after(kTick);
        co_await ticker_.async_wait(base::use_awaitable);
        const base::SteadyTime now = base::steady_now();
        for (auto at = connections_.begin(); at != connections_.end();) {
            Connection* connection = *at++;
            connection->check_deadline(now);
        }
        observer_.flush_log();
    }
}

void Server::drain() {
    draining_ = true;
    boost::system::error_code error;
    for (Acceptor& acceptor : acceptors_) acceptor.close(error);
    for (Connection* connection : connections_) connection->close_if_idle();
}

void Server::cut() {
    for (Connection* connection : connections_) connection->close_now();
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
