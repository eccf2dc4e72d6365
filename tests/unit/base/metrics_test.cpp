#include "base/metrics.hpp"

#include "support/scrape.hpp"

#include <algorithm>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace snippetd::base {
namespace {

using namespace std::chrono_literals;

bool has_line(const std::string& text, const std::string& line) {
    return ("\n" + text).find("\n" + line + "\n") != std::string::npos;
}

TEST(Counter, AddsUpOverManyThreads) {
    Counter counter;
    std::vector<std::thread> threads;
    for (int t = 0; t < 20; ++t) {
        threads.emplace_back([&counter] {
            for (int i = 0; i < 1000; ++i) counter.add();
            counter.add(5);
        });
    }
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(counter.value(), 20u * 1005u);
}

TEST(MetricShard, IsTheSameForAThreadAndWithinTheBound) {
    const std::size_t shard = metric_shard();
    EXPECT_LT(shard, kMetricShards);
    std::vector<std::thread> threads;
    for (int t = 0; t < 20; ++t) {
        threads.emplace_back([] {
            const std::size_t mine = metric_shard();
            EXPECT_LT(mine, kMetricShards);
            EXPECT_EQ(metric_shard(), mine);
        });
    }
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(metric_shard(), shard);
}

TEST(Histogram, ADurationFallsIntoTheFirstBucketThatHoldsIt) {
    Histogram histogram;
    for (const auto duration :
         std::initializer_list<std::chrono::nanoseconds>{0ns, 50us, 50001ns, 1ms, 5s, 5001ms, 1h}) {
        histogram.observe(duration);
    }
    const Histogram::Sums sums = histogram.sums();
    const auto index = [](double bound) {
        return static_cast<std::size_t>(std::find(Histogram::kBounds.begin(), Histogram::kBounds.end(), bound) -
                                        Histogram::kBounds.begin());
    };
    EXPECT_EQ(sums.counts[index(0.00005)], 2u);
    EXPECT_EQ(sums.counts[index(0.0001)], 1u);
    EXPECT_EQ(sums.counts[index(0.001)], 1u);
    EXPECT_EQ(sums.counts[index(5.0)], 1u);
    EXPECT_EQ(sums.counts.back(), 2u);
    EXPECT_NEAR(sums.seconds, 3600 + 5.001 + 5 + 0.001 + 0.000100001, 1e-6);
}

TEST(Metrics, TheSameNameAndLabelsAreOneMetric) {
    Metrics metrics;
    Counter& first = metrics.counter("a_total", "help", {{"x", "1"}});
    EXPECT_EQ(&metrics.counter("a_total", "help", {{"x", "1"}}), &first);
    EXPECT_NE(&metrics.counter("a_total", "help", {{"x", "2"}}), &first);
    EXPECT_NE(&metrics.counter("b_total", "help", {{"x", "1"}}), &first);
    // What was given out stays where it is, however many come after it.
    first.add(7);
    for (int i = 0; i < 1000; ++i) metrics.counter("a_total", "help", {{"x", std::to_string(i)}});
    EXPECT_EQ(&metrics.counter("a_total", "help", {{"x", "1"}}), &first);
    EXPECT_EQ(first.value(), 7u);
}

TEST(Metrics, WritesThePrometheusText) {
    Metrics metrics;
    metrics.counter("requests_total", "Requests.", {{"route", "/s/{id}"}, {"status", "200"}}).add(3);
    metrics.counter("requests_total", "Requests.", {{"route", "a\"b\\c\nd"}, {"status", "404"}}).add();
    metrics.gauge("pending", "Pending.", {}, [] { return 2.5; });
    metrics.histogram("seconds", "Seconds.").observe(1ms);
    metrics.histogram("seconds", "Seconds.").observe(10s);
    const std::string text = metrics.text();
    for (const char* line : {
             "# TYPE requests_total counter",
             "# HELP requests_total Requests.",
             "requests_total{route=\"/s/{id}\",status=\"200\"} 3",
             "requests_total{route=\"a\\\"b\\\\c\\nd\",status=\"404\"} 1",
             "# TYPE pending gauge",
             "pending 2.5",
             "# TYPE seconds histogram",
             "seconds_bucket{le=\"0.0005\"} 0",
             "seconds_bucket{le=\"0.001\"} 1",
             "seconds_bucket{le=\"5\"} 1",
             "seconds_bucket{le=\"+Inf\"} 2",
             "seconds_count 2",
             "seconds_sum 10.001",
         }) {
        EXPECT_TRUE(has_line(text, line)) << line << "\n" << text;
    }
    EXPECT_EQ(text.find("# TYPE requests_total", text.find("# TYPE requests_total") + 1), std::string::npos) << text;
}

TEST(Metrics, AGaugeThatIsGivenAgainIsReplaced) {
    Metrics metrics;
    metrics.gauge("pending", "Pending.", {}, [] { return 1.0; });
    metrics.gauge("pending", "Pending.", {}, [] { return 2.0; });
    EXPECT_TRUE(has_line(metrics.text(), "pending 2"));
    EXPECT_FALSE(has_line(metrics.text(), "pending 1"));
}

TEST(Metrics, GaugesMayHaveOtherLabelsEachTime) {
    Metrics metrics;
    Metrics::Readings now{{{{"rank", "1"}}, 0.5}, {{{"rank", "2"}, {"client", "a\"b"}}, 0.25}};
    metrics.gauges("cost", "Costs.", [&now] { return now; });
    EXPECT_TRUE(has_line(metrics.text(), "# TYPE cost gauge"));
    EXPECT_TRUE(has_line(metrics.text(), "cost{rank=\"1\"} 0.5"));
    EXPECT_TRUE(has_line(metrics.text(), "cost{rank=\"2\",client=\"a\\\"b\"} 0.25"));
    now.clear();
    EXPECT_EQ(metrics.text().find("cost{"), std::string::npos);
}

TEST(CountersBy, AreThoseOfTheRegistryAndLookedUpOnce) {
    Metrics metrics;
    CountersBy commands{metrics, "commands_total", "help", "command"};
    commands.of("get").add(2);
    commands.of("set").add();
    EXPECT_EQ(metrics.counter("commands_total", "", {{"command", "get"}}).value(), 2u);
    EXPECT_EQ(metrics.counter("commands_total", "", {{"command", "set"}}).value(), 1u);
    EXPECT_TRUE(test::returns_during_a_scrape(metrics, [&] { commands.of("get").add(); }));
    EXPECT_EQ(metrics.counter("commands_total", "", {{"command", "get"}}).value(), 3u);
}

TEST(Metrics, MayBeAskedWhileThreadsAddNewOnes) {
    Metrics metrics;
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t) {
        threads.emplace_back([&metrics, t] {
            for (int i = 0; i < 50; ++i) {
                metrics.counter("a_total", "help", {{"x", std::to_string(i)}, {"t", std::to_string(t)}}).add();
                metrics.counter("shared_total", "help", {{"x", std::to_string(i)}}).add();
                if (i % 10 == 0) metrics.text();
            }
        });
    }
    for (std::thread& thread : threads) thread.join();
    for (int i = 0; i < 50; ++i) {
        EXPECT_EQ(metrics.counter("shared_total", "help", {{"x", std::to_string(i)}}).value(), 4u);
    }
}

}  // namespace
}  // namespace snippetd::base
