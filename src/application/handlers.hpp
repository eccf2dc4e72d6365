#pragma once

#include "exchange/route.hpp"

/// The routes for those who run it.
namespace snippetd::application {

using exchange::Answer;
using exchange::Exchange;

// operation.cpp
Answer health(Exchange& exchange);
Answer ready(Exchange& exchange);
Answer metrics(Exchange& exchange);

}  // namespace snippetd::application
