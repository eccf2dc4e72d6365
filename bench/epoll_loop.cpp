// The floor of what a single-threaded HTTP server costs: one epoll set, one read and one write for whatever
// requests a read brought, no routing, no headers looked at, no allocation per request. What snippetd spends
// above it is what its HTTP layer, cache, counters and log cost.
//
//   epoll_loop PORT RESPONSE_FILE
//
// RESPONSE_FILE holds the complete response, status line and headers included. It answers each request (each
// blank line that ends a header section) with those bytes; a request with a body is outside what it
// understands. It listens on 127.0.0.1 and runs until it is told to end.

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace {

constexpr std::size_t kReadSize = 16 * 1024;
constexpr std::size_t kUnfinishedBytesMax = 64 * 1024;
constexpr int kEventsMax = 512;
constexpr std::string_view kEndOfHeaders = "\r\n\r\n";

struct Connection {
    int socket;
    std::string unfinished;  // the start of a request whose end has not arrived
    std::string unsent;      // what the socket did not take
    bool waits_to_write = false;
};

[[noreturn]] void fail(const char* what) {
    std::perror(what);
    std::exit(1);
}

int listen_on(std::uint16_t port) {
    int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (listener < 0) fail("socket");
    int on = 1;
    ::setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::bind(listener, reinterpret_cast<sockaddr*>(&address), sizeof address) < 0) fail("bind");
    if (::listen(listener, SOMAXCONN) < 0) fail("listen");
    return listener;
}

// How many requests end in `input`; `rest` becomes what follows the last of them.
std::size_t count_requests(std::string_view input, std::string_view& rest) {
    std::size_t count = 0;
    std::size_t begin = 0;
    for (std::size_t end; (end = input.find(kEndOfHeaders, begin)) != std::string_view::npos; ++count)
        begin = end + kEndOfHeaders.size();
    rest = input.substr(begin);
    return count;
}

class Loop {
  public:
    Loop(int listener, std::string response) : listener_(listener), response_(std::move(response)) {
        epoll_ = ::epoll_create1(EPOLL_CLOEXEC);
        if (epoll_ < 0) fail("epoll_create1");
        epoll_event event{};
        event.events = EPOLLIN;
        event.data.fd = listener_;
        if (::epoll_ctl(epoll_, EPOLL_CTL_ADD, listener_, &event) < 0) fail("epoll_ctl");
    }

    [[noreturn]] void run() {
        std::array<epoll_event, kEventsMax> events;
        for (;;) {
            int ready = ::epoll_wait(epoll_, events.data(), kEventsMax, -1);
            if (ready < 0 && errno != EINTR) fail("epoll_wait");
            for (int i = 0; i < ready; ++i) {
                if (events[i].data.fd == listener_) {
                    accept_all();
                    continue;
                }
                Connection& connection = *connections_[events[i].data.fd];
                bool open = (events[i].events & EPOLLOUT) ? send_unsent(connection) : answer(connection);
                if (!open) close(connection);
            }
        }
    }

  private:
    void accept_all() {
        for (;;) {
            int socket = ::accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
            if (socket < 0) return;
            int on = 1;
            ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
            if (connections_.size() <= static_cast<std::size_t>(socket)) connections_.resize(socket + 1);
            connections_[socket] = std::make_unique<Connection>(Connection{socket, {}, {}});
            epoll_event event{};
            event.events = EPOLLIN;
            event.data.fd = socket;
            if (::epoll_ctl(epoll_, EPOLL_CTL_ADD, socket, &event) < 0) fail("epoll_ctl");
        }
    }

    // Reads once and answers every request that is complete. False when the connection is over.
    bool answer(Connection& connection) {
        ssize_t received = ::read(connection.socket, buffer_.data(), buffer_.size());
        if (received == 0) return false;
        if (received < 0) return errno == EAGAIN || errno == EINTR;

        std::string_view input{buffer_.data(), static_cast<std::size_t>(received)};
        if (!connection.unfinished.empty()) {
            connection.unfinished.append(input);
            input = connection.unfinished;
        }
        std::string_view rest;
        std::size_t requests = count_requests(input, rest);
        if (rest.size() > kUnfinishedBytesMax) return false;
        // `rest` may be a part of `unfinished`, so it is copied before that is replaced.
        if (!rest.empty() || !connection.unfinished.empty()) connection.unfinished = std::string(rest);

        if (requests == 1) return send(connection, response_);
        if (requests == 0) return true;
        repeated_.clear();
        for (std::size_t i = 0; i < requests; ++i) repeated_ += response_;
        return send(connection, repeated_);
    }

    bool send(Connection& connection, std::string_view bytes) {
        ssize_t sent = ::send(connection.socket, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (sent < 0 && errno != EAGAIN && errno != EINTR) return false;
        std::size_t done = sent < 0 ? 0 : static_cast<std::size_t>(sent);
        if (done == bytes.size()) return true;
        connection.unsent.assign(bytes.substr(done));
        return wait_for(connection, EPOLLOUT);  // and read no more until the peer has taken this
    }

    bool send_unsent(Connection& connection) {
        std::string bytes = std::move(connection.unsent);
        connection.unsent.clear();
        if (!send(connection, bytes)) return false;
        return !connection.unsent.empty() || wait_for(connection, EPOLLIN);
    }

    bool wait_for(Connection& connection, std::uint32_t what) {
        if (connection.waits_to_write == (what == EPOLLOUT)) return true;
        connection.waits_to_write = what == EPOLLOUT;
        epoll_event event{};
        event.events = what;
        event.data.fd = connection.socket;
        return ::epoll_ctl(epoll_, EPOLL_CTL_MOD, connection.socket, &event) == 0;
    }

    void close(Connection& connection) {
        int socket = connection.socket;
        ::close(socket);
        connections_[socket].reset();
    }

    int listener_;
    int epoll_;
    std::string response_;
    std::string repeated_;
    std::array<char, kReadSize> buffer_;
    std::vector<std::unique_ptr<Connection>> connections_;  // by file descriptor
};

}  // namespace

int main(int argc, char** argv) {
    if (argc != 3) {
        std::fprintf(stderr, "usage: epoll_loop PORT RESPONSE_FILE\n");
        return 2;
    }
    std::ifstream file(argv[2], std::ios::binary);
    std::string response{std::istreambuf_iterator<char>(file), {}};
    if (response.empty()) {
        std::fprintf(stderr, "epoll_loop: no response in %s\n", argv[2]);
        return 2;
    }
    ::signal(SIGPIPE, SIG_IGN);
    auto loop = std::make_unique<Loop>(listen_on(static_cast<std::uint16_t>(std::atoi(argv[1]))), std::move(response));
    loop->run();
}
