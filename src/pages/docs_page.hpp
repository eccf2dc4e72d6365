#pragma once

#include <string>
#include <vector>

#include <boost/json/fwd.hpp>

namespace snippetd::pages {

/// One page of the documentation.
struct DocsChapter {
    std::string name;  ///< in its address, `/docs/NAME`; empty for the first one, `/docs`
    std::string html;
};

/// The documentation of the API for people, made from its OpenAPI document, the same for all readers: how one begins, a
/// chapter for each group of routes, what holds for all of them, and the schemas.
std::vector<DocsChapter> docs_chapters(const boost::json::object& document);

}  // namespace snippetd::pages
