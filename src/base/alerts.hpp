#pragma once

#include "base/metrics.hpp"

#include <functional>
#include <map>
#include <mutex>
#include <string>

namespace snippetd::base {

/// What a human has to hear of. An alert is told once per change of state: an error log line, the metric
/// `snippetd_alerts_active{alert}`, and the listener (the webhook). Thread-safe.
class Alerts {
  public:
    struct Change {
        std::string alert;
        bool active;
        std::string detail;
    };

    explicit Alerts(Metrics& metrics) : metrics_{metrics} {}

    /// Called for each change, by the thread that made it; must not block. Set before anything can raise an alert.
    void on_change(std::function<void(const Change&)> listener) { listener_ = std::move(listener); }

    /// Makes the alert known to /metrics with the value 0.
    void declare(const std::string& alert);
    void raise(const std::string& alert, const std::string& detail) { set(alert, true, detail); }
    void resolve(const std::string& alert, const std::string& detail) { set(alert, false, detail); }

  private:
    void set(const std::string& alert, bool active, const std::string& detail);

    Metrics& metrics_;
    std::function<void(const Change&)> listener_;
    std::mutex mutex_;
    std::map<std::string, bool> active_;
};

}  // namespace snippetd::base
