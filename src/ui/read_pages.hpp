#pragma once

#include "cache/cache.hpp"
#include "exchange/exchange.hpp"
#include "pages/page_renderer.hpp"

#include <memory>
#include <string_view>

namespace snippetd::ui {

/// The answer from a page that is kept: nothing of it is copied. `base` begins its links.
http::Response respond_with_page(std::shared_ptr<const pages::Page> page, const model::Snippet& snippet,
                                 const http::Request& request, std::string_view base, cache::Status status,
                                 pages::Face face);

}  // namespace snippetd::ui
