#include "base/alerts.hpp"

#include "base/log.hpp"

namespace snippetd::base {

void Alerts::declare(const std::string& alert) {
    {
        const std::lock_guard lock{mutex_};
        active_.emplace(alert, false);
    }
    metrics_.gauge("snippetd_alerts_active", "1 while the alert is raised.", {{"alert", alert}}, [this, alert] {
        const std::lock_guard lock{mutex_};
        return active_[alert] ? 1.0 : 0.0;
    });
}

void Alerts::set(const std::string& alert, bool active, const std::string& detail) {
    {
        const std::lock_guard lock{mutex_};
        bool& state = active_[alert];
        if (state == active) return;
        state = active;
    }
    if (active) {
        log::error("alert raised", {{"alert", alert}, {"detail", detail}});
    } else {
        log::warn("alert resolved", {{"alert", alert}, {"detail", detail}});
    }
    if (listener_) listener_({alert, active, detail});
}

}  // namespace snippetd::base
