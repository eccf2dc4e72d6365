#include "base/queue_meter.hpp"

namespace snippetd::base {

namespace {

constexpr std::array<const char*, kWorks> kNames{"hot", "operation", "own", "read", "list", "render", "auth", "bulk"};

}  // namespace

std::shared_ptr<QueueMeter> QueueMeter::make(Metrics& metrics, const std::string& queue) {
    const std::shared_ptr<QueueMeter> meter{new QueueMeter{metrics, queue}};
    metrics.gauge("snippetd_queue_waiting", "What waits for its turn.", {{"queue", queue}},
                  [meter] { return static_cast<double>(meter->waiting_.load(std::memory_order_relaxed)); });
    metrics.gauge("snippetd_queue_limit", "How much may wait, which follows from how fast it is done.",
                  {{"queue", queue}},
                  [meter] { return static_cast<double>(meter->limit_.load(std::memory_order_relaxed)); });
    return meter;
}

QueueMeter::QueueMeter(Metrics& metrics, const std::string& queue)
    : seconds_{metrics.histogram("snippetd_queue_seconds", "How long it waited.", {{"queue", queue}})} {
    for (std::size_t work = 0; work < kWorks; ++work) {
        refused_[work] = &metrics.counter("snippetd_queue_refused_total", "What had no room in a queue.",
                                          {{"queue", queue}, {"work", kNames[work]}});
    }
}

}  // namespace snippetd::base
