#pragma once

#include "api/route.hpp"

#include <span>

namespace snippetd::api {

/// The one table of routes, in the order in which they are tried.
std::span<const Route> routes();

}  // namespace snippetd::api
