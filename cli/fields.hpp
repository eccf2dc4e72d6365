#pragma once

#include "arguments.hpp"

#include <boost/json/object.hpp>

namespace snippetd::cli {

/// The members of a create or an edit that flags say.
boost::json::object fields_from_flags(const Invocation& invocation);

/// Throws Failure (bad_input) that names the place when no server takes `body`.
void check_body(std::string_view body);

}  // namespace snippetd::cli
