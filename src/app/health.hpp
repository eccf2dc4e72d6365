#pragma once

#include "settings/settings.hpp"

#include <string>

namespace snippetd::app {

struct Health {
    bool ready = false;
    std::string told;  ///< a line for people: what `/readyz` has answered, or why there is no answer
};

/// Asks the service that listens where `settings` say (the first place) for `/readyz`, for five seconds at most. For
/// health checks of containers, which have no other program in them.
Health ask_for_health(const settings::Settings& settings);

}  // namespace snippetd::app
