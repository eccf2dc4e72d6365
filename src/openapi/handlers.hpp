#pragma once

#include "exchange/route.hpp"

/// The routes that say what there is.
namespace snippetd::openapi {

using exchange::Answer;
using exchange::Exchange;

// documentation.cpp
Answer read_openapi(Exchange& exchange);
Answer docs_page(Exchange& exchange);

}  // namespace snippetd::openapi
