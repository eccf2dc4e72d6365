#include "base/metrics.hpp"

#include <algorithm>
#include <limits>

#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

namespace snippetd::base {

std::size_t metric_shard() {
    static std::atomic<std::size_t> next{0};
    thread_local const std::size_t shard = next.fetch_add(1, std::memory_order_relaxed) % kMetricShards;
    return shard;
}

std::uint64_t Counter::value() const noexcept {
    std::uint64_t sum = 0;
    for (const Shard& shard : shards_) sum += shard.value.load(std::memory_order_relaxed);
    return sum;
}

void Histogram::observe(std::chrono::nanoseconds duration) noexcept {
    const double seconds = static_cast<double>(duration.count()) * 1e-9;
    const auto bucket = std::lower_bound(kBounds.begin(), kBounds.end(), seconds) - kBounds.begin();
    Shard& shard = shards_[metric_shard()];
    shard.counts[static_cast<std::size_t>(bucket)].fetch_add(1, std::memory_order_relaxed);
    shard.nanoseconds.fetch_add(static_cast<std::uint64_t>(duration.count()), std::memory_order_relaxed);
}

Histogram::Sums Histogram::sums() const noexcept {
    Sums sums;
    for (const Shard& shard : shards_) {
        for (std::size_t i = 0; i < sums.counts.size(); ++i) {
            sums.counts[i] += shard.counts[i].load(std::memory_order_relaxed);
        }
        sums.seconds += static_cast<double>(shard.nanoseconds.load(std::memory_order_relaxed)) * 1e-9;
    }
    return sums;
}

template <class T>
T& Metrics::find_or_make(std::vector<Family<T>>& families, const std::string& name, const std::string& help,
                         const Labels& labels) {
    auto family = std::find_if(families.begin(), families.end(), [&](const auto& f) { return f.name == name; });
    if (family == families.end()) family = families.insert(families.end(), Family<T>{name, help, {}});
    for (auto& sample : family->samples) {
        if (sample.labels == labels) return *sample.metric;
    }
    family->samples.push_back({labels, std::make_unique<T>()});
    return *family->samples.back().metric;
}

Counter& Metrics::counter(const std::string& name, const std::string& help, const Labels& labels) {
    const std::lock_guard lock{mutex_};
    return find_or_make(counters_, name, help, labels);
}

Histogram& Metrics::histogram(const std::string& name, const std::string& help, const Labels& labels) {
    const std::lock_guard lock{mutex_};
    return find_or_make(histograms_, name, help, labels);
}

void Metrics::gauge(const std::string& name, const std::string& help, const Labels& labels,
                    std::function<double()> read) {
    const std::lock_guard lock{mutex_};
    find_or_make(gauges_, name, help, labels) = std::move(read);
}

void Metrics::gauges(const std::string& name, const std::string& help, std::function<Readings()> read) {
    const std::lock_guard lock{mutex_};
    find_or_make(changing_gauges_, name, help, {}) = std::move(read);
}

Counter& CountersBy::of(std::string_view value) {
    auto counter = counters_.find(value);
    if (counter == counters_.end()) {
        std::string text{value};
        Counter& found = metrics_.counter(name_, help_, {{label_, text}});
        counter = counters_.emplace(std::move(text), &found).first;
    }
    return *counter->second;
}

namespace {

prometheus::ClientMetric client_metric(const Labels& labels) {
    prometheus::ClientMetric metric;
    for (const auto& [name, value] : labels) metric.label.push_back({name, value});
    return metric;
}

prometheus::ClientMetric::Histogram histogram_values(const Histogram::Sums& sums) {
    prometheus::ClientMetric::Histogram out;
    std::uint64_t cumulative = 0;
    for (std::size_t i = 0; i < sums.counts.size(); ++i) {
        cumulative += sums.counts[i];
        const bool last = i == Histogram::kBounds.size();
        const double bound = last ? std::numeric_limits<double>::infinity() : Histogram::kBounds[i];
        out.bucket.push_back({cumulative, bound});
    }
    out.sample_count = cumulative;
    out.sample_sum = sums.seconds;
    return out;
}

}  // namespace

std::string Metrics::text() const {
    const std::lock_guard lock{mutex_};
    std::vector<prometheus::MetricFamily> families;
    const auto add = [&](const auto& source, prometheus::MetricType type, auto fill) {
        for (const auto& family : source) {
            prometheus::MetricFamily out{family.name, family.help, type, {}};
            for (const auto& sample : family.samples) {
                out.metric.push_back(client_metric(sample.labels));
                fill(out.metric.back(), *sample.metric);
            }
            families.push_back(std::move(out));
        }
    };
    add(counters_, prometheus::MetricType::Counter,
        [](auto& out, const Counter& counter) { out.counter.value = static_cast<double>(counter.value()); });
    add(histograms_, prometheus::MetricType::Histogram,
        [](auto& out, const Histogram& histogram) { out.histogram = histogram_values(histogram.sums()); });
    add(gauges_, prometheus::MetricType::Gauge,
        [](auto& out, const std::function<double()>& read) { out.gauge.value = read(); });
    for (const auto& family : changing_gauges_) {
        prometheus::MetricFamily out{family.name, family.help, prometheus::MetricType::Gauge, {}};
        for (const auto& [labels, value] : (*family.samples.front().metric)()) {
            out.metric.push_back(client_metric(labels));
            out.metric.back().gauge.value = value;
        }
        families.push_back(std::move(out));
    }
    return prometheus::TextSerializer{}.Serialize(families);
}

}  // namespace snippetd::base
