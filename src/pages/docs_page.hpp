#pragma once

#include <string>

#include <boost/json/fwd.hpp>

namespace snippetd::pages {

/// The documentation of the API for people, made from its OpenAPI document, the same for all readers.
std::string docs_page(const boost::json::object& document);

}  // namespace snippetd::pages
