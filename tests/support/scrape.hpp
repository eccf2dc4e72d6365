#pragma once

#include "base/metrics.hpp"
#include "support/run.hpp"

#include <functional>
#include <future>
#include <thread>

namespace snippetd::test {

/// Whether `action` returns while somebody scrapes, who holds the registry's lock all the while: then it looks nothing
/// up.
inline bool returns_during_a_scrape(base::Metrics& metrics, const std::function<void()>& action) {
    bool returned = false;
    std::thread thread;
    metrics.gauge("snippetd_test_scrape", "Held up.", {}, [&] {
        std::promise<void> done;
        const std::future<void> returns = done.get_future();
        thread = std::thread{[&action, done = std::move(done)]() mutable {
            action();
            done.set_value();
        }};
        returned = returns.wait_for(kPatience) == std::future_status::ready;
        return 0.0;
    });
    metrics.text();
    metrics.gauge("snippetd_test_scrape", "Held up.", {}, [] { return 0.0; });
    thread.join();
    return returned;
}

}  // namespace snippetd::test
