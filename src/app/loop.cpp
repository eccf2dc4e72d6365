#include "app/loop.hpp"

#include "base/log.hpp"

#include <exception>
#include <utility>

#include <boost/asio/post.hpp>

namespace snippetd::app {

Loop::~Loop() = default;

void Loop::start(std::function<void()> first) {
    thread_ = std::thread{[this, first = std::move(first)] { run(first); }};
}

void Loop::run(const std::function<void()>& first) {
    first();
    while (true) {
        try {
            context_.run();
            return;
        } catch (const std::exception& error) {
            log::error("an exception reached a loop", {{"error", error.what()}});
        }
    }
}

void Loop::end(const std::function<void()>& last) {
    if (!thread_.joinable()) return;
    boost::asio::post(context_, [this, &last] {
        last();
        context_.stop();
    });
    thread_.join();
}

Loops::Loops(unsigned count, base::Metrics& metrics) : meter_{metrics} {
    std::vector<base::Executor> executors;
    for (unsigned i = 0; i < count; ++i) {
        loops_.push_back(std::make_unique<Loop>());
        executors.push_back(loops_.back()->executor());
    }
    workers_ = base::Workers{std::move(executors)};
}

std::vector<boost::asio::io_context*> Loops::contexts() const {
    std::vector<boost::asio::io_context*> contexts;
    for (const auto& loop : loops_) contexts.push_back(&loop->context());
    return contexts;
}

void Loops::start() {
    for (const auto& loop : loops_) loop->start([this] { meter_.attend(); });
}

void Loops::stop() {
    for (const auto& loop : loops_) loop->end();
    for (const auto& loop : loops_) loop->clear();
}

}  // namespace snippetd::app
