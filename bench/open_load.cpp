// The open-loop load generator: requests come at their own pace and do not wait for answers, as people do. One
// thread, one epoll set, keep-alive connections with one request in flight on each. It prints one line of JSON.
//
//   open_load PORT SECONDS RATE CONNECTIONS SOURCE REQUESTS
//       RATE requests a second (exponentially distributed gaps, the same ones each time) for SECONDS, from the
//       address SOURCE of 127.0.0.0/8; REQUESTS is a file of requests, each after a line with its length in bytes,
//       which are sent in turn, again and again. RATE 0: as fast as CONNECTIONS are answered, for the capacity.
//
// A request takes the time from the moment when it was to be sent, so what waits for a connection is counted, too
// (Gil Tene calls leaving it out "coordinated omission"). When all connections wait for an answer it is counted as
// unsent. Of the first fifth of the time nothing is counted.

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
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
#include <time.h>
#include <unistd.h>

namespace {

using Clock = std::chrono::steady_clock;

constexpr int kEventsMax = 512;
constexpr std::size_t kReadSize = 256 * 1024;
constexpr std::chrono::seconds kPatience{3};  // for the last answers

[[noreturn]] void fail(const std::string& what) {
    std::fprintf(stderr, "open_load: %s\n", what.c_str());
    std::exit(1);
}

struct Options {
    std::uint16_t port = 0;
    Clock::duration duration{};
    double rate = 0;
    std::size_t connections = 0;
    in_addr source{};
    std::vector<std::string> requests;
};

struct Connection {
    int socket = -1;
    std::string received;
    std::size_t response_bytes = 0;  // of the response being received, header section included; 0: not known yet
    int status = 0;
    Clock::time_point due;  // when the request was to be sent
    bool busy = false;
};

/// What came of the requests of one kind of answer.
struct Answers {
    std::vector<std::uint32_t> latencies_us;

    std::uint32_t percentile(double fraction) {
        if (latencies_us.empty()) return 0;
        const auto nth =
            latencies_us.begin() + static_cast<std::ptrdiff_t>(fraction * static_cast<double>(latencies_us.size() - 1));
        std::nth_element(latencies_us.begin(), nth, latencies_us.end());
        return *nth;
    }
    void print(const char* name) {
        std::printf(R"("%s": {"count": %zu, "p50_us": %u, "p99_us": %u}, )", name, latencies_us.size(),
                    percentile(0.50), percentile(0.99));
    }
};

class OpenLoad {
  public:
    explicit OpenLoad(Options options) : options_{std::move(options)}, connections_(options_.connections) {
        epoll_ = ::epoll_create1(EPOLL_CLOEXEC);
        for (std::size_t i = 0; i < connections_.size(); ++i) {
            connect(i);
            idle_.push_back(i);
        }
    }

    void run() {
        start_ = Clock::now();
        counted_from_ = start_ + options_.duration / 5;
        const Clock::time_point end = start_ + options_.duration;
        due_ = start_;
        std::array<epoll_event, kEventsMax> events;
        for (Clock::time_point now = start_; now < end || (busy_ > 0 && now < end + kPatience); now = Clock::now()) {
            if (now < end) send_what_is_due(now);
            const int ready = wait(events, now < end ? next_arrival(now) : now + std::chrono::milliseconds{10});
            for (int i = 0; i < ready; ++i) receive(events[i].data.u64);
        }
        seconds_ = std::chrono::duration<double>(end - counted_from_).count();
    }

    void print() {
        std::printf(R"({"seconds": %.3f, )", seconds_);
        admitted_.print("admitted");
        refused_.print("refused");
        std::printf(R"("other": %llu, "unsent": %llu, "unanswered": %zu, "closed": %llu})"
                    "\n",
                    static_cast<unsigned long long>(other_), static_cast<unsigned long long>(unsent_), busy_,
                    static_cast<unsigned long long>(closed_));
    }

  private:
    bool is_open() const { return options_.rate > 0; }

    Clock::time_point next_arrival(Clock::time_point now) const {
        return is_open() ? due_ : now + std::chrono::milliseconds{10};
    }

    int wait(std::array<epoll_event, kEventsMax>& events, Clock::time_point until) {
        const auto left = std::max<std::int64_t>(
            0, std::chrono::duration_cast<std::chrono::nanoseconds>(until - Clock::now()).count());
        timespec timeout{};
        timeout.tv_sec = left / 1'000'000'000;
        timeout.tv_nsec = left % 1'000'000'000;
        return ::epoll_pwait2(epoll_, events.data(), kEventsMax, &timeout, nullptr);
    }

    void send_what_is_due(Clock::time_point now) {
        if (!is_open()) {
            while (!idle_.empty()) send(now);
            return;
        }
        while (due_ <= now) {
            if (idle_.empty()) {
                if (due_ >= counted_from_) ++unsent_;
            } else {
                send(due_);
            }
            due_ += std::chrono::nanoseconds{static_cast<std::int64_t>(gap_(random_) / options_.rate * 1e9)};
        }
    }

    void connect(std::size_t index) {
        const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        const int on = 1;
        ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        ::setsockopt(socket, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr = options_.source;
        if (::bind(socket, reinterpret_cast<sockaddr*>(&address), sizeof address) < 0) fail("bind");
        address.sin_port = htons(options_.port);
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        if (::connect(socket, reinterpret_cast<sockaddr*>(&address), sizeof address) < 0)
            fail(std::string("connect: ") + std::strerror(errno));
        connections_[index] = Connection{};
        connections_[index].socket = socket;
        epoll_event event{};
        event.events = EPOLLIN;
        event.data.u64 = index;
        if (::epoll_ctl(epoll_, EPOLL_CTL_ADD, socket, &event) < 0) fail("epoll_ctl");
    }

    // The sockets block: a request of some KB always fits into an empty send buffer.
    void send(Clock::time_point due) {
        const std::size_t index = idle_.back();
        idle_.pop_back();
        Connection& connection = connections_[index];
        const std::string& request = options_.requests[next_++ % options_.requests.size()];
        connection.due = due;
        connection.busy = true;
        ++busy_;
        if (::send(connection.socket, request.data(), request.size(), MSG_NOSIGNAL) !=
            static_cast<ssize_t>(request.size()))
            reopen(index);
    }

    void reopen(std::size_t index) {
        ++closed_;
        if (connections_[index].busy) --busy_;
        const bool was_idle = !connections_[index].busy;
        ::close(connections_[index].socket);
        connect(index);
        if (!was_idle) idle_.push_back(index);
    }

    void receive(std::size_t index) {
        Connection& connection = connections_[index];
        const ssize_t got = ::recv(connection.socket, buffer_.data(), buffer_.size(), MSG_DONTWAIT);
        if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
        if (got <= 0) return reopen(index);
        if (!connection.busy) return reopen(index);  // it says why it closes
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
        finish(connection);
        idle_.push_back(index);
    }

    static void read_header_section(Connection& connection, std::string_view input) {
        const std::size_t end = input.find("\r\n\r\n");
        if (end == std::string_view::npos) return;
        const std::string_view headers = input.substr(0, end + 2);
        connection.status = std::atoi(headers.data() + std::strlen("HTTP/1.1 "));
        std::size_t body_bytes = 0;
        for (std::size_t line = headers.find("\r\n"); line != std::string_view::npos;
             line = headers.find("\r\n", line)) {
            line += 2;
            constexpr std::string_view kName = "Content-Length:";
            if (headers.size() <= line + kName.size() ||
                ::strncasecmp(headers.data() + line, kName.data(), kName.size()) != 0)
                continue;
            const std::size_t begin = headers.find_first_not_of(' ', line + kName.size());
            std::from_chars(headers.data() + begin, headers.data() + headers.size(), body_bytes);
        }
        connection.response_bytes = end + 4 + body_bytes;
    }

    void finish(Connection& connection) {
        if (connection.due >= counted_from_) {
            const auto took = std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - connection.due);
            const auto us = static_cast<std::uint32_t>(took.count());
            if (connection.status / 100 == 2) {
                admitted_.latencies_us.push_back(us);
            } else if (connection.status == 429 || connection.status == 503) {
                refused_.latencies_us.push_back(us);
            } else {
                ++other_;
            }
        }
        connection.received.clear();
        connection.response_bytes = 0;
        connection.busy = false;
        --busy_;
    }

    Options options_;
    std::vector<Connection> connections_;
    std::vector<std::size_t> idle_;
    int epoll_ = -1;
    std::size_t busy_ = 0, next_ = 0;
    std::array<char, kReadSize> buffer_;
    std::mt19937_64 random_{1};
    std::exponential_distribution<double> gap_{1.0};
    Clock::time_point start_, counted_from_, due_;
    double seconds_ = 0;
    Answers admitted_, refused_;
    std::uint64_t other_ = 0, unsent_ = 0, closed_ = 0;
};

std::vector<std::string> read_requests(const char* path) {
    std::ifstream file(path, std::ios::binary);
    std::vector<std::string> requests;
    std::string length;
    while (std::getline(file, length)) {
        std::string request(std::strtoull(length.c_str(), nullptr, 10), '\0');
        if (!file.read(request.data(), static_cast<std::streamsize>(request.size()))) fail("a torn request");
        requests.push_back(std::move(request));
    }
    if (requests.empty()) fail(std::string("no requests in ") + path);
    return requests;
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 7) fail("usage: open_load PORT SECONDS RATE CONNECTIONS SOURCE REQUESTS");
    Options options;
    options.port = static_cast<std::uint16_t>(std::atoi(argv[1]));
    options.duration = std::chrono::microseconds(static_cast<std::int64_t>(std::atof(argv[2]) * 1e6));
    options.rate = std::atof(argv[3]);
    options.connections = std::strtoull(argv[4], nullptr, 10);
    if (::inet_pton(AF_INET, argv[5], &options.source) != 1) fail("SOURCE is no IPv4 address");
    options.requests = read_requests(argv[6]);
    static OpenLoad load{std::move(options)};
    load.run();
    load.print();
}
