#pragma once

#include "app/fleet.hpp"
#include "base/alerts.hpp"
#include "base/metrics.hpp"
#include "base/queue_meter.hpp"
#include "settings/settings.hpp"
#include "store/store.hpp"

#include <memory>

namespace snippetd::app {

enum class Role {
    serve,
    work,  ///< the jobs alone, which keep no texts in memory
};

/// What the process stands on: for the mode, and complete.
struct Backends {
    std::unique_ptr<store::Store> store;
    std::unique_ptr<Fleet> fleet;  ///< over the store
};

/// Decides the mode: the only place that names concrete backends, and that asks for a mode.
///
/// | settings                | store                     | fleet                                                   |
/// |-------------------------|---------------------------|---------------------------------------------------------|
/// | (none)                  | SQLite in the data folder | `Alone`: limits, caches and views within the process    |
/// | --database postgres://… | PostgreSQL                | the same                                                |
/// | --redis redis://…       | either                    | `RedisFleet`: one limit, caches that hear of each other |
///
/// Connects and brings the schema up to date. Throws std::runtime_error, with what to tell the user, when that fails,
/// or when another process has the SQLite file that cannot be shared with it. All arguments outlive what it makes.
Backends assemble(const settings::Settings& settings, Role role, base::Metrics& metrics, base::QueueMeters& queues,
                  base::Alerts& alerts);

/// Only brings the schema up to date; returns how many migrations were applied.
int migrate_database(const settings::Settings& settings);

}  // namespace snippetd::app
