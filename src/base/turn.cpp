#include "base/turn.hpp"

#include "base/log.hpp"

namespace snippetd::base {

thread_local LoopMeter* Turn::meter_ = nullptr;
thread_local bool Turn::running_ = false;
thread_local std::string_view Turn::what_;
thread_local SteadyTime Turn::began_;

LoopMeter::LoopMeter(Metrics& metrics)
    : turns_{metrics.histogram("snippetd_loop_turn_seconds", "What a worker's loop does at a stretch.")},
      stalls_{metrics.counter("snippetd_loop_stalls_total", "Turns of a worker's loop that took more than 5 ms.")} {
    metrics.gauge("snippetd_loop_longest_turn_seconds", "The longest turn of a worker's loop since the start.", {},
                  [longest = longest_] { return static_cast<double>(longest->load()) / 1e9; });
}

void LoopMeter::attend() {
    Turn::meter_ = this;
}

void LoopMeter::ended(std::chrono::nanoseconds turn, std::string_view what) {
    turns_.observe(turn);
    std::int64_t longest = longest_->load(std::memory_order_relaxed);
    while (turn.count() > longest && !longest_->compare_exchange_weak(longest, turn.count())) {
    }
    if (turn <= kStall) return;
    stalls_.add();
    const std::int64_t now_s = unix_now_ms() / 1000;
    if (told_at_s_.exchange(now_s) == now_s) return;
    const auto milliseconds = std::chrono::duration_cast<std::chrono::milliseconds>(turn).count();
    log::warn("a worker's loop was held up", {{"milliseconds", milliseconds}, {"by", what}});
}

void Turn::end() {
    running_ = false;
    meter_->ended(steady_now() - began_, what_);
}

}  // namespace snippetd::base
