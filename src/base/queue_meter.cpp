#include "base/queue_meter.hpp"

namespace snippetd::base {

namespace {

constexpr std::array<const char*, kWorks> kNames{"hot", "operation", "own", "read", "list", "render", "auth", "bulk"};

constexpr std::size_t kClientsShown = 10;

}  // namespace

QueueMeter::QueueMeter(Metrics& metrics, ClientCosts& costs, const std::string& queue)
    : costs_{costs}, seconds_{metrics.histogram("snippetd_queue_seconds", "How long it waited.", {{"queue", queue}})} {
    for (std::size_t work = 0; work < kWorks; ++work) {
        refused_[work] = &metrics.counter("snippetd_queue_refused_total", "What had no room in a queue.",
                                          {{"queue", queue}, {"work", kNames[work]}});
    }
}

std::uint64_t QueueMeter::refused() const {
    std::uint64_t sum = 0;
    for (const Counter* counter : refused_) sum += counter->value();
    return sum;
}

std::shared_ptr<QueueMeter> QueueMeters::make(const std::string& queue) {
    const std::shared_ptr<QueueMeter> meter{new QueueMeter{metrics_, costs_, queue}};
    metrics_.gauge("snippetd_queue_waiting", "What waits for its turn.", {{"queue", queue}},
                   [meter] { return static_cast<double>(meter->waiting_.load(std::memory_order_relaxed)); });
    metrics_.gauge("snippetd_queue_limit", "How much may wait, which follows from how fast it is done.",
                   {{"queue", queue}},
                   [meter] { return static_cast<double>(meter->limit_.load(std::memory_order_relaxed)); });
    meters_[queue] = meter;
    return meter;
}

void QueueMeters::show_costs(bool with_names) {
    metrics_.gauges("snippetd_client_cost_seconds",
                    "What threads have spent lately on the clients that cost most; halved every half minute.",
                    [this, with_names] {
                        Metrics::Readings readings;
                        for (const ClientCosts::Cost& cost : costs_.top(kClientsShown)) {
                            Labels labels{{"rank", std::to_string(readings.size() + 1)}};
                            if (with_names) labels.emplace_back("client", cost.name);
                            readings.emplace_back(std::move(labels), std::chrono::duration<double>{cost.spent}.count());
                        }
                        return readings;
                    });
}

std::map<std::string, std::uint64_t> QueueMeters::refused() const {
    std::map<std::string, std::uint64_t> all;
    for (const auto& [name, meter] : meters_) all[name] = meter->refused();
    return all;
}

}  // namespace snippetd::base
