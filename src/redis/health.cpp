#include "redis/health.hpp"

#include <algorithm>
#include <utility>

namespace snippetd::redis {

namespace {
constexpr const char* kAlert = "redis_down";
constexpr const char* kRefusedAlert = "redis_refuses";
}  // namespace

Health::Health(base::Metrics& metrics, base::Alerts& alerts, std::string consequence)
    : alerts_{alerts}, consequence_{std::move(consequence)} {
    alerts_.declare(kAlert);
    alerts_.declare(kRefusedAlert);
    metrics.gauge("snippetd_redis_up", "1 while Redis answers.", {}, [this] { return all_up() ? 1.0 : 0.0; });
}

void Health::expect(const void* client) {
    const std::lock_guard lock{mutex_};
    not_up_.insert(client);
}

void Health::forget(const void* client) {
    const std::lock_guard lock{mutex_};
    not_up_.erase(client);
    failed_.erase(client);
    refused_.erase(client);
}

void Health::up(const void* client, base::SteadyTime now) {
    const std::lock_guard lock{mutex_};
    not_up_.erase(client);
    if (failed_.erase(client) > 0 && failed_.empty()) well_since_ = now;
}

void Health::down(const void* client, const std::string& reason, base::SteadyTime now) {
    {
        const std::lock_guard lock{mutex_};
        not_up_.insert(client);
        failed_.insert(client);
        if (std::exchange(raised_, true)) return;
        const bool close = was_raised_ && now - resolved_at_ < kCloseUpon;
        settled_ = close ? std::min(settled_ * 2, kSettledMax) : kSettled;
        was_raised_ = true;
    }
    alerts_.raise(kAlert, reason + "; " + consequence_);
}

void Health::settle(base::SteadyTime now) {
    {
        const std::lock_guard lock{mutex_};
        if (!raised_ || !failed_.empty() || now - well_since_ < settled_) return;
        raised_ = false;
        resolved_at_ = now;
    }
    alerts_.resolve(kAlert, "Redis answers again");
}

void Health::refused(const void* client, const std::string& error) {
    {
        const std::lock_guard lock{mutex_};
        refused_.insert(client);
    }
    alerts_.raise(kRefusedAlert, "Redis refused a command: " + error);
}

void Health::accepted(const void* client) {
    {
        const std::lock_guard lock{mutex_};
        if (refused_.erase(client) == 0 || !refused_.empty()) return;
    }
    alerts_.resolve(kRefusedAlert, "Redis takes the command");
}

void Health::command_refused(const std::string& kind) {
    const std::lock_guard lock{mutex_};
    unproven_.insert(kind);
    any_unproven_ = true;
}

void Health::command_succeeded(const std::string& kind) {
    const std::lock_guard lock{mutex_};
    unproven_.erase(kind);
    any_unproven_ = !unproven_.empty();
}

bool Health::is_unproven(const std::string& kind) const {
    const std::lock_guard lock{mutex_};
    return unproven_.count(kind) > 0;
}

bool Health::all_up() const {
    const std::lock_guard lock{mutex_};
    return not_up_.empty() && !raised_;
}

}  // namespace snippetd::redis
