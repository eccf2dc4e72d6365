#pragma once

#include "exchange/route.hpp"

#include <span>

namespace snippetd::application {

/// The one table of routes, in the order in which they are tried.
std::span<const exchange::Route> routes();

}  // namespace snippetd::application
