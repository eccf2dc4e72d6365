#pragma once

#include "base/metrics.hpp"
#include "base/party.hpp"

#include <array>
#include <atomic>
#include <cstddef>
#include <memory>
#include <string>

namespace snippetd::base {

/// What can be seen of a queue (`FairQueue`): `snippetd_queue_waiting`, `snippetd_queue_limit`,
/// `snippetd_queue_seconds`, and by kind of work `snippetd_queue_refused_total`. Thread-safe.
class QueueMeter {
  public:
    /// `queue` is the label. `metrics` outlives it; it lives as long as it is scraped.
    static std::shared_ptr<QueueMeter> make(Metrics& metrics, const std::string& queue);

    void left(std::size_t waiting, std::size_t limit) {
        waiting_.store(waiting, std::memory_order_relaxed);
        limit_.store(limit, std::memory_order_relaxed);
    }
    void waited(std::chrono::nanoseconds duration) { seconds_.observe(duration); }
    void refused(Work work) { refused_[static_cast<std::size_t>(work)]->add(); }

  private:
    QueueMeter(Metrics& metrics, const std::string& queue);

    std::atomic<std::size_t> waiting_{0}, limit_{0};
    Histogram& seconds_;
    std::array<Counter*, kWorks> refused_{};
};

}  // namespace snippetd::base
