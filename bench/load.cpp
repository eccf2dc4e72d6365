// The load generator: one thread, one epoll set, keep-alive connections with one request in flight on each,
// so that the number of connections is the concurrency (as with pgbench's clients). It prints one line of
// JSON about what came back.
//
//   load hot PORT CONNECTIONS SECONDS PATH
//       the same GET for SECONDS; has a core to itself and never sleeps
//   load read PORT CONNECTIONS SECONDS PATH
//       the same, sleeping while it waits
//   load once PORT CONNECTIONS FIRST_ID COUNT
//       GET /s/ID once for each of COUNT ids in a scattered order
//   load create PORT CONNECTIONS SECONDS TOKEN BODY
//       POST /snippets for SECONDS, a fresh Idempotency-Key each; BODY is the file with the JSON to send
//   load --slices SLICE MODE …
//       before that line, one about each SLICE seconds: the answers that arrived in it, and when it ended (the
//       monotonic clock, in seconds)
//
// "once" is why this is not a script for wrk: wrk's threads stop on a clock, so they read some ids twice or
// never. FIRST_ID is a decimal number; the ids are FIRST_ID, FIRST_ID+1, … with all their digits, as
// lib/rows.py makes them. The pgbench scripts walk the ids with the same stride: the n-th is FIRST_ID + (n ×
// kStride) mod COUNT.
//
// "hot" polls instead of sleeping because a server that writes to a sleeping peer pays for waking it: several
// microseconds in a virtual machine, and the more of them the slower the server is, so that a fast generator
// would make a slow server look slower than it is. The other modes share their cores with the server and the
// database, so they sleep.

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <functional>
#include <iterator>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::uint64_t kStride =
    38'197;  // a prime, so that the walk meets every id of any count that it does not divide
constexpr int kEventsMax = 512;
constexpr std::size_t kReadSize = 64 * 1024;
constexpr std::chrono::seconds kSilenceMax{10};

[[noreturn]] void fail(const std::string& what) {
    std::fprintf(stderr, "load: %s\n", what.c_str());
    std::exit(1);
}

enum class Waiting { sleep, poll };

// Puts the next request into its argument; false when there are no more.
using NextRequest = std::function<bool(std::string&)>;

struct Connection {
    int socket = -1;
    std::string received;
    std::size_t response_bytes = 0;  // of the response being received, header section included; 0: not known yet
    int status = 0;
    Clock::time_point sent_at;
    bool busy = false;
};

std::optional<std::string_view> header_value(std::string_view headers, std::string_view name) {
    for (std::size_t line = headers.find("\r\n"); line != std::string_view::npos; line = headers.find("\r\n", line)) {
        line += 2;
        if (headers.size() <= line + name.size() || headers[line + name.size()] != ':') continue;
        if (::strncasecmp(headers.data() + line, name.data(), name.size()) != 0) continue;
        std::size_t begin = headers.find_first_not_of(' ', line + name.size() + 1);
        return headers.substr(begin, headers.find("\r\n", begin) - begin);
    }
    return std::nullopt;
}

class Load {
  public:
    Load(std::uint16_t port, std::size_t connections, NextRequest next, Waiting waiting)
        : next_(std::move(next)), connections_(connections), waiting_(waiting) {
        epoll_ = ::epoll_create1(EPOLL_CLOEXEC);
        for (std::size_t i = 0; i < connections; ++i) connect(i, port);
        latencies_us_.reserve(1'000'000);
    }

    /// slice: a line is printed about each interval of this length, as long as there are requests to send; 0: none.
    void run(Clock::duration slice) {
        Clock::time_point start = Clock::now();
        slice_ = slice;
        slice_start_ = start;
        for (Connection& connection : connections_) send_next(connection);
        std::array<epoll_event, kEventsMax> events;
        Clock::time_point last_answer = start;
        while (busy_ > 0) {
            int ready = ::epoll_wait(epoll_, events.data(), kEventsMax, wait_ms());
            Clock::time_point now = Clock::now();
            if (slice_ != slice_.zero() && now >= slice_start_ + slice_) end_slice(now);
            if (ready > 0) last_answer = now;
            if (now - last_answer > kSilenceMax) fail("no answer in 10 s");
            for (int i = 0; i < ready; ++i) receive(connections_[events[i].data.u64]);
        }
        seconds_ = std::chrono::duration<double>(Clock::now() - start).count();
    }

    void print() {
        std::printf(R"({"requests": %zu, "seconds": %.6f, "bytes": %llu, "hits": %llu, "misses": %llu, )",
                    latencies_us_.size(), seconds_, static_cast<unsigned long long>(bytes_),
                    static_cast<unsigned long long>(hits_), static_cast<unsigned long long>(misses_));
        print_latencies_and_statuses(latencies_us_.begin(), statuses_);
    }

  private:
    using Latencies = std::vector<std::uint32_t>;
    using Statuses = std::map<int, std::uint64_t>;

    int wait_ms() const {
        if (waiting_ == Waiting::poll) return 0;
        if (slice_ == slice_.zero()) return 1000;
        auto left = std::chrono::ceil<std::chrono::milliseconds>(slice_start_ + slice_ - Clock::now());
        return static_cast<int>(std::clamp<std::int64_t>(left.count(), 0, 1000));
    }

    void end_slice(Clock::time_point now) {
        Statuses statuses = statuses_;
        for (auto [status, count] : slice_statuses_before_) statuses[status] -= count;
        std::erase_if(statuses, [](const auto& each) { return each.second == 0; });
        std::printf(R"({"at": %.6f, "seconds": %.6f, "requests": %zu, )",
                    std::chrono::duration<double>(now.time_since_epoch()).count(),
                    std::chrono::duration<double>(now - slice_start_).count(), latencies_us_.size() - slice_first_);
        print_latencies_and_statuses(latencies_us_.begin() + static_cast<std::ptrdiff_t>(slice_first_), statuses);
        std::fflush(stdout);
        slice_start_ = now;
        slice_first_ = latencies_us_.size();
        slice_statuses_before_ = statuses_;
    }

    /// What is still answered after the last request is in no slice: it says nothing about the rate.
    void end_slices() {
        Clock::time_point now = Clock::now();
        if (slice_ != slice_.zero() && now >= slice_start_ + slice_ / 2) end_slice(now);
        slice_ = slice_.zero();
    }

    /// `first` is the first of the latencies that count. They are reordered.
    void print_latencies_and_statuses(Latencies::iterator first, const Statuses& statuses) {
        std::printf(R"("latency_us": {"p50": %u, "p99": %u}, "status": {)", percentile(first, 0.50),
                    percentile(first, 0.99));
        const char* separator = "";
        for (auto [status, count] : statuses) {
            std::printf("%s\"%d\": %llu", separator, status, static_cast<unsigned long long>(count));
            separator = ", ";
        }
        std::printf("}}\n");
    }

    void connect(std::size_t index, std::uint16_t port) {
        int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        int on = 1;
        ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(port);
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        if (::connect(socket, reinterpret_cast<sockaddr*>(&address), sizeof address) < 0)
            fail(std::string("connect: ") + std::strerror(errno));
        connections_[index].socket = socket;
        epoll_event event{};
        event.events = EPOLLIN;
        event.data.u64 = index;
        if (::epoll_ctl(epoll_, EPOLL_CTL_ADD, socket, &event) < 0) fail("epoll_ctl");
    }

    // The sockets block: a request of a few KB always fits into an empty send buffer.
    void send_next(Connection& connection) {
        if (!next_(request_)) {
            end_slices();
            return;
        }
        connection.sent_at = Clock::now();
        connection.busy = true;
        ++busy_;
        if (::send(connection.socket, request_.data(), request_.size(), MSG_NOSIGNAL) !=
            static_cast<ssize_t>(request_.size()))
            fail("the server does not take the request");
    }

    void receive(Connection& connection) {
        ssize_t got = ::recv(connection.socket, buffer_.data(), buffer_.size(), MSG_DONTWAIT);
        if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
        if (got <= 0) fail("the server closed a connection");
        if (!connection.busy) fail("bytes after the end of a response");

        std::string_view input{buffer_.data(), static_cast<std::size_t>(got)};
        if (!connection.received.empty()) {
            connection.received.append(input);
            input = connection.received;
        }
        if (connection.response_bytes == 0) read_header_section(connection, input);
        if (connection.response_bytes == 0 || input.size() < connection.response_bytes) {
            if (connection.received.empty()) connection.received.assign(input);
            return;
        }
        if (input.size() > connection.response_bytes) fail("bytes after the end of a response");
        finish(connection);
        send_next(connection);
    }

    void read_header_section(Connection& connection, std::string_view input) {
        std::size_t end = input.find("\r\n\r\n");
        if (end == std::string_view::npos) return;
        std::string_view headers = input.substr(0, end + 2);
        if (!headers.starts_with("HTTP/1.1 ")) fail("not an HTTP/1.1 response");
        connection.status = std::atoi(headers.data() + 9);
        std::optional<std::string_view> length = header_value(headers, "Content-Length");
        std::size_t body_bytes = 0;
        if (!length || std::from_chars(length->data(), length->data() + length->size(), body_bytes).ec != std::errc{})
            fail("a response without Content-Length");
        connection.response_bytes = end + 4 + body_bytes;
        if (auto cache_status = header_value(headers, "Cache-Status")) {
            if (cache_status->find("fwd=miss") != std::string_view::npos) ++misses_;
            if (cache_status->find("; hit") != std::string_view::npos) ++hits_;
        }
    }

    void finish(Connection& connection) {
        auto took = std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - connection.sent_at);
        latencies_us_.push_back(static_cast<std::uint32_t>(took.count()));
        ++statuses_[connection.status];
        bytes_ += connection.response_bytes;
        connection.received.clear();
        connection.response_bytes = 0;
        connection.busy = false;
        --busy_;
    }

    std::uint32_t percentile(Latencies::iterator first, double fraction) {
        if (first == latencies_us_.end()) return 0;
        auto last = static_cast<double>(latencies_us_.end() - first - 1);
        auto nth = first + static_cast<std::ptrdiff_t>(fraction * last);
        std::nth_element(first, nth, latencies_us_.end());
        return *nth;
    }

    NextRequest next_;
    std::vector<Connection> connections_;
    Waiting waiting_;
    int epoll_ = -1;
    std::size_t busy_ = 0;
    std::string request_;
    std::array<char, kReadSize> buffer_;
    double seconds_ = 0;
    std::uint64_t bytes_ = 0;
    std::uint64_t hits_ = 0;
    std::uint64_t misses_ = 0;
    Statuses statuses_;
    Latencies latencies_us_;
    Clock::duration slice_{};
    Clock::time_point slice_start_;
    std::size_t slice_first_ = 0;  // of latencies_us_
    Statuses slice_statuses_before_;
};

std::string get_request(const std::string& path, const std::string& accept = {}) {
    const std::string fields = accept.empty() ? "" : "Accept: " + accept + "\r\nAccept-Encoding: gzip, br\r\n";
    return "GET " + path + " HTTP/1.1\r\nHost: 127.0.0.1\r\n" + fields + "\r\n";
}

NextRequest until(Clock::time_point end, NextRequest next) {
    return [end, next = std::move(next)](std::string& out) { return Clock::now() < end && next(out); };
}

NextRequest same_requests(const std::string& path, const std::string& accept) {
    return [request = get_request(path, accept)](std::string& out) {
        if (out != request) out = request;
        return true;
    };
}

NextRequest requests_once_each(std::uint64_t first_id, std::uint64_t count) {
    if (count % kStride == 0) fail("COUNT must not be a multiple of " + std::to_string(kStride));
    return [first_id, count, n = std::uint64_t{0}](std::string& out) mutable {
        if (n == count) return false;
        out = get_request("/s/" + std::to_string(first_id + n++ * kStride % count));
        return true;
    };
}

NextRequest create_requests(const std::string& token, const std::string& body_path) {
    std::ifstream file(body_path, std::ios::binary);
    std::string body{std::istreambuf_iterator<char>(file), {}};
    if (body.empty()) fail("no body in " + body_path);
    std::string before = "POST /snippets HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer " + token +
                         "\r\nContent-Type: application/json\r\nContent-Length: " + std::to_string(body.size()) +
                         "\r\nIdempotency-Key: bench-" + std::to_string(std::random_device{}()) + "-";
    std::string after = "\r\n\r\n" + body;
    return [before, after, n = std::uint64_t{0}](std::string& out) mutable {
        out = before + std::to_string(n++) + after;
        return true;
    };
}

Clock::duration duration_of(const char* seconds) {
    return std::chrono::microseconds(static_cast<std::int64_t>(std::atof(seconds) * 1e6));
}

}  // namespace

int main(int argc, char** argv) {
    Clock::duration slice{};
    if (argc > 2 && std::string_view(argv[1]) == "--slices") {
        slice = duration_of(argv[2]);
        argc -= 2;
        argv += 2;
    }
    std::string_view mode = argc > 1 ? argv[1] : "";
    NextRequest next;
    Waiting waiting = Waiting::sleep;
    if ((mode == "hot" || mode == "read") && (argc == 6 || argc == 7)) {
        if (mode == "hot") waiting = Waiting::poll;
        next = until(Clock::now() + duration_of(argv[4]), same_requests(argv[5], argc == 7 ? argv[6] : ""));
    } else if (mode == "once" && argc == 6) {
        next = requests_once_each(std::strtoull(argv[4], nullptr, 10), std::strtoull(argv[5], nullptr, 10));
    } else if (mode == "create" && argc == 7) {
        next = until(Clock::now() + duration_of(argv[4]), create_requests(argv[5], argv[6]));
    } else {
        std::fprintf(stderr,
                     "usage: load [--slices SECONDS] hot|read PORT CONNECTIONS SECONDS PATH [ACCEPT]\n"
                     "       load [--slices SECONDS] once PORT CONNECTIONS FIRST_ID COUNT\n"
                     "       load [--slices SECONDS] create PORT CONNECTIONS SECONDS TOKEN BODY_FILE\n");
        return 2;
    }
    Load load(static_cast<std::uint16_t>(std::atoi(argv[2])), static_cast<std::size_t>(std::atoi(argv[3])), next,
              waiting);
    load.run(slice);
    load.print();
}
