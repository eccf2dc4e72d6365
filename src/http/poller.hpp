#pragma once

#include "base/awaitable.hpp"

#include <cstdint>
#include <functional>

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/basic_stream_descriptor.hpp>

/// For http/ only.
namespace snippetd::http {

/// Readiness of many sockets, for the price of two system calls a request: one to read it and one to write
/// the answer.
///
/// Asio tries to read before it waits, and after an answer there is nothing yet to read: one system call in
/// vain for each request, which on the hot path is a tenth of its whole cost
/// (docs/decisions/0005-own-poller.md has the figures). So the connections are in an epoll set of their own,
/// edge-triggered and never modified, and only that set's descriptor is waited for through Asio, which goes
/// on to run timers, coroutines and messages from other threads.
class Poller {
  public:
    class Client {
      public:
        /// `events` as of epoll(7). An edge: the client remembers what it does not use up.
        virtual void on_ready(std::uint32_t events) = 0;

      protected:
        ~Client() = default;
    };

    /// `after_batch` is called when all clients of one wake-up have been told; until then a client must not
    /// be destroyed.
    Poller(boost::asio::io_context& context, std::function<void()> after_batch);
    ~Poller();
    Poller(const Poller&) = delete;
    Poller& operator=(const Poller&) = delete;

    void start();
    /// The descriptor leaves the set when it is closed. False when the system refuses.
    bool add(int descriptor, Client& client);

  private:
    static constexpr int kEventsMax = 256;

    void wait();
    void dispatch();

    boost::asio::posix::basic_stream_descriptor<base::Executor> epoll_;
    std::function<void()> after_batch_;
};

}  // namespace snippetd::http
