#pragma once

#include "base/client_costs.hpp"
#include "base/metrics.hpp"
#include "base/party.hpp"

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>

namespace snippetd::base {

/// What can be seen of a queue (`FairQueue`): `snippetd_queue_waiting`, `snippetd_queue_limit`,
/// `snippetd_queue_seconds`, and by kind of work `snippetd_queue_refused_total`. Thread-safe.
class QueueMeter {
  public:
    void left(std::size_t waiting, std::size_t limit) {
        waiting_.store(waiting, std::memory_order_relaxed);
        limit_.store(limit, std::memory_order_relaxed);
    }
    void limited(std::size_t limit) { limit_.store(limit, std::memory_order_relaxed); }
    /// Of what is counted one by one, by several at a time.
    void entered() { waiting_.fetch_add(1, std::memory_order_relaxed); }
    void gone() { waiting_.fetch_sub(1, std::memory_order_relaxed); }
    void waited(std::chrono::nanoseconds duration) { seconds_.observe(duration); }
    void refused(Work work) { refused_[static_cast<std::size_t>(work)]->add(); }
    /// Since the start, of all kinds.
    std::uint64_t refused() const;
    /// A thread has worked for so long on what was taken from the queue.
    void spent(const Party& party, std::chrono::nanoseconds duration) { costs_.add(party, duration); }
    /// The same for several.
    ClientCosts::Adding spending() { return ClientCosts::Adding{costs_}; }

  private:
    friend class QueueMeters;
    QueueMeter(Metrics& metrics, ClientCosts& costs, const std::string& queue);

    ClientCosts& costs_;
    std::atomic<std::size_t> waiting_{0}, limit_{0};
    Histogram& seconds_;
    std::array<Counter*, kWorks> refused_{};
};

/// Those of all queues of a process. To be made before anybody looks at them.
class QueueMeters {
  public:
    /// `metrics` outlives it, and it outlives its meters.
    explicit QueueMeters(Metrics& metrics) : metrics_{metrics} {}

    /// `queue` is the name, as in the metrics.
    std::shared_ptr<QueueMeter> make(const std::string& queue);

    /// How many each queue has refused since the start, by name.
    std::map<std::string, std::uint64_t> refused() const;

    ClientCosts& costs() { return costs_; }
    /// Shows the ten clients that cost most as `snippetd_client_cost_seconds{rank}`, `with_names` also who they are.
    void show_costs(bool with_names);

  private:
    Metrics& metrics_;
    ClientCosts costs_;
    std::map<std::string, std::shared_ptr<QueueMeter>> meters_;
};

}  // namespace snippetd::base
