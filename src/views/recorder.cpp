#include "views/recorder.hpp"

namespace snippetd::views {

Tally::Tally(base::Metrics& metrics)
    : recorded{metrics.counter("snippetd_views_recorded_total", "Views that reads have dropped off.")},
      applied{metrics.counter("snippetd_views_applied_total", "Views that have reached the store.")},
      dropped{metrics.counter("snippetd_views_dropped_total", "Views given up, beyond the bounds of what is kept.")},
      batches{metrics.counter("snippetd_view_batches_total", "Batches of views that have reached the store.")} {
    metrics.gauge("snippetd_views_pending", "Views recorded here and not yet in the store or Redis.", {}, [this] {
        const std::uint64_t done = handed_on + dropped.value();
        return static_cast<double>(recorded.value()) - static_cast<double>(done);
    });
}

model::NumbersById Recorder::take() {
    model::NumbersById counts;
    counts.reserve(pending_.size());
    for (auto& [id, count] : pending_) counts.emplace_back(id, count);
    pending_ = {};
    return counts;
}

}  // namespace snippetd::views
