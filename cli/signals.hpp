#pragma once

#include "retries.hpp"

namespace snippetd::cli {

/// From here on SIGINT, SIGTERM and SIGHUP are remembered instead of ending the program, so that nothing half-written
/// stays; a closed pipe is an error of write(2).
void catch_signals();

/// The signal that came, or 0.
int signal_received();

/// Throws Interrupted when a signal came.
void check_interrupted();

/// Waits; throws Interrupted when a signal comes.
void pause_for(Milliseconds duration);

}  // namespace snippetd::cli
