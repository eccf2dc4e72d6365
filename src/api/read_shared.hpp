#pragma once

#include "api/exchange.hpp"
#include "cache/cache.hpp"
#include "http/service.hpp"

#include <memory>
#include <string>

namespace snippetd::api {

/// The hot path: a GET or HEAD of `/s/{id}` or `/s/{id}/raw`, without a query, of a snippet in the near cache, whose
/// count does not have to be written. False for everything else, and nothing has happened then.
bool answer_hot_read(Services& services, const http::Request& request, http::Service::Answer& answer);

/// What a link leads to.
struct Shared {
    std::shared_ptr<const cache::Entry> entry;  ///< holds a snippet
    cache::Status status;
    bool burned = false;  ///< this reader is the only one who ever gets it

    const model::Snippet& snippet() const { return entry->snippet; }
};

/// The snippet that the link with `id` leads to, for whoever asks: from the caches, or, when private or burning, for
/// this request alone. Counts a view unless it is a HEAD, which burns nothing either.
Awaitable<Result<Shared>> follow_link(Exchange& exchange, std::string id);

/// What everybody gets, whoever asks, without a view: an entry that holds a snippet. 404 for what is private or burns.
Awaitable<Result<cache::Read>> read_as_anybody(Exchange& exchange, std::string id);

/// An answer made from a snippet's link, with the fields that those of `/s/{id}` have: `Cache-Status`, `ETag` (of the
/// version and `representation`), `Last-Modified`, `Cache-Control`. 304, without content, when the request names it.
http::Response respond_with_link(const Shared& shared, const http::Request& request, std::string_view representation,
                                 std::string_view content_type);

}  // namespace snippetd::api
