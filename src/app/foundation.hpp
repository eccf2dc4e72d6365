#pragma once

#include "app/assemble.hpp"
#include "app/webhook.hpp"
#include "base/alerts.hpp"
#include "base/metrics.hpp"
#include "base/queue_meter.hpp"
#include "settings/settings.hpp"
#include "views/recorder.hpp"

#include <memory>

namespace snippetd::app {

/// What every process that runs has, in the order of its life: whether it serves, or only works.
class Foundation {
  public:
    /// Throws what `assemble` throws. `settings` outlive this.
    Foundation(const settings::Settings& settings, Role role)
        : settings_{settings},
          webhook_{start_webhook(settings, alerts_)},
          backends_{assemble(settings, role, metrics_, queues_, alerts_)} {}

    const settings::Settings& settings() const { return settings_; }
    base::Metrics& metrics() { return metrics_; }
    base::QueueMeters& queues() { return queues_; }
    base::Alerts& alerts() { return alerts_; }
    views::Tally& tally() { return tally_; }
    store::Store& store() { return *backends_.store; }
    Fleet& fleet() { return *backends_.fleet; }

  private:
    const settings::Settings& settings_;
    base::Metrics metrics_;
    base::QueueMeters queues_{metrics_};
    base::Alerts alerts_{metrics_};
    std::unique_ptr<Webhook> webhook_;  ///< null when none is asked for
    views::Tally tally_{metrics_};
    Backends backends_;
};

}  // namespace snippetd::app
