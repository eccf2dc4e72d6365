#pragma once

#include "settings/settings.hpp"

namespace snippetd::app {

/// Runs the HTTP server and the background jobs until SIGTERM or SIGINT. Throws std::runtime_error, with what to tell
/// the user, when it cannot start.
void serve(const settings::Settings& settings);

/// Runs the background jobs alone.
void work(const settings::Settings& settings);

}  // namespace snippetd::app
