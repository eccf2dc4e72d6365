#include "redis/health.hpp"

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
}

void Health::up(const void* client) {
    bool last = false;
    {
        const std::lock_guard lock{mutex_};
        not_up_.erase(client);
        last = failed_.erase(client) > 0 && failed_.empty();
    }
    if (last) alerts_.resolve(kAlert, "Redis answers again");
}

void Health::down(const void* client, const std::string& reason) {
    bool first = false;
    {
        const std::lock_guard lock{mutex_};
        not_up_.insert(client);
        first = failed_.insert(client).second && failed_.size() == 1;
    }
    if (first) alerts_.raise(kAlert, reason + "; " + consequence_);
}

void Health::refused(const std::string& error) {
    alerts_.raise(kRefusedAlert, "Redis refused a command: " + error + "; " + consequence_);
}

bool Health::all_up() const {
    const std::lock_guard lock{mutex_};
    return not_up_.empty();
}

}  // namespace snippetd::redis
