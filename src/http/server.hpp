#pragma once

#include "base/awaitable.hpp"
#include "base/metrics.hpp"
#include "base/timer.hpp"
#include "http/connection.hpp"
#include "http/holders.hpp"
#include "http/memory.hpp"
#include "http/observer.hpp"
#include "http/poller.hpp"
#include "http/refusal_pace.hpp"
#include "http/server_options.hpp"
#include "http/service.hpp"

#include <array>
#include <deque>
#include <list>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

namespace snippetd::http {

using Acceptor = boost::asio::basic_socket_acceptor<boost::asio::ip::tcp, base::Executor>;

/// The HTTP/1.1 server of one worker: its own listening sockets, its own connections, all on one thread.
/// Everything is called on that thread, or before it starts.
class Server {
  public:
    Server(boost::asio::io_context& context, Service& service, ServerOptions options,
           std::shared_ptr<ServerLimits> limits, base::Metrics& metrics);
    ~Server();

    /// Takes over a listening socket and starts to accept.
    void accept_from(Acceptor acceptor);
    /// Takes over a socket that is connected and does not block, as it does with those that it accepts: `peer` is a
    /// client. Above the cap of connections it is told so and turned away.
    void welcome(int socket, const boost::asio::ip::address& peer);
    /// The first step of a shutdown: accepts no more, ends idle connections, and the others after the request
    /// in flight.
    void drain();
    /// The last step: ends every connection now.
    void cut();
    /// Whether no connection is left, and nothing that works on an answer.
    bool idle() const { return connections_.empty() && answering_ == 0; }

  private:
    friend class Connection;
    static constexpr std::size_t kInputBytes = 64 * 1024;

    void wait_for_clients(std::size_t acceptor);
    void accept_all(std::size_t acceptor);
    void turn_away(int socket);
    bool make_room(const Holders::Holder& newcomer);
    base::Awaitable<void> tick();
    void forget(Connection& connection);
    void enqueue(Connection::Pointer connection);
    void rest(Connection::Pointer connection, base::SteadyTime until);
    base::Awaitable<void> wake_rested();
    void run_next();
    /// Until the next call.
    const std::string& next_request_id();

    /// The time when this turn of the loop began, or when it last read the clock, if that was later.
    base::SteadyTime lately() const;
    base::SteadyTime read_clock();

    boost::asio::io_context& context_;
    Service& service_;
    const ServerOptions options_;
    std::shared_ptr<ServerLimits> limits_;
    Observer observer_;
    Poller poller_;
    std::vector<Acceptor> acceptors_;
    Holders holders_;
    SharedContents shared_contents_;
    std::list<Connection::Pointer> connections_;
    std::list<Connection::Pointer>::iterator looked_at_ = connections_.end();  ///< where `make_room` goes on
    std::vector<Connection::Pointer> ended_;  ///< kept until the poller's batch is over
    /// Those that have had a turn and have more to do. One of them runs each time around the loop, so that whatever
    /// else has become ready waits for one turn at most.
    std::deque<Connection::Pointer> queue_;
    RefusalPace refusal_pace_;
    /// Those that have been refused and are not read until then; nearly in the order of time.
    std::deque<std::pair<base::SteadyTime, Connection::Pointer>> resting_;
    base::Timer rest_ends_;
    base::Timer ticker_;
    static constexpr std::size_t kRequestIdPrefix = 7, kRequestIdDigits = 7;
    std::string request_id_;
    base::SteadyTime clock_read_at_{};
    bool draining_ = false;
    std::size_t answering_ = 0;  ///< coroutines that work on an answer, also for connections that have ended

    // Shared by all connections, each of which uses them only while it runs.
    std::unique_ptr<std::array<char, kInputBytes>> input_ = std::make_unique<std::array<char, kInputBytes>>();
    std::string output_;
};

/// Listening sockets for the same address, one for each worker (SO_REUSEPORT). `port` 0 picks a free one and
/// is set to it. Throws std::runtime_error, with what to tell the user, when the address cannot be had, also
/// when another process of the same user listens there with SO_REUSEPORT, which the kernel would let pass.
std::vector<Acceptor> listen_everywhere(const std::vector<boost::asio::io_context*>& contexts, const std::string& host,
                                        std::uint16_t& port);

}  // namespace snippetd::http
