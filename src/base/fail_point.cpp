#include "base/fail_point.hpp"

#include "base/error.hpp"

#include <csignal>
#include <cstdio>
#include <fstream>
#include <mutex>
#include <utility>

#include <fmt/format.h>

namespace snippetd::base {

namespace {

/// What the file has said, and how far that is.
struct Order {
    std::string group, action;
    int at = 0;

    bool operator==(const Order&) const = default;
};

struct State {
    std::mutex mutex;
    std::string file;
    Order order;     ///< guarded by mutex
    int passed = 0;  ///< guarded by mutex; points of its group since it was given
};

State& state() {
    static State the_state;
    return the_state;
}

}  // namespace

void FailPoints::obey(std::string file) {
    state().file = std::move(file);
    obeyed_ = true;
}

std::exception_ptr FailPoints::pass_obeyed(std::string_view group) {
    State& now = state();
    const std::lock_guard lock{now.mutex};
    Order order;
    std::ifstream{now.file} >> order.group >> order.at >> order.action;
    if (order != now.order) {
        now.order = order;
        now.passed = 0;
    }
    if (order.group != group || ++now.passed < order.at) return nullptr;
    std::rename(now.file.c_str(), (now.file + ".hit").c_str());
    if (order.action == "die") std::raise(SIGKILL);
    return std::make_exception_ptr(Unavailable{fmt::format("a test has step {} of {} fail", order.at, group)});
}

}  // namespace snippetd::base
