#pragma once

#include "support/run.hpp"

#include <condition_variable>
#include <functional>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

namespace snippetd::test {

/// A server on 127.0.0.1 that takes one request per connection, keeps it, and answers with the status that it is told
/// to.
class HttpListener {
  public:
    struct Request {
        std::string head;
        std::string body;
    };

    static constexpr int kHangUp = 0;

    /// `status` gets the number of the request, from 0, and gives what to answer it with, or `kHangUp`.
    explicit HttpListener(std::function<int(std::size_t)> status) : status_{std::move(status)} {
        socket_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof address;
        if (bind(socket_, reinterpret_cast<sockaddr*>(&address), size) != 0 || listen(socket_, 100) != 0 ||
            getsockname(socket_, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
            throw std::runtime_error{"cannot listen on 127.0.0.1"};
        }
        port_ = ntohs(address.sin_port);
        thread_ = std::thread{[this] { serve(); }};
    }
    ~HttpListener() {
        shutdown(socket_, SHUT_RDWR);  // ends the accept
        thread_.join();
        close(socket_);
    }
    HttpListener(const HttpListener&) = delete;
    HttpListener& operator=(const HttpListener&) = delete;

    std::string url(const std::string& path) const { return "http://127.0.0.1:" + std::to_string(port_) + path; }

    /// The first `count` requests, once so many have been answered.
    std::vector<Request> wait_for(std::size_t count) {
        std::unique_lock lock{mutex_};
        if (!changed_.wait_for(lock, kPatience, [&] { return requests_.size() >= count; })) throw TooSlow{};
        return requests_;
    }
    std::size_t count() {
        const std::lock_guard lock{mutex_};
        return requests_.size();
    }

  private:
    void serve() {
        for (std::size_t number = 0;; ++number) {
            const int client = accept4(socket_, nullptr, nullptr, SOCK_CLOEXEC);
            if (client < 0) return;
            Request request = read_request(client);
            const int status = status_(number);
            const std::string answer =
                "HTTP/1.1 " + std::to_string(status) + " Whatever\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok";
            if (status != kHangUp) send(client, answer.data(), answer.size(), MSG_NOSIGNAL);
            close(client);
            const std::lock_guard lock{mutex_};
            requests_.push_back(std::move(request));
            changed_.notify_all();
        }
    }

    static Request read_request(int client) {
        std::string bytes;
        std::size_t head_end = std::string::npos, length = 0;
        while (head_end == std::string::npos || bytes.size() < head_end + 4 + length) {
            char buffer[4096];
            const ssize_t received = recv(client, buffer, sizeof buffer, 0);
            if (received <= 0) break;
            bytes.append(buffer, static_cast<std::size_t>(received));
            head_end = bytes.find("\r\n\r\n");
            const std::size_t field = bytes.find("Content-Length: ");
            if (head_end != std::string::npos && field < head_end) length = std::stoul(bytes.substr(field + 16));
        }
        if (head_end == std::string::npos) return {bytes, ""};
        return {bytes.substr(0, head_end + 2), bytes.substr(head_end + 4)};
    }

    std::function<int(std::size_t)> status_;
    int socket_ = -1;
    int port_ = 0;
    std::mutex mutex_;
    std::condition_variable changed_;
    std::vector<Request> requests_;
    std::thread thread_;
};

}  // namespace snippetd::test
