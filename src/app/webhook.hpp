#pragma once

#include "base/alerts.hpp"
#include "settings/settings.hpp"

#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

namespace snippetd::app {

/// Posts each change of an alert, as JSON, to where the operator wants it. On a thread of its own, with a bounded
/// queue; a change that cannot be delivered in three attempts is logged and given up.
class Webhook {
  public:
    static constexpr std::size_t kQueueMax = 100;

    explicit Webhook(std::string url);
    /// Gives what is queued one more attempt.
    ~Webhook();

    /// Does not block.
    void send(const base::Alerts::Change& change);

  private:
    void run();
    bool post(const std::string& body);

    std::string url_;
    std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<std::string> queue_;  ///< guarded by mutex_
    bool stopping_ = false;          ///< guarded by mutex_
    std::thread thread_;
};

/// Sends each change of an alert to the webhook of the settings, as long as it lives, and no alert changes later; null
/// when none is set.
std::unique_ptr<Webhook> start_webhook(const settings::Settings& settings, base::Alerts& alerts);

}  // namespace snippetd::app
