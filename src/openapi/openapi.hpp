#pragma once

#include "exchange/exchange.hpp"
#include "exchange/route.hpp"

#include <span>
#include <string_view>
#include <utility>

#include <boost/json/object.hpp>

/// The OpenAPI 3.1 document (https://spec.openapis.org/oas/v3.1.0) of the routes.
///
/// What the table of routes knows is derived from it: method, path and its parameters, who may call, the limit, and the
/// refusals that follow from the stages every request goes through. What only a person knows stands in `openapi/`: a
/// file for each group of routes, keyed by `GET /path`, and what they refer to by name in `schemas.json`,
/// `parameters.json` and `headers.json`. Within texts `{base_url}`, `{max_body}` and `{limits}` stand for what differs
/// between processes; a description may be an array of lines.
namespace snippetd::openapi {

/// Files by name, without their extensions.
using Writings = std::span<const std::pair<std::string_view, std::string_view>>;

/// `openapi/*`.
Writings openapi_writings();

/// Throws std::logic_error when a route has no entry in `writings` or an entry no route, or when an entry names what is
/// not there.
boost::json::object openapi_document(std::span<const exchange::Route> routes, Writings writings,
                                     const use_cases::Options& options, std::string_view base_url);

}  // namespace snippetd::openapi
