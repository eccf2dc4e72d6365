#pragma once

#include "base/clock.hpp"
#include "base/metrics.hpp"

#include <atomic>
#include <chrono>
#include <memory>
#include <string_view>

namespace snippetd::base {

/// How long the turns of loops are: what a loop does at a stretch, while everybody else who is served by it waits. One
/// for all loops of the process. After the stall detector of Seastar (https://docs.seastar.io).
class LoopMeter {
  public:
    /// A turn that is longer is a stall: counted, and logged with what was done in it, once a second at most.
    static constexpr std::chrono::milliseconds kStall{5};

    explicit LoopMeter(Metrics& metrics);

    /// From now on the calling thread's turns are measured. This outlives the thread.
    void attend();
    void ended(std::chrono::nanoseconds turn, std::string_view what);

  private:
    Histogram& turns_;
    Counter& stalls_;
    /// Nanoseconds. Shared with the gauge, which may be read when this is gone.
    const std::shared_ptr<std::atomic<std::int64_t>> longest_ = std::make_shared<std::atomic<std::int64_t>>(0);
    std::atomic<std::int64_t> told_at_s_{-1};
};

/// A turn of the calling thread's loop, from here to the end of the block; within another one, a part of that. Nothing
/// on a thread that no meter attends to.
class Turn {
  public:
    Turn() : outermost_{meter_ && !running_} {
        if (!outermost_) return;
        running_ = true;
        what_ = {};
        began_ = steady_now();
    }
    ~Turn() {
        if (outermost_) end();
    }
    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;

    /// When the current turn of the calling thread began; now, when there is none.
    static SteadyTime began_at() { return running_ ? began_ : steady_now(); }

    /// What the current turn does: a text that lives as long as the process. Of several the last one is told.
    static void does(std::string_view what) { what_ = what; }

  private:
    friend class LoopMeter;

    void end();

    static thread_local LoopMeter* meter_;
    static thread_local bool running_;
    static thread_local std::string_view what_;
    static thread_local SteadyTime began_;

    const bool outermost_;
};

}  // namespace snippetd::base
