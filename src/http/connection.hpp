#pragma once

#include <boost/asio/buffer.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/awaitable.hpp"
#include "http/parser.hpp"
#include "http/server.hpp"

/// For the .cpp files of http/ only.
namespace snippetd::http {

/// One connection: reads requests, has them answered in order, writes the answers. Pipelined requests are answered from the
/// buffer before anything is written, so that many small answers leave in one system call.
///
/// There is no timer for each operation: the connection says by when it must have made progress, and the server looks a
/// few times a second who is late.
class Connection {
  public:
    Connection(Server& server, Socket socket);
    ~Connection();

    base::Awaitable<void> run();

    /// Called by the server's tick.
    void check_deadline(base::SteadyTime now);
    /// Ends the connection now if no request is under way on it.
    void close_if_idle();
    void close_now();

  private:
    enum class Phase { idle, header, body, handling, writing, lingering };

    base::Awaitable<bool> read_request();
    base::Awaitable<bool> read_more();
    void feed_parser();
    bool account_body();
    void release_body();
    base::Awaitable<void> respond();
    base::Awaitable<void> respond_with(Service::Answer answer, bool close, base::SteadyTime started);
    base::Awaitable<void> refuse(base::Error error);
    base::Awaitable<bool> flush();
    base::Awaitable<bool> write(std::vector<boost::asio::const_buffer> buffers);
    base::Awaitable<void> linger();
    void identify_request();
    void enter(Phase phase);

    Server& server_;
    Socket socket_;
    std::list<Connection*>::iterator position_;
    boost::asio::ip::address peer_;
    std::optional<Parser> parser_;

    // Unread input is [begin_, end_) of buffer_. While a request's header is referred to, the buffer does not move; more of
    // its body is then read into body_buffer_.
    std::vector<char> buffer_;
    std::size_t begin_ = 0, end_ = 0;
    std::string body_buffer_;

    std::string out_;  ///< answers not yet written
    std::size_t accounted_body_ = 0;
    Phase phase_ = Phase::idle;
    base::SteadyTime deadline_ = base::SteadyTime::max();
    bool continued_ = false;
    bool timed_out_ = false;
    bool open_ = true;
};

}  // namespace snippetd::http
