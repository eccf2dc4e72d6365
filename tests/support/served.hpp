#pragma once

#include "http/server.hpp"
#include "support/run.hpp"

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

/// An HTTP server on the test's own thread, with a service of a few lines, and what talks to it.
namespace snippetd::test {

/// Answers any path with the method, the path and the body: at once, but for what begins with `/later`, which waits for
/// `release`. `respond` may make another answer of it.
class EchoService : public http::Service {
  public:
    std::uint64_t body_bytes_max(const http::Request& request) const override {
        return request.path == "/small" ? 10 : UINT64_MAX;
    }
    bool answer_now(const http::Request& request, Answer& answer) override {
        if (request.path.starts_with("/later")) return false;
        answer = answer_to(request);
        return true;
    }
    base::Awaitable<Answer> answer(http::Request& request) override {
        ++waiting;
        const base::Executor executor = co_await boost::asio::this_coro::executor;
        base::Timer timer{executor};
        while (!released) co_await base::pause(timer, kLook);
        --waiting;
        co_return answer_to(request);
    }

    std::function<void(const http::Request&, http::Response&)> respond;
    bool released = false;
    int waiting = 0;
    int answered = 0;

  private:
    static constexpr base::Milliseconds kLook{1};

    Answer answer_to(const http::Request& request) {
        ++answered;
        Answer answer;
        answer.route = "/echo";
        answer.response.body = std::string{request.method_text} + " " + std::string{request.path} + " " + request.body;
        if (respond) respond(request, answer.response);
        return answer;
    }
};

class Served;

/// One end of a connection.
class Peer {
  public:
    Peer(Served& served, int socket) : served_{served}, socket_{socket} {}
    ~Peer() { hang_up(); }
    Peer(Peer&& other) noexcept
        : served_{other.served_},
          socket_{std::exchange(other.socket_, -1)},
          received_{std::move(other.received_)},
          ended_{other.ended_} {}
    Peer(const Peer&) = delete;
    Peer& operator=(const Peer&) = delete;

    /// All of it, whatever the server is doing.
    void send(std::string_view text);
    /// What has come until it has `size` bytes; fewer when the server ends the connection before.
    std::string receive(std::size_t size);
    /// The next whole answer that has a `Content-Length`, or none.
    std::string receive_answer(bool with_content = true);
    /// Until the server ends the connection.
    std::string receive_all() { return receive(SIZE_MAX); }
    /// What has come by now and was not received.
    const std::string& received_so_far();
    bool ended();

    void say_no_more() { ::shutdown(socket_, SHUT_WR); }
    void hang_up() {
        if (socket_ >= 0) ::close(std::exchange(socket_, -1));
    }

  private:
    void look();

    Served& served_;
    int socket_;
    std::string received_;
    bool ended_ = false;
};

class Served {
  public:
    explicit Served(http::ServerOptions options = {})
        : limits{std::make_shared<http::ServerLimits>(options, metrics)},
          server{std::make_unique<http::Server>(context, service, std::move(options), limits, metrics)} {}
    /// What works on an answer ends before the server does, as in the service.
    ~Served() {
        service.released = true;
        server->drain();
        server->cut();
        EXPECT_TRUE(run_until([this] { return server->idle(); }));
    }

    /// A connection over a pair of sockets, from `address`.
    Peer connect(const char* address = "192.0.2.1") {
        int pair[2];
        if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair) != 0) throw TooSlow{};
        server->welcome(pair[0], boost::asio::ip::make_address(address));
        return Peer{*this, pair[1]};
    }

    /// Runs the server until the condition holds; false when it does not within the patience.
    bool run_until(const std::function<bool()>& condition) {
        const auto end = std::chrono::steady_clock::now() + kPatience;
        while (!condition()) {
            if (std::chrono::steady_clock::now() > end) return false;
            context.run_one_for(std::chrono::milliseconds{1});
        }
        return true;
    }
    /// Lets it do what it can do without waiting.
    void settle() {
        while (context.poll() > 0) {
        }
    }

    boost::asio::io_context context{1};
    EchoService service;
    base::Metrics metrics;
    std::shared_ptr<http::ServerLimits> limits;
    std::unique_ptr<http::Server> server;
};

inline void Peer::look() {
    char buffer[65536];
    while (!ended_) {
        const ssize_t size = ::recv(socket_, buffer, sizeof buffer, 0);
        if (size < 0 && (errno == EAGAIN || errno == EINTR)) return;
        if (size <= 0) ended_ = true;
        if (size > 0) received_.append(buffer, static_cast<std::size_t>(size));
    }
}

inline void Peer::send(std::string_view text) {
    EXPECT_TRUE(served_.run_until([&] {
        while (!text.empty()) {
            const ssize_t size = ::send(socket_, text.data(), text.size(), MSG_NOSIGNAL);
            if (size < 0) return errno != EAGAIN;
            text.remove_prefix(static_cast<std::size_t>(size));
        }
        return true;
    }));
}

inline std::string Peer::receive(std::size_t size) {
    EXPECT_TRUE(served_.run_until([&] {
        look();
        return ended_ || received_.size() >= size;
    }));
    std::string taken = received_.substr(0, size);
    received_.erase(0, taken.size());
    return taken;
}

inline std::string Peer::receive_answer(bool with_content) {
    std::size_t size = 0;
    EXPECT_TRUE(served_.run_until([&] {
        look();
        const std::size_t end = received_.find("\r\n\r\n");
        if (end == std::string::npos) return ended_;
        const std::size_t field = received_.find("Content-Length: ");
        const bool has_length = with_content && field < end;
        size = end + 4 + (has_length ? std::stoul(received_.substr(field + 16, 20)) : 0);
        return ended_ || received_.size() >= size;
    }));
    return receive(size);
}

inline const std::string& Peer::received_so_far() {
    served_.settle();
    look();
    return received_;
}

inline bool Peer::ended() {
    return served_.run_until([&] {
        look();
        return ended_;
    });
}

}  // namespace snippetd::test
