#pragma once

#include "base/awaitable.hpp"
#include "base/clock.hpp"
#include "base/metrics.hpp"
#include "base/timer.hpp"
#include "redis/endpoint.hpp"
#include "redis/health.hpp"
#include "redis/pipeline.hpp"
#include "redis/script.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

/// The driver: it knows no word of the domain.
namespace snippetd::redis {

/// One worker's connection to Redis, for use on that worker's thread. What the coroutines of one turn of the loop send
/// goes out together (pipelining).
///
/// - An answer is due within `command_timeout`: whoever asks has something else to do when Redis is slow. Where it is
///   not Redis that is slow, a little more is granted.
/// - With the first answer that does not come in time, or when the connection is lost or the server says that it cannot
///   serve, a circuit breaker (Nygard, "Release It!") opens: what waits is answered with Unavailable and what comes is
///   refused, so that an outage costs each client one time-out. The client probes, with jitter, by a write of its own,
///   and closes the breaker when that is answered in time.
/// - The connection is opened anew with backoff and jitter. No command is ever sent twice.
class Client {
  public:
    struct Options {
        Endpoint endpoint;
        base::Milliseconds command_timeout{150};
        base::Milliseconds connect_timeout{1000};  ///< TCP and TLS each; a name takes as long as the system looks
        /// A channel to listen to, on each new connection as soon as it is known who serves; empty for none. A
        /// connection that listens takes no other commands but PING (RESP2).
        std::string channel;
        std::function<void(std::string payload)> on_message;  ///< called for each message, on the client's loop
    };

    Client(base::Executor executor, Options options, Health& health, base::Metrics& metrics);
    ~Client();
    Client(const Client&) = delete;
    Client& operator=(const Client&) = delete;

    /// Begins to connect. Before the worker runs, or on its thread.
    void start();
    /// Ends the connection; what waits is answered with Unavailable. On the worker's thread.
    void stop();

    /// Whether a command would be sent now.
    bool up() const { return breaker_closed_; }
    /// Counts the connections, so that what was learnt over an earlier one can be told apart.
    std::uint64_t connection() const { return connection_; }
    /// The `run_id` of the server that this connection leads to: another one after a restart or a failover, when the
    /// server may remember what it had been told to forget. Empty while it is not known, or is not told.
    const std::string& server_id() const { return server_id_; }

    /// The command's answer, which is no error. Throws base::Unavailable when the server does not answer in time or
    /// cannot.
    base::Awaitable<Reply> command(Command words);
    /// The script's answer, which is no error. Throws base::Unavailable when the server does not answer in time or
    /// cannot.
    base::Awaitable<Reply> evaluate(const Script& script, std::vector<std::string> keys,
                                    std::vector<std::string> arguments);

  private:
    struct Stream;

    base::Awaitable<void> run();
    base::Awaitable<void> connect();
    base::Awaitable<void> introduce(std::uint64_t connection);
    base::Awaitable<Reply> insist(Command words, base::Deadline deadline);
    base::Awaitable<void> ask_who_serves(base::Deadline deadline);
    base::Awaitable<void> probe(std::uint64_t connection);
    base::Awaitable<void> read();
    base::Awaitable<Reply> exchange(Command words);
    base::Awaitable<Reply> send(Command words, base::Deadline deadline);
    base::Awaitable<void> pause(base::Milliseconds duration);
    [[noreturn]] void refuse(const std::string& error);
    void flush();
    void flush_soon();
    void arm();
    void look_at(base::SteadyTime when);
    bool excused(base::SteadyTime planned, base::SteadyTime now) const;
    void look_at_deadlines(base::SteadyTime planned);
    void open_breaker(const std::string& reason);
    void close_socket();
    base::Counter& counter(const std::string& command);

    base::Executor executor_;
    Options options_;
    Health& health_;
    base::Metrics& metrics_;
    std::unique_ptr<Stream> stream_;
    Pipeline pipeline_;
    bool breaker_closed_ = false;  ///< open until the first probe has been answered
    std::string writing_;          ///< what is on its way out
    bool flush_posted_ = false;
    bool connected_ = false;
    bool stopping_ = false;
    bool probing_ = false;
    std::string server_id_;
    std::string refusal_;           ///< why the server does not let us in, when it does not
    std::uint64_t connection_ = 0;  ///< counts the attempts, so that what belongs to an earlier one notices
    base::Timer deadline_timer_;
    base::SteadyTime armed_for_ = base::SteadyTime::max();  ///< when the timer looks at the deadlines
};

}  // namespace snippetd::redis
