#pragma once

#include "app/data_files.hpp"
#include "app/settings.hpp"
#include "base/alerts.hpp"
#include "base/metrics.hpp"
#include "limiter/limiter.hpp"
#include "redis/clients.hpp"
#include "store/store.hpp"

#include <memory>

namespace snippetd::app {

enum class Role {
    serve,
    work,  ///< the jobs alone, which keep no texts in memory
};

/// What the process stands on; it is the same for all workers.
struct Backends {
    std::unique_ptr<DataLock> data_lock;  ///< of SQLite, else null
    std::unique_ptr<store::Store> store;
    std::unique_ptr<redis::Clients> redis;  ///< null without --redis
    std::unique_ptr<limiter::Limiter> limiter;
};

/// Decides the mode: the only place that names concrete backends.
///
/// | settings                | store                     | limiter             | cache and views          |
/// |-------------------------|---------------------------|---------------------|--------------------------|
/// | (none)                  | SQLite in the data folder | in process, sharded | in process               |
/// | --database postgres://… | PostgreSQL                | in process, sharded | in process, of this one  |
/// | --redis redis://…       | either                    | Redis               | in process, of this one  |
///
/// Connects and brings the schema up to date. Throws std::runtime_error, with what to tell the user, when that fails,
/// or when another process has the SQLite file that cannot be shared with it.
Backends assemble(const Settings& settings, Role role, base::Metrics& metrics, base::Alerts& alerts);

/// Only brings the schema up to date; returns how many migrations were applied.
int migrate_database(const Settings& settings);

}  // namespace snippetd::app
