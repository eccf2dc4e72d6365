#include "http/poller.hpp"

#include "base/turn.hpp"

#include <array>
#include <cerrno>
#include <system_error>

#include <sys/epoll.h>

namespace snippetd::http {

namespace {

int make_epoll() {
    const int descriptor = epoll_create1(EPOLL_CLOEXEC);
    if (descriptor < 0) throw std::system_error{errno, std::generic_category(), "epoll_create1"};
    return descriptor;
}

}  // namespace

Poller::Poller(boost::asio::io_context& context, std::function<void()> after_batch)
    : epoll_{context, make_epoll()}, after_batch_{std::move(after_batch)} {}

Poller::~Poller() = default;

void Poller::start() {
    wait();
}

bool Poller::add(int descriptor, Client& client) {
    epoll_event event{};
    event.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
    event.data.ptr = &client;
    return epoll_ctl(epoll_.native_handle(), EPOLL_CTL_ADD, descriptor, &event) == 0;
}

void Poller::wait() {
    epoll_.async_wait(boost::asio::posix::descriptor_base::wait_read, [this](boost::system::error_code error) {
        if (error) return;
        dispatch();
        wait();
    });
}

void Poller::dispatch() {
    const base::Turn turn;
    std::array<epoll_event, kEventsMax> events;
    const int count = epoll_wait(epoll_.native_handle(), events.data(), kEventsMax, 0);
    for (int i = 0; i < count; ++i)
        static_cast<Client*>(events[static_cast<std::size_t>(i)].data.ptr)
            ->on_ready(events[static_cast<std::size_t>(i)].events);
    after_batch_();
}

}  // namespace snippetd::http
