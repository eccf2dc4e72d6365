#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// Counters that cost a few nanoseconds on the request path, whatever the number of workers: each is spread over a few
/// cache lines and a thread adds to its own. They are summed when someone asks for /metrics; prometheus-cpp writes the
/// text.
namespace snippetd::base {

inline constexpr std::size_t kMetricShards = 8;

/// The calling thread's shard, the same for its whole life.
std::size_t metric_shard();

class Counter {
  public:
    void add(std::uint64_t n = 1) noexcept { shards_[metric_shard()].value.fetch_add(n, std::memory_order_relaxed); }
    std::uint64_t value() const noexcept;

  private:
    struct alignas(64) Shard {
        std::atomic<std::uint64_t> value{0};
    };
    std::array<Shard, kMetricShards> shards_;
};

/// Durations in seconds, in buckets from 50 µs to 5 s.
class Histogram {
  public:
    static constexpr std::array<double, 16> kBounds = {0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01,
                                                       0.025,   0.05,   0.1,     0.25,   0.5,   1.0,    2.5,   5.0};

    void observe(std::chrono::nanoseconds duration) noexcept;

    struct Sums {
        std::array<std::uint64_t, kBounds.size() + 1> counts{};  ///< per bucket, not cumulative; the last is +Inf
        double seconds = 0;
    };
    Sums sums() const noexcept;

  private:
    struct alignas(64) Shard {
        std::array<std::atomic<std::uint64_t>, kBounds.size() + 1> counts{};
        std::atomic<std::uint64_t> nanoseconds{0};
    };
    std::array<Shard, kMetricShards> shards_;
};

using Labels = std::vector<std::pair<std::string, std::string>>;

/// All metrics of the process. Thread-safe; what it returns lives as long as the registry, so callers look up once and
/// keep the reference.
class Metrics {
  public:
    /// The same name and labels give the same counter. `help` counts on the first call for a name.
    Counter& counter(const std::string& name, const std::string& help, const Labels& labels = {});
    Histogram& histogram(const std::string& name, const std::string& help, const Labels& labels = {});
    /// `read` is called at each scrape, by the scraping thread.
    void gauge(const std::string& name, const std::string& help, const Labels& labels, std::function<double()> read);

    /// As `gauge`, for one whose labels are not always the same.
    using Readings = std::vector<std::pair<Labels, double>>;
    void gauges(const std::string& name, const std::string& help, std::function<Readings()> read);

    /// Prometheus text format 0.0.4.
    std::string text() const;

  private:
    template <class T>
    struct Sample {
        Labels labels;
        std::unique_ptr<T> metric;
    };
    template <class T>
    struct Family {
        std::string name;
        std::string help;
        std::vector<Sample<T>> samples;
    };
    template <class T>
    T& find_or_make(std::vector<Family<T>>& families, const std::string& name, const std::string& help,
                    const Labels& labels);

    mutable std::mutex mutex_;
    std::vector<Family<Counter>> counters_;
    std::vector<Family<Histogram>> histograms_;
    std::vector<Family<std::function<double()>>> gauges_;
    std::vector<Family<std::function<Readings()>>> changing_gauges_;
};

/// The counters of one name that differ in one label. Each is looked up when it is first asked for, and remembered, so
/// that counting takes no lock. For one thread at a time.
class CountersBy {
  public:
    CountersBy(Metrics& metrics, std::string name, std::string help, std::string label)
        : metrics_{metrics}, name_{std::move(name)}, help_{std::move(help)}, label_{std::move(label)} {}

    Counter& of(std::string_view value);

  private:
    Metrics& metrics_;
    const std::string name_, help_, label_;
    std::map<std::string, Counter*, std::less<>> counters_;
};

}  // namespace snippetd::base
