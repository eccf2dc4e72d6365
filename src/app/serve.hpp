#pragma once

#include "app/settings.hpp"

namespace snippetd::app {

/// Runs the HTTP server and the background jobs until SIGTERM or SIGINT. Throws std::runtime_error, with what to tell
/// the user, when it cannot start.
void serve(const Settings& settings);

/// Runs the background jobs alone.
void work(const Settings& settings);

}  // namespace snippetd::app
