#pragma once

#include "support/run.hpp"

#include <condition_variable>
#include <mutex>

namespace snippetd::test {

/// Holds threads up until it is opened.
class Gate {
  public:
    void open() {
        const std::lock_guard lock{mutex_};
        open_ = true;
        changed_.notify_all();
    }
    /// Throws when nobody opens it within the patience.
    void pass() {
        std::unique_lock lock{mutex_};
        ++arrived_;
        changed_.notify_all();
        if (!changed_.wait_for(lock, kPatience, [this] { return open_; })) throw TooSlow{};
    }
    /// Waits until `count` threads have come to the gate.
    void wait_for_arrivals(int count = 1) {
        std::unique_lock lock{mutex_};
        if (!changed_.wait_for(lock, kPatience, [&] { return arrived_ >= count; })) throw TooSlow{};
    }

  private:
    std::mutex mutex_;
    std::condition_variable changed_;
    bool open_ = false;
    int arrived_ = 0;
};

}  // namespace snippetd::test
