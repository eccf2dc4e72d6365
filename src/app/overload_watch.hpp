#pragma once

#include "base/alerts.hpp"
#include "base/awaitable.hpp"
#include "base/clock.hpp"
#include "base/queue_meter.hpp"

#include <cstdint>
#include <map>
#include <string>

namespace snippetd::app {

/// Looks whether queues refuse work, second after second. Raises the alert `overloaded` when one has done so in each of
/// the last ten, and resolves it when none has in ten: a burst is nobody's concern. The log then says which clients
/// cost most, which nobody else is told: they are addresses and accounts. For one thread.
class OverloadWatch {
  public:
    static constexpr base::Milliseconds kLookEvery{1000};
    static constexpr int kLooks = 10;

    /// Both outlive this.
    OverloadWatch(base::QueueMeters& meters, base::Alerts& alerts);

    /// For good.
    base::Awaitable<void> run();
    /// One look.
    void look();

  private:
    struct Queue {
        std::uint64_t refused = 0;  ///< as of the last look
        std::uint64_t since = 0;    ///< as of when the row began
        int in_a_row = 0;           ///< looks, up to the last one, that found more refused than the one before
    };

    void name_clients() const;

    base::QueueMeters& meters_;
    base::Alerts& alerts_;
    std::map<std::string, Queue> queues_;
    int looks_ = 0;
    bool lasts_ = false;
    int quiet_ = 0;  ///< looks in a row that found nothing refused
};

}  // namespace snippetd::app
