#pragma once

#include "exchange/exchange.hpp"
#include "http/service.hpp"

namespace snippetd::application {

/// The hot path: a GET or HEAD of `/s/{id}` or `/s/{id}/raw`, without a query, of a snippet in the near cache, whose
/// count does not have to be written. False for everything else, and nothing has happened then.
bool answer_hot_read(exchange::Services& services, const http::Request& request, http::Service::Answer& answer);

}  // namespace snippetd::application
